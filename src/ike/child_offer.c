/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/suite.h"
#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/child.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"
#include "ike/view.h"

/* What two sides agree on when a CHILD SA is made: selectors, proposals, SPIs. */

/* ---- selectors ---- */

static void add_dynamic(const struct conf_ts *t, const struct addr *a, struct ts_list *out)
{
	struct ts ts = ts_from_addr(a);

	ts.protocol = t->ts.protocol;
	ts.port_first = t->ts.port_first;
	ts.port_last = t->ts.port_last;
	(void)!ts_add(out, &ts); /* a full list cannot take more: the rest is not offered */
}

/* The virtual IPs that were asked for are still to come: any address of their families. */
static void add_any(const struct conf_ts *t, const struct strs *vips, struct ts_list *out)
{
	bool seen[2] = {false, false};

	for (size_t i = 0; i < vips->count; i++) {
		struct ts ts = t->ts;
		struct addr vip;

		if (addr_parse(&vip, vips->items[i]) || seen[vip.family == AF_INET6])
			continue;
		seen[vip.family == AF_INET6] = true;
		if (addr_range_from_subnet(&ts.range, &vip, 0) == 0)
			(void)!ts_add(out, &ts);
	}
}

struct dynamic {
	const struct addr *vips;
	size_t n_vips;
	const struct addr *outer;
	const struct strs *asked; /* virtual IPs that are still to come; NULL: none */
};

static void fill_ts(const struct conf_ts *conf, size_t n, const struct dynamic *d,
		    struct ts_list *out)
{
	out->count = 0;
	for (size_t i = 0; i < n; i++) {
		if (!conf[i].dynamic) {
			(void)!ts_add(out, &conf[i].ts);
		} else if (d->asked) {
			add_any(&conf[i], d->asked, out);
		} else if (d->n_vips == 0) {
			add_dynamic(&conf[i], d->outer, out);
		} else {
			for (size_t v = 0; v < d->n_vips; v++)
				add_dynamic(&conf[i], &d->vips[v], out);
		}
	}
}

void child_local_ts(const struct child *c, bool any, struct ts_list *out)
{
	const struct ike_sa *sa = c->sa;

	fill_ts(c->conf->local_ts, c->conf->n_local_ts,
		&(struct dynamic){sa->local_vips, sa->n_local_vips, &sa->local,
				  any ? &sa->conn->conf->vips : NULL},
		out);
}

void child_remote_ts(const struct child *c, struct ts_list *out)
{
	const struct ike_sa *sa = c->sa;

	fill_ts(c->conf->remote_ts, c->conf->n_remote_ts,
		&(struct dynamic){sa->remote_vips, sa->n_remote_vips, &sa->remote, NULL}, out);
}

/* ---- payloads ---- */

static struct view spi_bytes(uint32_t spi, uint8_t out[4])
{
	out[0] = (uint8_t)(spi >> 24);
	out[1] = (uint8_t)(spi >> 16);
	out[2] = (uint8_t)(spi >> 8);
	out[3] = (uint8_t)spi;
	return view_make(out, 4);
}

static uint32_t spi_number(const struct proposal *p)
{
	return p->spi_len != 4 ? 0
			       : (uint32_t)p->spi[0] << 24 | (uint32_t)p->spi[1] << 16 |
					 (uint32_t)p->spi[2] << 8 | p->spi[3];
}

/* CREATE_CHILD_SA carries a nonce and, with PFS, a key exchange; IKE_AUTH has neither. */
static void put_keying(const struct child *c, struct view nonce, struct view ke_data,
		       struct wire_writer *w)
{
	if (nonce.len)
		wire_put_nonce(w, nonce);
	if (ke_data.len) {
		/* Ours if we offer, else the one that was chosen. */
		uint16_t method = c->keying.ke ? ke_alg(c->keying.ke)->id
					       : proposal_find(&c->chosen, TRANSFORM_KE)->id;

		wire_put_ke(w, method, ke_data);
	}
}

static bool has_ts(const struct ts_list *l, const struct ts *ts)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (ts_contains(&l->t[i], ts))
			return true;
	}
	return false;
}

static void put_first(struct ts_list *l, const struct ts *ts)
{
	memmove(&l->t[1], &l->t[0], l->count * sizeof(l->t[0]));
	l->t[0] = *ts;
	l->count++;
}

