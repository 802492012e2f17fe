/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/redirect.h"

#include <ctype.h>
#include <stdio.h>
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
#include "ike/window.h"
#include "ike/x_informational.h"
#include "ike/x_sa_init.h"

#define NAME_MAX_LEN 253   /* of a domain name */
#define FAREWELL_MS  30000 /* a client sent away in IKE_AUTH has this long to delete its SA */

enum { GATEWAY_IPV4 = 1, GATEWAY_IPV6 = 2, GATEWAY_FQDN = 3 };

void redirect_done(struct redirect *r)
{
	free(r->gateway);
	*r = (struct redirect){0};
}

/* ---- wire ------------------------------------------------------------------------------------ */

static bool is_domain_name(struct view v)
{
	bool letter = false;

	for (size_t i = 0; i < v.len; i++) {
		letter |= isalpha(v.ptr[i]) != 0;
		if (!isalnum(v.ptr[i]) && v.ptr[i] != '-' && v.ptr[i] != '.')
			return false;
	}
	return letter && v.len <= NAME_MAX_LEN && v.ptr[0] != '.' && v.ptr[0] != '-';
}

int redirect_put(const char *gateway, struct view nonce, struct wbuf *out)
{
	struct view identity = view_str(gateway);
	uint8_t type = GATEWAY_FQDN;
	struct addr a;

	if (addr_parse(&a, gateway) == 0 && !addr_is_any(&a)) {
		type = a.family == AF_INET ? GATEWAY_IPV4 : GATEWAY_IPV6;
		identity = addr_view(&a);
	} else if (!is_domain_name(identity)) {
		return E_MALFORMED;
	}
	wbuf_u8(out, type);
	wbuf_u8(out, (uint8_t)identity.len);
	wbuf_add(out, identity);
	wbuf_add(out, nonce);
	return wbuf_err(out);
}

/* An identity as text; empty if it is of no known form. */
static void identity_text(uint8_t type, struct view identity, char out[NAME_MAX_LEN + 1])
{
	struct addr a;

	out[0] = '\0';
	if (type == GATEWAY_FQDN && is_domain_name(identity))
		snprintf(out, NAME_MAX_LEN + 1, "%.*s", (int)identity.len,
			 (const char *)identity.ptr);
	else if ((type == GATEWAY_IPV4 || type == GATEWAY_IPV6) &&
		 identity.len == addr_len(type == GATEWAY_IPV4 ? AF_INET : AF_INET6) &&
		 addr_from_bytes(&a, identity, 0) == 0 && !addr_is_any(&a))
		addr_text(&a, out);
}

int redirect_parse(struct view data, struct view nonce, char **out_gateway)
{
	char text[NAME_MAX_LEN + 1];
	struct view identity;
	uint8_t type, len;
	struct rbuf r;
	char *copy;

	rbuf_init(&r, data);
	if (rbuf_u8(&r, &type) || rbuf_u8(&r, &len) || rbuf_view(&r, len, &identity) ||
	    !view_equal(rbuf_rest(&r), nonce))
		return E_MALFORMED;
	identity_text(type, identity, text);
	if (!text[0])
		return E_MALFORMED;
	copy = strdup(text);
	if (!copy)
		return E_NOMEM;
	*out_gateway = copy;
	return 0;
}

/* ---- client ---------------------------------------------------------------------------------- */

void redirect_put_client(struct ike_sa *sa, struct wire_writer *w)
{
	char text[ADDR_TEXT_MAX];
	struct wbuf data;

	if (!sa->ike->settings.follow_redirects)
		return;
	if (!sa->redirect.gateway) {
		wire_put_notify(w, N_REDIRECT_SUPPORTED, (struct view){0});
		return;
	}
	wbuf_init(&data, 0);
	if (redirect_put(addr_text(&sa->redirect.from, text), (struct view){0}, &data) == 0)
		wire_put_notify(w, N_REDIRECTED_FROM, wbuf_view(&data));
	wbuf_done(&data);
}

bool redirect_is_forged(const struct ike_sa *sa, const struct wire_notify *n)
{
	char *gateway = NULL;
	int err = redirect_parse(n->data, secret_view(&sa->hs->ni), &gateway);

	free(gateway);
	return err != 0;
}

static bool is_loop(const struct ike_sa *sa)
{
	const struct redirect *r = &sa->redirect;

	return r->n == REDIRECT_MAX && sa->ike->now - r->at[0] < REDIRECT_PERIOD_MS;
}

int redirect_may_follow(const struct ike_sa *sa)
{
	if (!sa->ike->settings.follow_redirects) {
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "received REDIRECT, not followed: charon.follow_redirects = no");
		return E_UNSUPPORTED;
	}
	if (is_loop(sa)) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "received REDIRECT, not followed: redirected more than %u times within %u "
		       "s, this is a loop",
		       REDIRECT_MAX, REDIRECT_PERIOD_MS / 1000);
		return E_LIMIT;
	}
	return 0;
}

