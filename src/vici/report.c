/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/addr.h"
#include "conf/suite.h"
#include "crypto/alg.h"
#include "ike/engine.h"
#include "ike/ladder.h"
#include "vici/codec.h"
#include "vici/server.h"
#include "wire/ike.h"
#include "wire/proposal.h"
#include "wire/ts.h"

/* Seconds, unless the engine says "never". */
static void put_seconds(struct wbuf *w, const char *key, uint64_t seconds)
{
	if (seconds != UINT64_MAX)
		codec_fmt(w, key, "%" PRIu64, seconds);
}

static void put_addr(struct wbuf *w, const char *side, const struct addr *a, const char *id)
{
	char key[32], text[ADDR_TEXT_MAX];

	snprintf(key, sizeof(key), "%s-host", side);
	codec_text(w, key, addr_text(a, text));
	snprintf(key, sizeof(key), "%s-port", side);
	codec_fmt(w, key, "%u", a->port);
	snprintf(key, sizeof(key), "%s-id", side);
	codec_text(w, key, id ? id : "%any");
}

static void put_addrs(struct wbuf *w, const char *key, size_t n, const struct addr *addrs)
{
	char text[ADDR_TEXT_MAX];

	if (n == 0)
		return;
	codec_list(w, key);
	for (size_t i = 0; i < n; i++)
		codec_item(w, view_str(addr_text(&addrs[i], text)));
	codec_list_end(w);
}

static void put_transform(struct wbuf *w, const char *key, const struct proposal *p, uint8_t type)
{
	const struct transform *t = proposal_find(p, type);
	char name[32], size_key[32];

	if (!t || t->id == 0)
		return;
	codec_text(w, key, alg_name(type, t->id, name));
	if (t->key_bits && (type == TRANSFORM_ENCR || type == TRANSFORM_INTEG)) {
		snprintf(size_key, sizeof(size_key), "%.*s-keysize", type == TRANSFORM_ENCR ? 4 : 5,
			 key);
		codec_fmt(w, size_key, "%u", t->key_bits);
	}
}

static void put_additional(struct wbuf *w, const struct proposal *p)
{
	char key[8];

	for (unsigned n = 1; n <= 7; n++) {
		snprintf(key, sizeof(key), "ake%u", n);
		put_transform(w, key, p, (uint8_t)(TRANSFORM_ADDKE1 + n - 1));
	}
}

static void put_ike_proposal(struct wbuf *w, const struct proposal *p)
{
	put_transform(w, "encr-alg", p, TRANSFORM_ENCR);
	put_transform(w, "integ-alg", p, TRANSFORM_INTEG);
	put_transform(w, "prf-alg", p, TRANSFORM_PRF);
	put_transform(w, "dh-group", p, TRANSFORM_KE);
	put_additional(w, p);
}

static void put_tasks(struct wbuf *w, const char *key, const struct strs *tasks)
{
	if (tasks && tasks->count)
		codec_strs(w, key, tasks);
}

void report_sa(struct wbuf *w, const struct ike_sa_info *sa)
{
	codec_fmt(w, "uniqueid", "%u", sa->uid);
	codec_text(w, "version", "2");
	codec_text(w, "state", ike_sa_state_name(sa->state));
	put_addr(w, "local", &sa->local, sa->local_id);
	put_addr(w, "remote", &sa->remote, sa->remote_id);
	codec_text(w, "remote-eap-id", sa->remote_eap_id);
	codec_yes(w, "initiator", sa->initiator);
	codec_fmt(w, "initiator-spi", "%016" PRIx64, sa->spi_i);
	codec_fmt(w, "responder-spi", "%016" PRIx64, sa->spi_r);
	codec_yes(w, "nat-local", sa->nat_local);
	codec_yes(w, "nat-remote", sa->nat_remote);
	codec_yes(w, "nat-fake", sa->nat_fake);
	codec_yes(w, "nat-any", sa->nat_any);
	if (sa->chosen)
		put_ike_proposal(w, sa->chosen);
	if (sa->chosen)
		codec_text(w, "post-quantum",
			   suite_is_post_quantum(sa->chosen, true) ? "yes" : "no");
	codec_yes(w, "ppk", sa->ppk);
	if (sa->established_ago != UINT64_MAX) {
		put_seconds(w, "established", sa->established_ago);
		put_seconds(w, "rekey-time", sa->rekey_in);
		put_seconds(w, "reauth-time", sa->reauth_in);
	}
	put_addrs(w, "local-vips", sa->n_local_vips, sa->local_vips);
	put_addrs(w, "remote-vips", sa->n_remote_vips, sa->remote_vips);
	put_tasks(w, "tasks-queued", sa->tasks_queued);
	put_tasks(w, "tasks-active", sa->tasks_active);
	put_tasks(w, "tasks-passive", sa->tasks_passive);
}

