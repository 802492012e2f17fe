/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/reauth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ike/child.h"
#include "ike/command.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/handshake.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/target.h"
#include "ike/task.h"
#include "ike/x_informational.h"

#define MS	       ((uint64_t)1000) /* milliseconds of a second */
#define RETRY_MS       30000		/* after a failure: half of it to all of it */
#define MAX_FAILURES   4		/* doublings of RETRY_MS */
#define MARGIN_S       30    /* before the end of an AUTH_LIFETIME, but no more than half of it */
#define LIFETIME_MIN_S 10    /* a peer that wants it more often would have us do nothing else */
#define COLLISION_MS   60000 /* both sides began within this time */

/* ---- when ------------------------------------------------------------------------------------ */

/* Whether it can be this side that sets up the new SA: leases are the client's to ask for. */
static bool is_ours(const struct ike_sa *sa)
{
	return sa->caller || (sa->n_remote_vips == 0 && target_is_named(sa->conn->conf));
}

/* The peer, who set the SA up, has just put another one in its place, and is about to delete it. */
static bool is_replaced(const struct ike_sa *sa)
{
	list_foreach(it, &sa->ike->sas) {
		const struct ike_sa *o = list_entry(it, struct ike_sa, link);

		if (o != sa && !sa->caller && !o->caller && sa_is_up(o) &&
		    o->established + COLLISION_MS > sa->ike->now &&
		    id_equal(&o->remote_id, &sa->remote_id) &&
		    id_equal(&o->local_id, &sa->local_id))
			return true;
	}
	return false;
}

static void retry(struct ike_sa *sa)
{
	uint64_t ms = timer_backoff(sa->ike, RETRY_MS, sa->reauth.failures);

	if (sa->reauth.failures < MAX_FAILURES)
		sa->reauth.failures++;
	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "reauthentication failed, keeping IKE_SA %s[%u] and trying again in %u seconds",
	       sa_name(sa), sa->uid, (unsigned)(ms / MS));
	timer_start(sa->ike, &sa->reauth.due, ms);
}

static void on_due(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, reauth.due);
	int err;

	if (!sa_is_up(sa))
		return;
	err = reauth_begin(sa);
	if (err == E_UNSUPPORTED && sa->expire_at)
		sa_log(sa, LOG_IKE, LOG_CTRL, "IKE_SA %s[%u] will time out in %" PRIu64 "s",
		       sa_name(sa), sa->uid, timer_seconds_left(sa->expire_at, sa->ike->now));
	else if (err && err != E_UNSUPPORTED)
		retry(sa);
}

void reauth_schedule(struct ike_sa *sa)
{
	uint64_t now = sa->ike->now, at = sa->reauth.at;

	sa->reauth.due.fire = on_due;
	timer_start(sa->ike, &sa->reauth.due, at > now ? at - now : 0);
}

void reauth_inherit(struct ike_sa *from, struct ike_sa *to)
{
	timer_stop(from->ike, &from->reauth.due);
	to->reauth = from->reauth;
	to->reauth.due = (struct timer){0};
	from->reauth = (struct reauth){0};
}

void reauth_put_lifetime(struct ike_sa *sa, struct wire_writer *w)
{
	uint64_t left = timer_seconds_left(sa->reauth.at, sa->ike->now);
	struct wbuf data;

	if (!sa->reauth.at || is_ours(sa))
		return;
	wbuf_init(&data, 0);
	wbuf_u32(&data, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX);
	wire_put_notify(w, N_AUTH_LIFETIME, wbuf_view(&data));
	wbuf_done(&data);
}

static uint64_t margin(const struct ike_sa *sa, uint64_t lifetime)
{
	uint64_t m = lifetime / 10, over = sa->conn->conf->over_time;

	m = over && over < m ? over : m;
	m = m < MARGIN_S ? MARGIN_S : m;
	return m < lifetime / 2 ? m : lifetime / 2;
}

void reauth_take_lifetime(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_AUTH_LIFETIME);
	uint64_t now = sa->ike->now, lifetime, in;
	struct rbuf r;
	uint32_t seconds;

	/* It is for who can do something about it (RFC 4478 section 3). */
	if (!n || !sa->caller || reauth_is_under_way(sa))
		return;
	rbuf_init(&r, n->data);
	if (rbuf_u32(&r, &seconds) || rbuf_end(&r)) {
		sa_log(sa, LOG_ENC, LOG_CTRL, "received malformed AUTH_LIFETIME, ignored");
		return;
	}
	lifetime = seconds < LIFETIME_MIN_S ? LIFETIME_MIN_S : seconds;
	in = lifetime - margin(sa, lifetime);
	if (sa->reauth.at && sa->reauth.at <= now + in * MS) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "received AUTH_LIFETIME of %" PRIu32 "s, reauthentication already scheduled "
		       "in %" PRIu64 "s",
		       seconds, timer_seconds_left(sa->reauth.at, now));
		return;
	}
	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "received AUTH_LIFETIME of %" PRIu32 "s, scheduling reauthentication in %" PRIu64
	       "s",
	       seconds, in);
	sa->reauth.at = now + in * MS;
	reauth_schedule(sa);
}