static void count(struct ike_sa *sa)
{
	struct redirect *r = &sa->redirect;

	if (r->n == REDIRECT_MAX)
		memmove(&r->at[0], &r->at[1], --r->n * sizeof(r->at[0]));
	r->at[r->n++] = sa->ike->now;
}

/* Read where to go, and whether to go there; *out_gateway is to free. */
static int accept_redirect(struct ike_sa *sa, const struct wire_notify *n, struct view nonce,
			   char **out_gateway)
{
	char *gateway = NULL;
	char text[ADDR_TEXT_MAX];
	int err = redirect_may_follow(sa);

	if (err)
		return err;
	err = redirect_parse(n->data, nonce, &gateway);
	if (err) {
		sa_log(sa, LOG_ENC, LOG_CTRL, "received REDIRECT names no gateway, ignored");
		return err;
	}
	sa_log(sa, LOG_IKE, LOG_CTRL, "received REDIRECT, %s redirects us to %s",
	       addr_text(&sa->remote, text), gateway);
	count(sa);
	*out_gateway = gateway;
	return 0;
}

static void set_gateway(struct redirect *r, char *gateway, const struct addr *from)
{
	free(r->gateway);
	r->gateway = gateway;
	r->from = *from;
}

int redirect_follow_init(struct ike_sa *sa, const struct wire_notify *n)
{
	char *gateway;
	int err = accept_redirect(sa, n, secret_view(&sa->hs->ni), &gateway);

	if (err)
		return err;
	target_forget(sa);
	set_gateway(&sa->redirect, gateway, &sa->remote);
	x_init_i_begin_again(sa);
	return 0;
}

int redirect_follow_auth(struct ike_sa *sa, const struct wire_notify *n)
{
	char *gateway;
	int err = accept_redirect(sa, n, (struct view){0}, &gateway);

	if (err)
		return err;
	x_informational_say_deleted(sa);
	target_forget(sa);
	set_gateway(&sa->redirect, gateway, &sa->remote);
	x_init_i_begin_again(sa);
	return 0;
}

/* An SA that is to take the place of another. */
struct successor {
	struct ike *ike;
	uint32_t old, fresh;
};

/* The new SA and its children have come up, or have not. */
static void on_successor(void *ctx, const struct ike_request_result *result)
{
	struct successor *s = ctx;
	struct ike_sa *fresh = sa_find_uid(s->ike, s->fresh), *old = sa_find_uid(s->ike, s->old);

	(void)result;
	if (old && old->state == IKE_S_ESTABLISHED && fresh && fresh->state == IKE_S_ESTABLISHED)
		(void)!task_queue(old, &task_ike_delete, NULL, NULL, NULL); /* else it stays */
	else if (old && !s->ike->stopping)
		sa_log(old, LOG_IKE, LOG_CTRL,
		       "no SA with the gateway we were redirected to, keeping this one");
	free(s);
}

static int collect_children(const struct ike_sa *sa, struct strs *out)
{
	int err = 0;

	list_foreach(it, &sa->children) {
		const struct child *c = list_entry(it, struct child, link);

		if (err == 0 && c->handle && c->state != CHILD_S_REKEYED &&
		    !strs_has(out, c->conf->name))
			err = strs_add(out, c->conf->name);
	}
	return err;
}

static int begin_successor(struct ike_sa *sa, const struct strs *children, char *gateway)
{
	struct successor *s = malloc(sizeof(*s));
	struct ike_sa *fresh;
	int err = s ? sa_new(sa->ike, true, &fresh) : E_NOMEM;

	if (err) {
		free(s);
		free(gateway);
		return err;
	}
	*s = (struct successor){sa->ike, sa->uid, fresh->uid};
	fresh->conn = conn_get(sa->conn);
	fresh->redirect = sa->redirect; /* with the count of what was followed */
	fresh->redirect.gateway = NULL;
	fresh->redirect.insist = true;
	set_gateway(&fresh->redirect, gateway, &sa->remote);
	return control_set_up(fresh, children, on_successor, s);
}

char *redirect_read(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_REDIRECT);
	char *gateway;

	if (!n || !sa->caller || accept_redirect(sa, n, (struct view){0}, &gateway))
		return NULL;
	return gateway;
}

void redirect_follow_up(struct ike_sa *sa, char *gateway)
{
	struct strs children = {0};
	int err = collect_children(sa, &children);

	if (err)
		free(gateway);
	else
		err = begin_successor(sa, &children, gateway);
	if (err)
		sa_log(sa, LOG_IKE, LOG_CTRL, "following the redirection failed: %s",
		       err_text(err));
	strs_done(&children);
}

/* ---- gateway --------------------------------------------------------------------------------- */

static bool client_follows(const struct wire_msg *msg)
{
	return wire_msg_notify(msg, N_REDIRECT_SUPPORTED) ||
	       wire_msg_notify(msg, N_REDIRECTED_FROM);
}

void redirect_take_client(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *from = wire_msg_notify(msg, N_REDIRECTED_FROM);
	char *gateway;

	sa->redirect.peer_follows = client_follows(msg);
	if (!from || redirect_parse(from->data, (struct view){0}, &gateway))
		return;
	sa_log(sa, LOG_IKE, LOG_CTRL, "client was redirected from %s", gateway);
	free(gateway);
}