/*
 * The packet that the child is made for goes first, so that a peer that narrows leaves it in (RFC
 * 7296 section 2.9). Its source may be an address that a virtual IP is to replace.
 */
static void put_packet_first(const struct child *c, struct ts_list *local, struct ts_list *remote)
{
	if (!c->has_packet || c->rekeys || local->count == TS_MAX || remote->count == TS_MAX ||
	    !has_ts(local, &c->packet_src) || !has_ts(remote, &c->packet_dst))
		return;
	put_first(local, &c->packet_src);
	put_first(remote, &c->packet_dst);
}

/* ---- transport mode ---- */

static bool are_hosts(const struct ts_list *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		unsigned bits;

		if (!addr_range_is_subnet(&l->t[i].range, &bits) ||
		    bits != addr_len(l->t[i].range.family) * 8)
			return false;
	}
	return l->count > 0;
}

/* A child that replaces another has its mode; transport mode is for hosts only. */
static bool wants_transport(const struct child *c, const struct ts_list *local,
			    const struct ts_list *remote)
{
	const struct child *old = child_find_rekeyed(c);

	return c->conf->mode == CONF_MODE_TRANSPORT && (!old || old->mode == IPSEC_TRANSPORT) &&
	       are_hosts(local) && are_hosts(remote);
}

static void put_mode(bool transport, struct wire_writer *w)
{
	if (transport)
		wire_put_notify(w, N_USE_TRANSPORT_MODE, (struct view){0});
}

/* Selectors of the host `from` become those of `to`. */
static void replace_host(struct ts_list *l, const struct addr *from, const struct addr *to)
{
	const struct addr_range old = ts_from_addr(from).range, fresh = ts_from_addr(to).range;

	for (unsigned i = 0; from->family && to->family && i < l->count; i++) {
		if (addr_range_contains(&old, &l->t[i].range))
			l->t[i].range = fresh;
	}
}

/*
 * A peer that asks for transport mode names itself by its own address and us by the one it sees;
 * behind a NAT we know both by another (RFC 7296 section 2.23.1).
 */
static void undo_nat(struct ts_list *l, bool nat, const struct addr *outer, struct addr *out_told)
{
	const struct addr_range *r = &l->t[0].range;

	*out_told = (struct addr){0};
	if (!nat || !are_hosts(l))
		return;
	out_told->family = r->family;
	memcpy(out_told->ip, r->first, addr_len(r->family));
	replace_host(l, out_told, outer);
}

void child_put_offer(const struct child *c, const struct child_offer *offer, struct wire_writer *w)
{
	struct proposals *p = calloc(1, sizeof(*p));
	struct ts_list local, remote;
	uint8_t spi[4];

	if (!p) {
		w->buf->err = E_NOMEM;
		return;
	}
	child_local_ts(c, offer->any_ts, &local);
	child_remote_ts(c, &remote);
	put_mode(wants_transport(c, &local, &remote), w);
	select_copy(c->conf->esp, offer->nonce.len == 0, spi_bytes(c->spi_in, spi), p);
	wire_put_sa(w, p);
	free(p);
	put_keying(c, offer->nonce, offer->ke_data, w);
	put_packet_first(c, &local, &remote);
	wire_put_ts(w, PAYLOAD_TSI, &local);
	wire_put_ts(w, PAYLOAD_TSR, &remote);
}

void child_put_answer(const struct child *c, struct view nonce, struct view ke_data,
		      struct wire_writer *w)
{
	struct proposals *p = calloc(1, sizeof(*p));
	struct ts_list ts;
	uint8_t spi[4];

	if (!p) {
		w->buf->err = E_NOMEM;
		return;
	}
	put_mode(c->mode == IPSEC_TRANSPORT, w);
	p->count = 1;
	p->p[0] = c->chosen;
	p->p[0].spi_len = 4;
	spi_bytes(c->spi_in, spi);
	memcpy(p->p[0].spi, spi, sizeof(spi));
	wire_put_sa(w, p);
	free(p);
	put_keying(c, nonce, ke_data, w);
	ts = c->ts_remote;
	replace_host(&ts, &c->sa->remote, &c->told_remote);
	wire_put_ts(w, PAYLOAD_TSI, &ts);
	ts = c->ts_local;
	replace_host(&ts, &c->sa->local, &c->told_local);
	wire_put_ts(w, PAYLOAD_TSR, &ts);
}