static const char *mode_name(enum conf_mode mode)
{
	static const char *const names[] = {
		[CONF_MODE_TUNNEL] = "TUNNEL",
		[CONF_MODE_TRANSPORT] = "TRANSPORT",
		[CONF_MODE_PASS] = "PASS",
		[CONF_MODE_DROP] = "DROP",
	};

	return names[mode];
}

static void put_mark(struct wbuf *w, const char *way, uint32_t mark, uint32_t mask)
{
	char key[24];

	if (!mark && !mask)
		return;
	snprintf(key, sizeof(key), "mark-%s", way);
	codec_fmt(w, key, "%08x", mark);
	snprintf(key, sizeof(key), "mark-mask-%s", way);
	codec_fmt(w, key, "%08x", mask);
}

static void put_ts(struct wbuf *w, const char *key, const struct ts_list *l)
{
	char text[TS_TEXT_MAX];

	codec_list(w, key);
	for (unsigned i = 0; l && i < l->count; i++)
		codec_item(w, view_str(ts_text(&l->t[i], text)));
	codec_list_end(w);
}

/* Ours alone, so only where there is something to tell. */
static void put_dropped(struct wbuf *w, const char *key, uint64_t n)
{
	if (n)
		codec_fmt(w, key, "%" PRIu64, n);
}

static void put_traffic(struct wbuf *w, const struct ike_child_info *c)
{
	codec_fmt(w, "bytes-in", "%" PRIu64, c->bytes_in);
	codec_fmt(w, "packets-in", "%" PRIu64, c->packets_in);
	put_seconds(w, "use-in", c->use_in);
	codec_fmt(w, "bytes-out", "%" PRIu64, c->bytes_out);
	codec_fmt(w, "packets-out", "%" PRIu64, c->packets_out);
	put_seconds(w, "use-out", c->use_out);
	put_dropped(w, "dropped-policy-in", c->dropped_policy_in);
	put_dropped(w, "dropped-policy-out", c->dropped_policy_out);
	put_dropped(w, "dropped-replay", c->dropped_replay);
	put_dropped(w, "dropped-auth", c->dropped_auth);
	put_seconds(w, "rekey-time", c->rekey_in);
	put_seconds(w, "life-time", c->expires_in);
	put_seconds(w, "install-time", c->installed_ago);
}

static void put_esp(struct wbuf *w, const struct ike_child_info *c)
{
	const struct transform *esn = c->chosen ? proposal_find(c->chosen, TRANSFORM_ESN) : NULL;

	codec_text(w, "protocol", "ESP");
	codec_yes(w, "encap", c->encap);
	codec_fmt(w, "spi-in", "%08x", c->spi_in);
	codec_fmt(w, "spi-out", "%08x", c->spi_out);
	put_mark(w, "in", c->mark_in, c->mark_in_mask);
	put_mark(w, "out", c->mark_out, c->mark_out_mask);
	if (c->if_id_in)
		codec_fmt(w, "if-id-in", "%08x", c->if_id_in);
	if (c->if_id_out)
		codec_fmt(w, "if-id-out", "%08x", c->if_id_out);
	if (c->chosen) {
		put_transform(w, "encr-alg", c->chosen, TRANSFORM_ENCR);
		put_transform(w, "integ-alg", c->chosen, TRANSFORM_INTEG);
		put_transform(w, "dh-group", c->chosen, TRANSFORM_KE);
		put_additional(w, c->chosen);
	}
	if (esn && esn->id == 1)
		codec_text(w, "esn", "1");
	put_traffic(w, c);
}

void report_child(struct wbuf *w, const struct ike_child_info *child)
{
	codec_text(w, "name", child->name);
	codec_fmt(w, "uniqueid", "%u", child->uid);
	codec_fmt(w, "reqid", "%u", child->reqid);
	codec_text(w, "state", ike_child_state_name(child->state));
	codec_text(w, "mode", mode_name(child->mode));
	if (child->installed)
		put_esp(w, child);
	put_ts(w, "local-ts", child->installed ? child->ts_local : NULL);
	put_ts(w, "remote-ts", child->installed ? child->ts_remote : NULL);
}

static void begin_child(struct wbuf *w, const struct ike_child_info *child)
{
	char name[CODEC_MAX_NAME + 1];

	snprintf(name, sizeof(name), "%.200s-%u", child->name, child->uid);
	codec_section(w, name);
}

void report_child_section(struct wbuf *w, const struct ike_child_info *child, bool trace)
{
	begin_child(w, child);
	report_child(w, child);
	if (trace)
		report_ladder(w, "exchanges", child->rungs);
	codec_section_end(w);
}

/* ---- exchanges ------------------------------------------------------------------------------ */

static void put_message(struct wbuf *w, const char *which, const struct ladder_message *m,
			uint8_t auth)
{
	char key[32];

	snprintf(key, sizeof(key), "%s-bytes", which);
	codec_fmt(w, key, "%u", m->bytes);
	snprintf(key, sizeof(key), "%s-packets", which);
	codec_fmt(w, key, "%u", m->packets);
	snprintf(key, sizeof(key), "%s-seen", which);
	codec_fmt(w, key, "%u", m->seen);
	snprintf(key, sizeof(key), "%s-auth", which);
	codec_text(w, key, ladder_auth_name(auth));
}