/* ---- what the new one needs ------------------------------------------------------------------ */

struct reauth_plan {
	struct ike *ike;
	struct conn *conn;
	struct strs children;
	size_t n_vips;
	struct addr vips[SA_MAX_VIPS];
	char *gateway; /* that we were redirected to */
	struct addr from;
	bool yields;
};

static void free_plan(struct reauth_plan *p)
{
	strs_done(&p->children);
	conn_put(p->conn);
	free(p->gateway);
	free(p);
}

/* In which form children of an SA are set up anew: a loaded connection may be a newer one. */
static struct conn *present_conn(const struct ike_sa *sa)
{
	struct conn *loaded = conn_find(sa->ike, sa_name(sa));

	return loaded ? loaded : sa->conn;
}

static int list_children(const struct ike_sa *sa, struct reauth_plan *p)
{
	int err = 0;

	list_foreach(it, &sa->children) {
		const struct child *c = list_entry(it, struct child, link);

		if (err == 0 && c->handle && !c->replaced && !c->redundant &&
		    c->state != CHILD_S_DELETING && c->state != CHILD_S_DELETED &&
		    !strs_has(&p->children, c->conf->name) &&
		    conf_conn_child(p->conn->conf, c->conf->name))
			err = strs_add(&p->children, c->conf->name);
	}
	return err;
}

static struct reauth_plan *make_plan(const struct ike_sa *sa)
{
	struct reauth_plan *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ike = sa->ike;
	p->conn = conn_get(present_conn(sa));
	p->n_vips = sa->n_local_vips;
	memcpy(p->vips, sa->local_vips, sa->n_local_vips * sizeof(p->vips[0]));
	p->from = sa->redirect.from;
	p->gateway = sa->redirect.gateway ? strdup(sa->redirect.gateway) : NULL;
	p->yields = !sa->caller;
	if ((sa->redirect.gateway && !p->gateway) || list_children(sa, p)) {
		free_plan(p);
		return NULL;
	}
	return p;
}

static int new_sa(struct reauth_plan *p, struct ike_sa **out)
{
	struct ike_sa *fresh;
	int err = sa_new(p->ike, true, &fresh);

	if (err)
		return err;
	fresh->conn = conn_get(p->conn);
	fresh->redirect.gateway = p->gateway;
	fresh->redirect.from = p->from;
	p->gateway = NULL;
	fresh->reauth.yields = p->yields;
	fresh->reauth.made = p->ike->now;
	fresh->hs->n_wanted = p->n_vips;
	memcpy(fresh->hs->wanted, p->vips, p->n_vips * sizeof(p->vips[0]));
	*out = fresh;
	return 0;
}

/* ---- make before break ----------------------------------------------------------------------- */

struct making {
	struct ike *ike;
	uint32_t fresh;
};

/* The peer may have it, or be about to: it is told when that is certain. */
static void give_up(struct ike_sa *sa)
{
	sa->reauth.lost = true;
	if (sa_is_up(sa) && !task_pending(sa, &task_ike_delete, NULL) &&
	    task_queue(sa, &task_ike_delete, NULL, NULL, NULL)) {
		x_informational_say_deleted(sa);
		sa_destroy(sa, E_CANCELED, "another IKE_SA replaces it");
	}
}

/* The SA and its children have come up, or have not. */
static void on_made(void *ctx, const struct ike_request_result *result)
{
	struct making *m = ctx;
	struct ike_sa *fresh = sa_find_uid(m->ike, m->fresh), *old = NULL;
	bool good = fresh && sa_is_up(fresh) && !fresh->reauth.lost;

	(void)result;
	list_foreach(it, &m->ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		if (sa->reauth.successor == m->fresh)
			old = sa;
	}
	free(m);
	if (fresh && fresh->reauth.lost)
		give_up(fresh);
	/* What was reauthenticated is about to go, and nothing is built on it until then. */
	if (old && good && sa_is_up(old) &&
	    task_queue(old, &task_ike_delete, NULL, NULL, NULL) == 0)
		return;
	if (!old)
		return; /* the peer has deleted it */
	old->reauth.successor = 0;
	if (!good && !old->ike->stopping && sa_is_up(old))
		retry(old);
}