/* ---- deciding ---- */

/* "LOCAL === REMOTE" of a child's configuration as it would be offered. */
static void configured_ts(const struct child *c, struct wbuf *out)
{
	struct ts_list ts;

	child_local_ts(c, c->sa->caller && c->sa->conn->conf->vips.count, &ts);
	ts_list_text(&ts, out);
	wbuf_str(out, " === ");
	child_remote_ts(c, &ts);
	ts_list_text(&ts, out);
}

void child_log_refused(struct child *c, uint16_t notify, char out_why[CHILD_WHY_MAX])
{
	struct ike_sa *sa = c->sa;
	const char *name = ike_notify_name(notify);
	struct wbuf text;

	snprintf(out_why, CHILD_WHY_MAX, "received %s notify, no CHILD_SA built",
		 name ? name : "an unknown error");
	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", out_why);
	wbuf_init(&text, 0);
	if (notify == N_NO_PROPOSAL_CHOSEN) {
		suite_list_text(c->conf->esp, &text);
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the peer has none of our proposals: %.*s; compare esp_proposals of '%s' "
		       "on both sides",
		       (int)text.len, (char *)text.data, c->conf->name);
		view_alert(sa, "proposal-mismatch-child");
	} else if (notify == N_TS_UNACCEPTABLE) {
		configured_ts(c, &text);
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the peer has no child for our selectors %.*s; compare local_ts and "
		       "remote_ts of '%s' on both sides",
		       (int)text.len, (char *)text.data, c->conf->name);
		view_alert(sa, "ts-mismatch");
	} else if (notify == N_INTERNAL_ADDRESS_FAILURE) {
		view_alert(sa, "vip-failure");
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the peer has no virtual IP for us, and vips of '%s' asks for one",
		       sa_name(sa));
	}
	wbuf_done(&text);
}

static void log_ts_mismatch(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct wbuf l, r;

	wbuf_init(&l, 0);
	wbuf_init(&r, 0);
	ts_list_text(&msg->tsr, &l);
	ts_list_text(&msg->tsi, &r);
	sa_log(sa, LOG_IKE, LOG_CTRL, "traffic selectors %.*s === %.*s unacceptable", (int)l.len,
	       (char *)l.data, (int)r.len, (char *)r.data);
	for (size_t i = 0; i < sa->conn->conf->n_children; i++) {
		struct child look = {.sa = sa, .conf = &sa->conn->conf->children[i]};

		wbuf_reset(&l);
		configured_ts(&look, &l);
		sa_log(sa, LOG_CFG, LOG_CTRL, "local_ts and remote_ts of child '%s' are %.*s",
		       look.conf->name, (int)l.len, (char *)l.data);
	}
	wbuf_done(&l);
	wbuf_done(&r);
}

/* The narrowed selectors of one configuration, if both sides meet, and the mode. */
static int narrow(struct child *c, const struct wire_msg *msg)
{
	bool transport =
		c->conf->mode == CONF_MODE_TRANSPORT && wire_msg_notify(msg, N_USE_TRANSPORT_MODE);
	struct ts_list local, remote, their_local, their_remote;
	int err;

	their_local = c->initiator ? msg->tsi : msg->tsr;
	their_remote = c->initiator ? msg->tsr : msg->tsi;
	child_local_ts(c, false, &local);
	child_remote_ts(c, &remote);
	if (transport && !c->initiator) {
		undo_nat(&their_local, c->sa->nat_local, &c->sa->local, &c->told_local);
		undo_nat(&their_remote, c->sa->nat_remote, &c->sa->remote, &c->told_remote);
	}
	err = ts_narrow(&local, &their_local, &c->ts_local);
	if (err == 0)
		err = ts_narrow(&remote, &their_remote, &c->ts_remote);
	if (transport && err == 0 && are_hosts(&c->ts_local) && are_hosts(&c->ts_remote))
		c->mode = IPSEC_TRANSPORT;
	return err;
}

static struct select_params selection(const struct ike_sa *sa, const struct conf_child *conf,
				      const struct wire_msg *msg, bool without_ke)
{
	return (struct select_params){
		.configured = conf->esp,
		.received = &msg->sa,
		.prefer_configured = sa->ike->settings.prefer_configured_proposals,
		.allow_private = sa->peer_strongswan || sa->ike->settings.accept_private_algs,
		.without_ke = without_ke,
	};
}

