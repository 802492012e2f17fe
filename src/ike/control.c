/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/child.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/reauth.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/successor.h"
#include "ike/target.h"
#include "ike/task.h"
#include "ike/trap.h"
#include "ike/x_auth.h"
#include "ike/x_informational.h"
#include "ike/x_sa_init.h"

#define BUSY_MAX_MS	300000 /* TEMPORARY_FAILURE for so long: out of step */
#define MAX_LOST_STATES 4      /* STATE_NOT_FOUND so often in a row: the same */

struct ike_request {
	struct ike *ike;
	struct list link;
	void (*done)(void *ctx, const struct ike_request_result *result);
	void *ctx;
	unsigned pending; /* tasks and SAs that will report, and the call that sets it up */
	unsigned matches, terminated;
	int err;
	char *message;
	uint32_t sa_uid;
};

static struct ike_request *
request_new(struct ike *ike, void (*done)(void *, const struct ike_request_result *), void *ctx)
{
	struct ike_request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->ike = ike;
	r->done = done;
	r->ctx = ctx;
	r->pending = 1;
	list_append(&ike->requests, &r->link);
	return r;
}

/* One less to wait for: false if it was the last, and the asker has been told. */
static bool request_release(struct ike_request *r)
{
	if (--r->pending > 0)
		return true;
	if (r->done)
		r->done(r->ctx, &(struct ike_request_result){r->err, r->message, r->matches,
							     r->terminated});
	list_remove(&r->link);
	free(r->message);
	free(r);
	return false;
}

void control_complete(struct ike_request *r, int err, const char *message)
{
	if (err && !r->err) {
		r->err = err;
		r->message = strdup(message && *message ? message : err_text(err));
	} else if (!err) {
		r->terminated++;
	}
	request_release(r);
}

void ike_request_cancel(struct ike *ike, struct ike_request *request)
{
	(void)ike;
	request->done = NULL;
}

uint32_t ike_request_sa(const struct ike_request *request)
{
	return request->sa_uid;
}

/* ---- initiate ---- */

/* An SA of this connection that can take another child: established, or on its way to be. */
static struct ike_sa *reusable_sa(const struct ike *ike, const struct conn *conn)
{
	if (!ike->settings.reuse_ikesa)
		return NULL;
	list_foreach(it, &ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		/* A changed connection may ask more of the peer than this SA has proved. */
		if (sa->conn && !reauth_is_under_way(sa) &&
		    conf_conn_equal_ike(sa->conn->conf, conn->conf) &&
		    (sa_is_up(sa) ||
		     (sa->state == IKE_S_CONNECTING && sa->initiator && !sa->hs->ending)))
			return sa;
	}
	return NULL;
}

static int initiate(struct ike *ike, struct conn *conn, const char *child, struct ike_request *r)
{
	const struct conf_child *conf = child ? conf_conn_child(conn->conf, child) : NULL;
	struct ike_sa *sa = reusable_sa(ike, conn);
	uint32_t uid;
	int err;

	if (conf && (conf->mode == CONF_MODE_PASS || conf->mode == CONF_MODE_DROP))
		return E_CONFIG; /* a policy, nothing to agree on with anybody */
	if (sa && !child) {
		if (r)
			r->sa_uid = sa->uid;
		return E_EXISTS;
	}
	if (!sa) {
		err = sa_new(ike, true, &sa);
		if (err)
			return err;
		sa->conn = conn_get(conn);
		if (child) {
			sa->hs->child_name = strdup(child);
			if (!sa->hs->child_name) {
				sa_destroy(sa, E_NOMEM, err_text(E_NOMEM));
				return E_NOMEM;
			}
		}
		child = NULL;
	} else if (sa->conn != conn) {
		/* The connection was updated: its new children are initiated by its new form. */
		conn_put(sa->conn);
		sa->conn = conn_get(conn);
	}
	uid = sa->uid;
	if (r) {
		r->sa_uid = uid;
		r->pending++;
		r->matches = 1;
	}
	err = task_queue(sa, child ? &task_child_create : &task_ike_init, NULL, child, r);
	if (err && r)
		r->pending--;
	/* A first exchange that could not even begin leaves an SA nobody needs. */
	sa = sa_find_uid(ike, uid);
	if (sa && sa->state <= IKE_S_CONNECTING && !sa->out.task && list_empty(&sa->queue))
		sa_destroy(sa, E_STATE, "could not begin");
	return err;
}

int ike_initiate(struct ike *ike, uint64_t now, const struct ike_initiate_params *p,
		 struct ike_request **out_request)
{
	struct conn *conn;