/* old: the SA that goes when this is done; NULL: it has gone. */
static int set_up(struct reauth_plan *p, struct ike_sa *old)
{
	struct making *m = malloc(sizeof(*m));
	struct ike_sa *fresh;
	int err = m ? new_sa(p, &fresh) : E_NOMEM;

	if (err) {
		free(m);
		return err;
	}
	*m = (struct making){p->ike, fresh->uid};
	if (old)
		old->reauth.successor = fresh->uid;
	/* What cannot begin is told to on_made(). */
	(void)control_set_up(fresh, &p->children, on_made, m);
	return 0;
}

static int make(struct ike_sa *sa)
{
	struct reauth_plan *p = make_plan(sa);
	int err = p ? set_up(p, sa) : E_NOMEM;

	if (p)
		free_plan(p);
	return err;
}

/* ---- break before make ----------------------------------------------------------------------- */

struct reauth_plan *reauth_leave(struct ike_sa *sa, bool crossed)
{
	bool breaking = sa->reauth.breaking;
	struct reauth_plan *p;

	sa->reauth.breaking = false;
	if (!breaking || sa->ike->stopping || (crossed && !sa->caller) || is_replaced(sa))
		return NULL;
	p = make_plan(sa);
	if (!p)
		sa_log(sa, LOG_IKE, LOG_CTRL, "reauthentication failed: %s", err_text(E_NOMEM));
	return p;
}

void reauth_go(struct reauth_plan *p)
{
	if (!p)
		return;
	if (set_up(p, NULL))
		log_print(p->ike->log, NULL, LOG_IKE, LOG_CTRL, "reauthentication of %s failed",
			  p->conn->conf->name);
	free_plan(p);
}

/* ---- either way ------------------------------------------------------------------------------ */

bool reauth_is_under_way(const struct ike_sa *sa)
{
	return sa->reauth.successor || sa->reauth.breaking;
}

int reauth_begin(struct ike_sa *sa)
{
	int err;

	if (reauth_is_under_way(sa) || task_pending(sa, &task_ike_delete, NULL))
		return 0;
	if (!is_ours(sa)) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "only the peer can reauthenticate IKE_SA %s[%u], which it has set up",
		       sa_name(sa), sa->uid);
		return E_UNSUPPORTED;
	}
	if (is_replaced(sa))
		return E_BUSY;
	sa_log(sa, LOG_IKE, LOG_CTRL, "reauthenticating IKE_SA %s[%u]", sa_name(sa), sa->uid);
	if (sa->ike->settings.make_before_break)
		return make(sa);
	sa->reauth.breaking = true;
	err = task_queue(sa, &task_ike_delete, NULL, NULL, NULL);
	if (err)
		sa->reauth.breaking = false;
	return err;
}

void reauth_cancel(struct ike_sa *sa)
{
	struct ike_sa *fresh =
		sa->reauth.successor ? sa_find_uid(sa->ike, sa->reauth.successor) : NULL;

	sa->reauth.breaking = false;
	sa->reauth.successor = 0;
	if (fresh)
		give_up(fresh);
}

/* ---- beside the old one ---------------------------------------------------------------------- */

void reauth_crossed(struct ike_sa *sa)
{
	list_foreach_safe(it, &sa->ike->sas) {
		struct ike_sa *o = list_entry(it, struct ike_sa, link);

		if (o == sa || !o->reauth.yields || !o->caller ||
		    o->reauth.made + COLLISION_MS < sa->ike->now || o->state == IKE_S_DESTROYING ||
		    o->reauth.lost || !addr_equal(&o->remote, &sa->remote) ||
		    (sa_is_up(o) && !id_equal(&o->remote_id, &sa->remote_id)))
			continue;
		sa_log(o, LOG_IKE, LOG_CTRL,
		       "the peer reauthenticates, too: its IKE_SA replaces %s[%u]", sa_name(o),
		       o->uid);
		give_up(o);
	}
}

static bool is_twin(const struct child *a, const struct child *b)
{
	return b->handle && b->state == CHILD_S_INSTALLED &&
	       strcmp(a->conf->name, b->conf->name) == 0 &&
	       strcmp(a->conn->conf->name, b->conn->conf->name) == 0 &&
	       ts_list_equal(&a->ts_local, &b->ts_local) &&
	       ts_list_equal(&a->ts_remote, &b->ts_remote);
}

struct child *reauth_twin(const struct child *c)
{
	const struct ike_sa *sa = c->sa;

	list_foreach(i, &sa->ike->sas) {
		struct ike_sa *o = list_entry(i, struct ike_sa, link);

		if (o == sa || !sa_is_up(o) || !id_equal(&o->remote_id, &sa->remote_id) ||
		    !id_equal(&o->local_id, &sa->local_id))
			continue;
		list_foreach(it, &o->children) {
			struct child *other = list_entry(it, struct child, link);

			if (is_twin(c, other))
				return other;
		}
	}
	return NULL;
}