static void log_mode(const struct child *c)
{
	if (c->conf->mode == CONF_MODE_TRANSPORT && c->mode == IPSEC_TUNNEL)
		sa_log(c->sa, LOG_IKE, LOG_CTRL,
		       "the peer does not want transport mode for '%s', or not between two hosts: "
		       "using tunnel mode",
		       c->conf->name);
}

int child_accept(struct ike_sa *sa, const struct child_request *request, struct child **out,
		 uint16_t *out_notify)
{
	struct conn *conn = request->conn ? request->conn : sa->conn;
	const struct conf_conn *conf = conn->conf;
	const struct wire_msg *msg = request->msg;
	const struct conf_child *met = NULL;
	struct select_params sel;
	struct child *c = NULL;
	int err = E_TS;

	*out_notify = N_TS_UNACCEPTABLE;
	for (size_t i = 0; i < conf->n_children; i++) {
		const struct conf_child *try = &conf->children[i];

		if (try->mode != CONF_MODE_TUNNEL && try->mode != CONF_MODE_TRANSPORT)
			continue;
		if (request->conf && request->conf != try)
			continue;
		/* The selectors need a child to look at; it is ours only until they do not meet. */
		struct child look = {.sa = sa, .conf = try};

		if (narrow(&look, msg))
			continue;
		met = met ? met : try;
		sel = selection(sa, try, msg, request->without_ke);
		/* SPI 0 is no SPI (RFC 4303 section 2.1). */
		if (select_proposal(&sel, &look.chosen) || spi_number(&look.chosen) == 0)
			continue;
		err = child_new(sa, conn, try, false, &c);
		if (err) {
			*out_notify = N_NO_ADDITIONAL_SAS;
			return err;
		}
		c->chosen = look.chosen;
		c->ts_local = look.ts_local;
		c->ts_remote = look.ts_remote;
		c->told_local = look.told_local;
		c->told_remote = look.told_remote;
		c->mode = look.mode;
		log_mode(c);
		c->spi_out = spi_number(&c->chosen);
		select_log_chosen(sa, &c->chosen);
		*out = c;
		return 0;
	}
	if (!met) {
		log_ts_mismatch(sa, msg);
		view_alert(sa, "ts-mismatch");
		return err;
	}
	sel = selection(sa, met, msg, request->without_ke);
	select_log_mismatch(sa, &sel, met->name, "esp_proposals");
	view_alert(sa, "proposal-mismatch-child");
	*out_notify = N_NO_PROPOSAL_CHOSEN;
	return E_NOPROPOSAL;
}

int child_check_answer(struct child *c, const struct wire_msg *msg, bool without_ke,
		       uint16_t *out_notify)
{
	struct select_params sel = selection(c->sa, c->conf, msg, without_ke);
	int err;

	*out_notify = N_NO_PROPOSAL_CHOSEN;
	if (!msg->has_sa || !msg->has_tsi || !msg->has_tsr)
		return E_MALFORMED;
	err = msg->sa.count == 1 ? select_proposal(&sel, &c->chosen) : E_NOPROPOSAL;
	c->spi_out = spi_number(&c->chosen);
	if (err || c->spi_out == 0) {
		select_log_mismatch(c->sa, &sel, c->conf->name, "esp_proposals");
		view_alert(c->sa, "proposal-mismatch-child");
		return E_NOPROPOSAL;
	}
	select_log_chosen(c->sa, &c->chosen);
	*out_notify = N_TS_UNACCEPTABLE;
	err = narrow(c, msg);
	if (err) {
		log_ts_mismatch(c->sa, msg);
		view_alert(c->sa, "ts-mismatch");
	} else {
		log_mode(c);
	}
	return err;
}

int child_refusal(uint16_t notify)
{
	switch (notify) {
	case N_TS_UNACCEPTABLE:
		return E_TS;
	case N_INTERNAL_ADDRESS_FAILURE:
	case N_NO_ADDITIONAL_SAS:
		return E_FULL;
	case N_TEMPORARY_FAILURE:
		return E_BUSY;
	default:
		return E_NOPROPOSAL;
	}
}