bool redirect_refuse_init(struct ike *ike, const struct addr *local, const struct addr *remote,
			  const struct wire_msg *msg)
{
	const char *gateway = ike->hooks.redirect && client_follows(msg)
				      ? ike->hooks.redirect(ike->hooks.ctx, remote, NULL)
				      : NULL;
	char text[ADDR_TEXT_MAX];
	struct wbuf data;
	bool told = false;

	if (!gateway)
		return false;
	wbuf_init(&data, 0);
	if (redirect_put(gateway, wire_msg_find(msg, PAYLOAD_NONCE)->u.data, &data) == 0) {
		log_print(ike->log, NULL, LOG_IKE, LOG_CTRL, "redirecting %s to %s",
			  addr_text(remote, text), gateway);
		x_sa_init_refuse(ike, &(struct x_sa_init_refusal){local, remote, &msg->hdr,
								  N_REDIRECT, wbuf_view(&data)});
		told = true;
	}
	wbuf_done(&data);
	return told;
}

static void put_redirect(struct ike_sa *sa, const char *gateway, struct wire_writer *w)
{
	char id[256];
	struct wbuf data;

	wbuf_init(&data, 0);
	sa->redirect.told = true;
	sa_log(sa, LOG_IKE, LOG_CTRL, "redirecting '%s' to %s",
	       sa_id_text(&sa->remote_id, id, sizeof(id)), gateway);
	if (redirect_put(gateway, (struct view){0}, &data) == 0)
		wire_put_notify(w, N_REDIRECT, wbuf_view(&data));
	wbuf_done(&data);
}

static void on_farewell(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, expire);

	x_informational_say_deleted(sa);
	sa_destroy(sa, E_TIMEOUT, "redirected");
}

bool redirect_put_auth(struct ike_sa *sa, struct wire_writer *w)
{
	struct ike_hooks *h = &sa->ike->hooks;
	const char *gateway;
	char *id;

	if (!h->redirect || !sa->redirect.peer_follows)
		return false;
	id = sa_peer_text(sa);
	gateway = h->redirect(h->ctx, &sa->remote, id ? id : "");
	free(id);
	if (!gateway)
		return false;
	put_redirect(sa, gateway, w);
	sa->expire.fire = on_farewell;
	timer_start(sa->ike, &sa->expire, FAREWELL_MS);
	return true;
}

static int start(struct ike_sa *sa, struct task *task)
{
	struct wire_writer w;
	struct wbuf b;
	int err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	put_redirect(sa, task->child_name, &w);
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	(void)task;
	(void)msg;
	task_finish(sa, 0, NULL); /* the client deletes the SA when it has another */
}

const struct task_kind task_redirect = {"IKE_REDIRECT", IKE_INFORMATIONAL, start, response};

/* ---- command --------------------------------------------------------------------------------- */

struct selection {
	const struct ike_redirect_params *p;
	struct addr_range ip;
	struct id id;
};

static bool is_selected(const struct ike_sa *sa, const struct selection *s)
{
	return sa->state == IKE_S_ESTABLISHED && !sa->caller && sa->redirect.peer_follows &&
	       (!s->p->ike || strcmp(sa_name(sa), s->p->ike) == 0) &&
	       (!s->p->ike_id || sa->uid == s->p->ike_id) &&
	       (!s->p->peer_ip || addr_range_has(&s->ip, &sa->remote)) &&
	       (!s->p->peer_id || id_match(&sa->remote_id, &s->id));
}

static const char *read_selection(const struct ike_redirect_params *p, struct selection *out)
{
	const char *wrong = NULL;
	struct wbuf data;

	*out = (struct selection){.p = p};
	wbuf_init(&data, 0);
	if (!p->ike && !p->ike_id && !p->peer_ip && !p->peer_id)
		wrong = "missing IKE_SA selector";
	else if (!p->gateway || redirect_put(p->gateway, (struct view){0}, &data))
		wrong = "missing target gateway, or neither an address nor a domain name";
	else if (p->peer_ip && addr_range_parse(&out->ip, p->peer_ip))
		wrong = "peer-ip is no address, subnet or range";
	else if (p->peer_id && id_parse(p->peer_id, &out->id))
		wrong = "peer-id is no identity";
	wbuf_done(&data);
	return wrong;
}

int ike_redirect(struct ike *ike, uint64_t now, const struct ike_redirect_params *p,
		 unsigned *out_matches, char **out_why)
{
	struct selection s;
	const char *wrong = read_selection(p, &s);
	int err = wrong ? E_CONFIG : E_NOTFOUND;

	ike->now = now;
	*out_matches = 0;
	*out_why = NULL;
	list_foreach(it, &ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		if (!wrong && is_selected(sa, &s) &&
		    task_queue(sa, &task_redirect, NULL, p->gateway, NULL) == 0)
			++*out_matches;
	}
	id_done(&s.id);
	if (*out_matches)
		return 0;
	*out_why = strdup(wrong ? wrong : "no matching SAs to redirect found");
	return err;
}