static void put_rung(struct wbuf *w, const struct ladder_rung *r, const struct ladder_rung *first)
{
	char name[32];

	codec_text(w, "exchange", ike_exchange_name(r->exchange));
	codec_fmt(w, "message-id", "%u", r->msgid);
	codec_text(w, "asked-by", r->ours ? "local" : "remote");
	if (r->ke)
		codec_text(w, "ke", alg_name(TRANSFORM_KE, r->ke, name));
	if (r->notify)
		codec_text(w, "notify", ike_notify_name(r->notify));
	codec_fmt(w, "at-us", "%" PRIu64, r->began - first->began);
	if (r->took != UINT32_MAX)
		codec_fmt(w, "took-us", "%u", r->took);
	put_message(w, "request", &r->request, r->auth_request);
	put_message(w, "response", &r->response, r->auth_response);
}

void report_ladder(struct wbuf *w, const char *name, const struct ladder_rung *first)
{
	char number[8];
	unsigned n = 0;

	if (!first)
		return;
	codec_section(w, name);
	for (const struct ladder_rung *r = first; r; r = r->next) {
		snprintf(number, sizeof(number), "%u", ++n);
		codec_section(w, number);
		put_rung(w, r, first);
		codec_section_end(w);
	}
	codec_section_end(w);
}

/* ---- events --------------------------------------------------------------------------------- */

static void put_old_and_new_sa(struct wbuf *w, const struct ike_event *e)
{
	codec_section(w, "old");
	report_sa(w, e->old_sa);
	codec_section_end(w);
	codec_section(w, "new");
	report_sa(w, e->sa);
	codec_section_end(w);
}

static void put_children(struct wbuf *w, const struct ike_event *e)
{
	codec_section(w, "child-sas");
	if (e->type == IKE_EV_CHILD_REKEY && e->child && e->old_child) {
		begin_child(w, e->old_child);
		codec_section(w, "old");
		report_child(w, e->old_child);
		codec_section_end(w);
		codec_section(w, "new");
		report_child(w, e->child);
		codec_section_end(w);
		codec_section_end(w);
	} else if (e->child) {
		report_child_section(w, e->child, false);
	}
	codec_section_end(w);
}

static void put_sa(struct wbuf *w, const struct ike_event *e)
{
	codec_section(w, e->sa->name);
	if (e->type == IKE_EV_IKE_REKEY && e->old_sa)
		put_old_and_new_sa(w, e);
	else
		report_sa(w, e->sa);
	if (e->type == IKE_EV_CHILD_UPDOWN || e->type == IKE_EV_CHILD_REKEY)
		put_children(w, e);
	codec_section_end(w);
}

static void put_moved(struct wbuf *w, const struct ike_sa_info *sa)
{
	char text[ADDR_TEXT_MAX];

	codec_text(w, "local-host", addr_text(&sa->local, text));
	codec_fmt(w, "local-port", "%u", sa->local.port);
	codec_text(w, "remote-host", addr_text(&sa->remote, text));
	codec_fmt(w, "remote-port", "%u", sa->remote.port);
}

static void put_event(struct wbuf *w, const struct ike_event *e)
{
	if (e->type == IKE_EV_ALERT) {
		codec_text(w, "type", e->alert);
		codec_section(w, "ike-sa");
		if (e->sa)
			put_sa(w, e);
		codec_section_end(w);
		return;
	}
	if (e->type == IKE_EV_IKE_UPDOWN || e->type == IKE_EV_CHILD_UPDOWN)
		codec_yes(w, "up", e->up);
	if (e->type == IKE_EV_IKE_UPDATE)
		put_moved(w, e->sa);
	put_sa(w, e);
}

void report_event(struct server *server, const struct ike_event *event)
{
	static const enum server_event names[] = {
		[IKE_EV_IKE_UPDOWN] = SERVER_EV_IKE_UPDOWN,
		[IKE_EV_CHILD_UPDOWN] = SERVER_EV_CHILD_UPDOWN,
		[IKE_EV_IKE_REKEY] = SERVER_EV_IKE_REKEY,
		[IKE_EV_CHILD_REKEY] = SERVER_EV_CHILD_REKEY,
		[IKE_EV_IKE_UPDATE] = SERVER_EV_IKE_UPDATE,
		[IKE_EV_ALERT] = SERVER_EV_ALERT,
	};
	struct wbuf w;

	if (!server_event_wanted(server, names[event->type]))
		return;
	if (!event->sa && event->type != IKE_EV_ALERT)
		return;
	wbuf_init(&w, CODEC_MAX_MESSAGE);
	put_event(&w, event);
	if (wbuf_err(&w) == 0)
		server_event_raise(server, names[event->type], wbuf_view(&w));
	wbuf_done(&w);
}