	ike->now = now;
	if (out_request)
		*out_request = NULL;
	conn = p->ike ? conn_find(ike, p->ike) : p->child ? conn_find_child(ike, p->child) : NULL;
	if (!conn || (p->child && !conf_conn_child(conn->conf, p->child)))
		return ike->stopping ? E_STATE : E_NOTFOUND;
	return control_initiate(ike, conn, p, out_request);
}

int control_initiate(struct ike *ike, struct conn *conn, const struct ike_initiate_params *p,
		     struct ike_request **out_request)
{
	struct ike_request *r;
	int err;

	if (out_request)
		*out_request = NULL;
	if (ike->stopping)
		return E_STATE;
	r = request_new(ike, p->done, p->ctx);
	if (!r)
		return E_NOMEM;
	err = initiate(ike, conn, p->child, r);
	if (err && err != E_EXISTS) {
		r->pending++;
		control_complete(r, err, err_text(err));
	}
	if (request_release(r) && out_request)
		*out_request = r;
	return 0;
}

int control_set_up(struct ike_sa *fresh, const struct strs *children,
		   void (*done)(void *ctx, const struct ike_request_result *), void *ctx)
{
	struct ike *ike = fresh->ike;
	uint32_t uid = fresh->uid;
	struct ike_request *r = request_new(ike, done, ctx);
	int err = r ? 0 : E_NOMEM;

	if (err == 0 && children->count) {
		fresh->hs->child_name = strdup(children->items[0]);
		err = fresh->hs->child_name ? 0 : E_NOMEM;
	}
	/* The first task holds the SA's window until IKE_AUTH is over. */
	for (size_t i = 0; err == 0 && i < (children->count ? children->count : 1); i++) {
		r->pending++;
		err = task_queue(fresh, i ? &task_child_create : &task_ike_init, NULL,
				 i ? children->items[i] : NULL, r);
		if (err)
			r->pending--;
		fresh = sa_find_uid(ike, uid);
		if (err == 0 && !fresh)
			err = E_STATE;
	}
	if (fresh && fresh->state <= IKE_S_CONNECTING && !fresh->out.task &&
	    list_empty(&fresh->queue)) {
		sa_destroy(fresh, err ? err : E_STATE, "could not begin");
		err = err ? err : E_STATE;
	}
	if (r)
		request_release(r);
	else
		done(ctx, &(struct ike_request_result){.err = err});
	return err;
}

void control_start_child(struct ike *ike, struct conn *conn, const char *child)
{
	if (!ike->stopping && initiate(ike, conn, child, NULL))
		log_print(ike->log, NULL, LOG_CFG, LOG_CTRL, "starting CHILD_SA '%s' failed",
			  child);
}

/* ---- terminate ---- */

static bool match_sa(const struct ike_sa *sa, const struct ike_terminate_params *p)
{
	return sa->state != IKE_S_DESTROYING && sa->state != IKE_S_REKEYED &&
	       (!p->ike || strcmp(sa_name(sa), p->ike) == 0) &&
	       (!p->ike_id || sa->uid == p->ike_id);
}

static bool match_child(const struct child *c, const struct ike_terminate_params *p)
{
	return (!p->child || strcmp(c->conf->name, p->child) == 0) &&
	       (!p->child_id || c->uid == p->child_id) &&
	       (c->state == CHILD_S_INSTALLED || c->state == CHILD_S_REKEYING);
}

/* The peer may have it, but hears nothing else before IKE_AUTH is over (RFC 7296 section 1.4.1). */
static void end_later(struct ike_sa *sa, struct ike_request *r)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "IKE_SA %s[%u] will be deleted when IKE_AUTH is over",
	       sa_name(sa), sa->uid);
	sa->hs->ending = true;
	task_forsake_all(sa, E_CANCELED, "terminated");
	if (task_queue(sa, &task_ike_delete, NULL, NULL, r))
		control_complete(r, E_NOMEM, err_text(E_NOMEM));
}

static void terminate_sa(struct ike_sa *sa, bool force, struct ike_request *r)
{
	r->matches++;
	r->sa_uid = sa->uid;
	r->pending++;
	reauth_cancel(sa);
	if (x_auth_i_is_out(sa) && !sa->hs->ending && !force) {
		end_later(sa, r);
		return;
	}
	if (!sa_is_up(sa) && !x_auth_i_is_out(sa)) {
		/* Nothing the peer counts on (or it is being deleted already). */
		sa_log(sa, LOG_IKE, LOG_CTRL, "destroying IKE_SA in state %s without notification",
		       ike_sa_state_name(sa->state));
		sa_destroy(sa, E_CANCELED, "terminated");
		control_complete(r, 0, NULL);
		return;
	}
	if (force || !sa_is_up(sa)) {
		x_informational_say_deleted(sa);
		sa_destroy(sa, E_CANCELED, "terminated");
		control_complete(r, 0, NULL);
		return;
	}
	if (task_queue(sa, &task_ike_delete, NULL, NULL, r))
		control_complete(r, E_NOMEM, err_text(E_NOMEM));
}

static void terminate_children(struct ike_sa *sa, const struct ike_terminate_params *p,
			       struct ike_request *r)
{
	list_foreach_safe(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (!match_child(c, p) || task_pending(sa, &task_child_delete, c))
			continue;
		r->matches++;
		r->sa_uid = sa->uid;
		r->pending++;
		if (task_queue(sa, &task_child_delete, c, NULL, r))
			control_complete(r, E_NOMEM, err_text(E_NOMEM));
	}
}

int ike_terminate(struct ike *ike, uint64_t now, const struct ike_terminate_params *p,
		  struct ike_request **out_request)
{
	bool of_children = p->child || p->child_id;
	struct ike_request *r;
	uint32_t last = 0;

	ike->now = now;
	if (out_request)
		*out_request = NULL;
	if (!p->ike && !p->ike_id && !of_children)
		return E_CONFIG;
	r = request_new(ike, NULL, p->ctx);
	if (!r)
		return E_NOMEM;
	/* By uid: ending one SA may end others, so no link may be held across it. */
	for (;;) {
		struct ike_sa *sa = NULL;

		list_foreach(it, &ike->sas) {
			sa = list_entry(it, struct ike_sa, link);
			if (sa->uid > last && match_sa(sa, p))
				break;
			sa = NULL;
		}
		if (!sa)
			break;
		last = sa->uid;
		if (of_children)
			terminate_children(sa, p, r);
		else
			terminate_sa(sa, p->force, r);
	}
	if (r->matches == 0) {
		request_release(r);
		return E_NOTFOUND;
	}
	r->done = p->done;
	if (request_release(r) && out_request)
		*out_request = r;
	return 0;
}

/* ---- rekey ---- */

static int rekey_children(struct ike_sa *sa, const struct ike_rekey_params *p, unsigned *matches)
{
	int err = 0;

	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if ((p->child && strcmp(c->conf->name, p->child) != 0) ||
		    (p->child_id && c->uid != p->child_id) ||
		    (c->state != CHILD_S_INSTALLED && c->state != CHILD_S_REKEYING))
			continue;
		(*matches)++;
		if (!child_is_rekeying(c) && err == 0)
			err = task_queue(sa, &task_child_rekey, c, NULL, NULL);
	}
	return err;
}

static int rekey_ike(struct ike_sa *sa, unsigned *matches)
{
	(*matches)++;
	if (sa->ours || sa->theirs || task_pending(sa, &task_ike_rekey, NULL))
		return 0;
	return task_queue(sa, &task_ike_rekey, NULL, NULL, NULL);
}

static int reauth_ike(struct ike_sa *sa, unsigned *matches)
{
	int err = reauth_begin(sa);

	if (err == 0)
		(*matches)++;
	return err;
}

int ike_rekey(struct ike *ike, uint64_t now, const struct ike_rekey_params *p,
	      unsigned *out_matches)
{
	bool of_children = p->child || p->child_id;
	int err = 0;

	ike->now = now;
	*out_matches = 0;
	if (!p->ike && !p->ike_id && !of_children)
		return E_CONFIG;
	list_foreach(it, &ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		if ((p->ike && strcmp(sa_name(sa), p->ike) != 0) ||
		    (p->ike_id && sa->uid != p->ike_id) || !sa_is_up(sa))
			continue;
		if (err == 0)
			err = of_children ? rekey_children(sa, p, out_matches)
			      : p->reauth ? reauth_ike(sa, out_matches)
					  : rekey_ike(sa, out_matches);
	}
	return err ? err : *out_matches ? 0 : E_NOTFOUND;
}

/* ---- silence ---- */

/* Another round of an initial exchange: from the beginning, with fresh values. */
static bool try_again(struct ike_sa *sa)
{
	unsigned tries = sa->conn ? sa->conn->conf->keyingtries : 1;
	struct handshake *hs = sa->hs;

	if (!sa->initiator || sa->state != IKE_S_CONNECTING || !hs || hs->ending ||
	    sa->ike->stopping)
		return false;
	if (target_left(sa)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "peer not responding, trying its next address");
		x_init_i_begin_again(sa);
		return true;
	}
	if (tries && hs->attempt >= tries)
		return false;
	hs->attempt++;
	if (tries)
		sa_log(sa, LOG_IKE, LOG_CTRL, "peer not responding, trying again (%u/%u)",
		       hs->attempt, tries);
	else
		sa_log(sa, LOG_IKE, LOG_CTRL, "peer not responding, trying again (%u)",
		       hs->attempt);
	target_forget(sa);
	x_init_i_begin_again(sa);
	return true;
}

/* Children to set up again, by name: the SA they belong to is about to go. Those that wait for a
 * packet get their traps. */
struct restart {
	struct conn *conn;
	struct strs children;
};

static void collect_restarts(const struct ike_sa *sa, bool closed, struct restart *out)
{
	*out = (struct restart){0};
	list_foreach(it, &sa->children) {
		const struct child *c = list_entry(it, struct child, link);
		enum conf_action action = closed ? c->conf->close_action : c->conf->dpd_action;

		/* It is there by another SA: this one has been reauthenticated. */
		if (reauth_twin(c))
			continue;
		if ((action & CONF_ACTION_TRAP) && c->up)
			trap_again(sa->ike, c->conn->conf->name, c->conf->name);
		if ((action & CONF_ACTION_START) && c->up &&
		    strs_add(&out->children, c->conf->name) == 0 && !out->conn)
			out->conn = conn_get(c->conn);
	}
}

static void start_again(struct ike *ike, struct restart *again)
{
	for (size_t i = 0; i < again->children.count; i++)
		control_start_child(ike, again->conn, again->children.items[i]);
	strs_done(&again->children);
	conn_put(again->conn);
}

/* Without either it is to end. */
static bool sets_up_anew(const struct conf_conn *c)
{
	return c->rekey_time || c->reauth_time;
}

void control_expired(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;
	struct restart again = {0};

	/* One that is set up in its place already needs no other. */
	if (sa->caller && sets_up_anew(sa->conn->conf) && !sa->reauth.successor) {
		list_foreach(it, &sa->children) {
			const struct child *c = list_entry(it, struct child, link);

			if (c->up && !strs_has(&again.children, c->conf->name) &&
			    strs_add(&again.children, c->conf->name) == 0 && !again.conn)
				again.conn = conn_get(c->conn);
		}
	}
	x_informational_say_deleted(sa);
	sa_destroy(sa, E_TIMEOUT, "IKE_SA lifetime is over");
	start_again(ike, &again);
}

bool control_peer_busy(struct ike_sa *sa, bool lost_state)
{
	if (!sa->busy_since)
		sa->busy_since = sa->ike->now;
	if (lost_state)
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "received STATE_NOT_FOUND, the peer has dropped this key exchange");
	sa->lost_states = lost_state ? sa->lost_states + 1 : 0;
	if (sa->ike->now - sa->busy_since < BUSY_MAX_MS && sa->lost_states < MAX_LOST_STATES)
		return true;
	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "IKE_SA %s[%u] is out of step with the peer, which keeps refusing; deleting it",
	       sa_name(sa), sa->uid);
	control_expired(sa);
	return false;
}

void control_peer_closed(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;
	struct restart again = {0};
	struct reauth_plan *anew;

	/* The peer has not seen our rekey, and has done its own (RFC 7296 section 2.8.2). */
	successor_settle(sa);
	anew = reauth_leave(sa, true);
	if (!anew)
		collect_restarts(sa, true, &again);
	sa_close(sa, E_CANCELED, "the peer deleted the IKE_SA");
	start_again(ike, &again);
	reauth_go(anew);
}

void control_peer_silent(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;
	struct restart again = {0};
	struct reauth_plan *anew;

	if (sa->state == IKE_S_CONNECTING) {
		if (try_again(sa))
			return;
		sa_log(sa, LOG_IKE, LOG_CTRL, "establishing IKE_SA failed, peer not responding");
		sa_destroy(sa, E_TIMEOUT, "peer not responding");
		return;
	}
	anew = reauth_leave(sa, false);
	if (!anew)
		collect_restarts(sa, false, &again);
	sa_log(sa, LOG_IKE, LOG_CTRL, "peer of IKE_SA %s[%u] does not answer, deleting it",
	       sa_name(sa), sa->uid);
	sa_destroy(sa, E_TIMEOUT, "peer not responding");
	start_again(ike, &again);
	reauth_go(anew);
}
