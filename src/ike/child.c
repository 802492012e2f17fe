/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/suite.h"
#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/keys.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ipsec/ipsec.h"

#define REKEY_RETRY_MS 30000
#define MS	       ((uint64_t)1000) /* milliseconds of a second */

int child_new(struct ike_sa *sa, struct conn *conn, const struct conf_child *conf, bool initiator,
	      struct child **out)
{
	struct ike *ike = sa->ike;
	struct child *c;
	int err;

	if (sa->n_children >= SA_MAX_CHILDREN)
		return E_LIMIT;
	c = calloc(1, sizeof(*c));
	if (!c)
		return E_NOMEM;
	err = ike->ipsec->ops->alloc_spi(ike->ipsec, &c->spi_in);
	if (err) {
		free(c);
		return err;
	}
	c->sa = sa;
	c->conn = conn_get(conn);
	c->conf = conf;
	c->initiator = initiator;
	c->uid = ++ike->next_child_uid;
	list_append(&sa->children, &c->link);
	sa->n_children++;
	ike->n_children++;
	*out = c;
	return 0;
}

static void emit(struct child *c, enum ike_event_type type, bool up)
{
	struct ike_child_info child;

	child_info(c, c->sa->ike->now, &child);
	view_emit(c->sa, &(struct ike_event){
				 .type = type, .up = up, .child = &child, .conf = c->conn->conf});
}

void child_forget_keying(struct child *c)
{
	secret_done(&c->nonce);
	secret_done(&c->peer_nonce);
	secret_done(&c->shared);
	secret_done(&c->further);
	secret_done(&c->followup_link);
}

void child_destroy(struct child *c)
{
	struct ike *ike = c->sa->ike;

	if (c->handle) {
		emit(c, IKE_EV_CHILD_UPDOWN, false);
		ike->ipsec->ops->remove(ike->ipsec, c->handle);
	} else {
		ike->ipsec->ops->free_spi(ike->ipsec, c->spi_in);
	}
	timer_stop(ike, &c->rekey);
	timer_stop(ike, &c->expire);
	task_drop_child(c->sa, c);
	list_remove(&c->link);
	c->sa->n_children--;
	ike->n_children--;
	child_forget_keying(c);
	ke_free(c->ke);
	conn_put(c->conn);
	free(c);
}

struct child *child_find_in(struct ike_sa *sa, uint32_t spi)
{
	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (c->spi_in == spi)
			return c;
	}
	return NULL;
}

struct child *child_find_uid(struct ike_sa *sa, uint32_t uid)
{
	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (c->uid == uid)
			return c;
	}
	return NULL;
}

struct child *child_find_out(struct ike_sa *sa, uint32_t spi)
{
	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (c->spi_out == spi)
			return c;
	}
	return NULL;
}

void child_set_state(struct child *c, enum ike_child_state state)
{
	if (c->state != state)
		sa_log(c->sa, LOG_CHD, LOG_DETAIL, "CHILD_SA %s{%u} state change: %s => %s",
		       c->conf->name, c->uid, ike_child_state_name(c->state),
		       ike_child_state_name(state));
	c->state = state;
}

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
		uint16_t method =
			c->ke ? ke_alg(c->ke)->id : proposal_find(&c->chosen, TRANSFORM_KE)->id;

		wire_put_ke(w, method, ke_data);
	}
}

void child_put_offer(const struct child *c, const struct child_offer *offer, struct wire_writer *w)
{
	struct proposals *p = calloc(1, sizeof(*p));
	struct ts_list ts;
	uint8_t spi[4];

	if (!p) {
		w->buf->err = E_NOMEM;
		return;
	}
	select_copy(c->conf->esp, offer->nonce.len == 0, spi_bytes(c->spi_in, spi), p);
	wire_put_sa(w, p);
	free(p);
	put_keying(c, offer->nonce, offer->ke_data, w);
	child_local_ts(c, offer->any_ts, &ts);
	wire_put_ts(w, PAYLOAD_TSI, &ts);
	child_remote_ts(c, &ts);
	wire_put_ts(w, PAYLOAD_TSR, &ts);
}

void child_put_answer(const struct child *c, struct view nonce, struct view ke_data,
		      struct wire_writer *w)
{
	struct proposals *p = calloc(1, sizeof(*p));
	uint8_t spi[4];

	if (!p) {
		w->buf->err = E_NOMEM;
		return;
	}
	p->count = 1;
	p->p[0] = c->chosen;
	p->p[0].spi_len = 4;
	spi_bytes(c->spi_in, spi);
	memcpy(p->p[0].spi, spi, sizeof(spi));
	wire_put_sa(w, p);
	free(p);
	put_keying(c, nonce, ke_data, w);
	wire_put_ts(w, PAYLOAD_TSI, &c->ts_remote);
	wire_put_ts(w, PAYLOAD_TSR, &c->ts_local);
}

/* ---- deciding ---- */

/* "LOCAL === REMOTE" of a child's configuration as it would be offered. */
static void configured_ts(const struct child *c, struct wbuf *out)
{
	struct ts_list ts;

	child_local_ts(c, c->sa->initiator && c->sa->conn->conf->vips.count, &ts);
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
		       "the peer has none of our proposals: %.*s; compare esp_proposals of '%s' on "
		       "both "
		       "sides",
		       (int)text.len, (char *)text.data, c->conf->name);
	} else if (notify == N_TS_UNACCEPTABLE) {
		configured_ts(c, &text);
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the peer has no child for our selectors %.*s; compare local_ts and "
		       "remote_ts of "
		       "'%s' on both sides",
		       (int)text.len, (char *)text.data, c->conf->name);
	} else if (notify == N_INTERNAL_ADDRESS_FAILURE) {
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

/* The narrowed selectors of one configuration, if both sides meet. */
static int narrow(struct child *c, const struct wire_msg *msg)
{
	struct ts_list local, remote;
	int err;

	child_local_ts(c, false, &local);
	child_remote_ts(c, &remote);
	err = ts_narrow(&local, c->initiator ? &msg->tsi : &msg->tsr, &c->ts_local);
	if (err == 0)
		err = ts_narrow(&remote, c->initiator ? &msg->tsr : &msg->tsi, &c->ts_remote);
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

int child_accept(struct ike_sa *sa, const struct wire_msg *msg, bool without_ke, struct child **out,
		 uint16_t *out_notify)
{
	const struct conf_conn *conf = sa->conn->conf;
	const struct conf_child *met = NULL;
	struct select_params sel;
	struct child *c = NULL;
	int err = E_TS;

	*out_notify = N_TS_UNACCEPTABLE;
	for (size_t i = 0; i < conf->n_children; i++) {
		const struct conf_child *try = &conf->children[i];

		if (try->mode != CONF_MODE_TUNNEL)
			continue;
		/* The selectors need a child to look at; it is ours only until they do not meet. */
		struct child look = {.sa = sa, .conf = try};

		if (narrow(&look, msg))
			continue;
		met = met ? met : try;
		sel = selection(sa, try, msg, without_ke);
		/* SPI 0 is no SPI (RFC 4303 section 2.1). */
		if (select_proposal(&sel, &look.chosen) || spi_number(&look.chosen) == 0)
			continue;
		err = child_new(sa, sa->conn, try, false, &c);
		if (err) {
			*out_notify = N_NO_ADDITIONAL_SAS;
			return err;
		}
		c->chosen = look.chosen;
		c->ts_local = look.ts_local;
		c->ts_remote = look.ts_remote;
		c->spi_out = spi_number(&c->chosen);
		select_log_chosen(sa, &c->chosen);
		*out = c;
		return 0;
	}
	if (!met) {
		log_ts_mismatch(sa, msg);
		return err;
	}
	sel = selection(sa, met, msg, without_ke);
	select_log_mismatch(sa, &sel, met->name, "esp_proposals");
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
		return E_NOPROPOSAL;
	}
	select_log_chosen(c->sa, &c->chosen);
	*out_notify = N_TS_UNACCEPTABLE;
	err = narrow(c, msg);
	if (err)
		log_ts_mismatch(c->sa, msg);
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

/* ---- installing ---- */

static uint64_t minus_random(struct ike *ike, uint64_t ms, uint64_t range_ms)
{
	uint64_t r;

	if (range_ms == 0 || ms == 0)
		return ms;
	ike_random(ike, &r, sizeof(r));
	r %= range_ms + 1;
	return r < ms ? ms - r : ms;
}

/* The hard lifetime is over: both sides forget the child (there is no one to keep it for). */
static void on_expire(struct timer *t)
{
	struct child *c = heap_entry(t, struct child, expire);

	if (task_pending(c->sa, &task_child_delete, c))
		return;
	sa_log(c->sa, LOG_IKE, LOG_CTRL, "CHILD_SA %s{%u} reached its life_time, deleting",
	       c->conf->name, c->uid);
	if (task_queue(c->sa, &task_child_delete, c, NULL, NULL))
		child_destroy(c);
}

struct child *child_find_rekeyed(const struct child *fresh)
{
	return fresh->rekeys ? child_find_uid(fresh->sa, fresh->rekeys) : NULL;
}

bool child_is_rekeying(const struct child *c)
{
	return task_pending(c->sa, &task_child_rekey, c) || c->state == CHILD_S_REKEYING;
}

/* New keys are due. The side that made the child asks for them: two would make two. */
static void on_rekey(struct timer *t)
{
	struct child *c = heap_entry(t, struct child, rekey);

	if (c->state != CHILD_S_INSTALLED || c->sa->state != IKE_S_ESTABLISHED)
		return;
	sa_log(c->sa, LOG_KNL, LOG_CTRL, "creating rekey job for CHILD_SA ESP/0x%08x", c->spi_in);
	if (task_queue(c->sa, &task_child_rekey, c, NULL, NULL))
		child_retry_rekey(c);
}

void child_retry_rekey(struct child *c)
{
	uint64_t ms = minus_random(c->sa->ike, 2 * REKEY_RETRY_MS, REKEY_RETRY_MS);

	if (c->state == CHILD_S_REKEYING)
		child_set_state(c, CHILD_S_INSTALLED);
	if (c->handle)
		timer_start(c->sa->ike, &c->rekey, ms);
}

static void set_lifetimes(struct child *c)
{
	const struct conf_child *f = c->conf;
	struct ike *ike = c->sa->ike;

	c->installed = ike->now;
	c->rekey_at = f->rekey_time
			      ? ike->now + minus_random(ike, f->rekey_time * MS, f->rand_time * MS)
			      : 0;
	c->expire_at = f->life_time ? ike->now + f->life_time * MS : 0;
	c->rekey.fire = on_rekey;
	if (c->rekey_at && c->initiator)
		timer_start(ike, &c->rekey, c->rekey_at - ike->now);
	c->expire.fire = on_expire;
	if (c->expire_at)
		timer_start(ike, &c->expire, f->life_time * MS);
}

static void log_established(struct child *c)
{
	struct wbuf l, r;

	wbuf_init(&l, 0);
	wbuf_init(&r, 0);
	ts_list_text(&c->ts_local, &l);
	ts_list_text(&c->ts_remote, &r);
	sa_log(c->sa, LOG_IKE, LOG_CTRL,
	       "CHILD_SA %s{%u} established with SPIs %08x_i %08x_o and TS %.*s === %.*s",
	       c->conf->name, c->uid, c->spi_in, c->spi_out, (int)l.len, (char *)l.data, (int)r.len,
	       (char *)r.data);
	wbuf_done(&l);
	wbuf_done(&r);
}

static void log_keys(struct child *c, const struct alg *encr, const struct alg *integ,
		     const struct keys_child *k)
{
	struct ike *ike = c->sa->ike;
	const struct transform *t = proposal_find(&c->chosen, TRANSFORM_ENCR);
	struct ike_keylog log = {.encr = encr->id,
				 .encr_bits = (uint16_t)alg_encr_key_bits(encr, t->key_bits),
				 .integ = integ ? integ->id : 0};

	if (!ike->settings.save_keys_esp || !ike->hooks.keys)
		return;
	for (int in = 0; in < 2; in++) {
		bool from_initiator = in ? !c->initiator : c->initiator;

		log.spi = in ? c->spi_in : c->spi_out;
		log.src = in ? c->sa->remote : c->sa->local;
		log.dst = in ? c->sa->local : c->sa->remote;
		log.encr_key = secret_view(from_initiator ? &k->encr_i : &k->encr_r);
		log.integ_key = secret_view(from_initiator ? &k->integ_i : &k->integ_r);
		ike->hooks.keys(ike->hooks.ctx, &log);
	}
}

static int install(struct child *c, const struct alg *encr, const struct alg *integ,
		   const struct keys_child *k)
{
	struct ike_sa *sa = c->sa;
	struct ike *ike = sa->ike;
	const struct conf_child *f = c->conf;
	const struct transform *esn = proposal_find(&c->chosen, TRANSFORM_ESN);
	char name[64];
	struct ipsec_sa_params p = {
		.reqid = c->reqid,
		.mode = IPSEC_TUNNEL,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.local = sa->local,
		.remote = sa->remote,
		.encap = c->encap,
		.encr = encr,
		.key_bits = proposal_find(&c->chosen, TRANSFORM_ENCR)->key_bits,
		.integ = integ,
		.encr_out = secret_view(c->initiator ? &k->encr_i : &k->encr_r),
		.integ_out = secret_view(c->initiator ? &k->integ_i : &k->integ_r),
		.encr_in = secret_view(c->initiator ? &k->encr_r : &k->encr_i),
		.integ_in = secret_view(c->initiator ? &k->integ_r : &k->integ_i),
		.esn = esn && esn->id == 1,
		.replay_window = f->replay_window,
		.ts_local = &c->ts_local,
		.ts_remote = &c->ts_remote,
		.labels =
			{
				.in = {f->mark_in, f->mark_in_mask},
				.out = {f->mark_out, f->mark_out_mask},
				.if_id_in = f->if_id_in,
				.if_id_out = f->if_id_out,
			},
		.hard_bytes = f->life_bytes,
		.hard_packets = f->life_packets,
	};
	int n = snprintf(name, sizeof(name), "%s{%u}", f->name, c->uid);

	p.name = view_make(name, n < (int)sizeof(name) ? (size_t)n : sizeof(name) - 1);
	return ike->ipsec->ops->install(ike->ipsec, &p, &c->handle);
}

int child_establish(struct child *c, struct view shared, struct view ni, struct view nr)
{
	struct ike_sa *sa = c->sa;
	struct ike *ike = sa->ike;
	const struct transform *te = proposal_find(&c->chosen, TRANSFORM_ENCR);
	const struct transform *ti = proposal_find(&c->chosen, TRANSFORM_INTEG);
	const struct alg *encr = alg_find(TRANSFORM_ENCR, te->id);
	const struct alg *integ = ti ? alg_find(TRANSFORM_INTEG, ti->id) : NULL;
	struct keys_child keys;
	int err;

	c->encap = sa->nat_local || sa->nat_remote || sa->nat_fake;
	if (!c->encap && ike->ipsec->ops->needs_encap(ike->ipsec)) {
		sa_log(sa, LOG_KNL, LOG_CTRL,
		       "the '%s' datapath sends ESP only in UDP, and the peer does not know NAT "
		       "traversal",
		       ike->ipsec->ops->name);
		return E_UNSUPPORTED;
	}
	err = keys_derive_child(
		&(struct keys_child_params){
			.prf = sa->prf,
			.encr = encr,
			.integ = integ,
			.key_bits = te->key_bits,
			.sk_d = secret_view(&sa->keys.d),
			.shared = shared,
			.ni = ni,
			.nr = nr,
			.further = secret_view(&c->further),
		},
		&keys);
	if (err)
		return err;
	if (!c->reqid)
		c->reqid = c->conf->reqid ? c->conf->reqid : ++ike->next_reqid;
	child_set_state(c, CHILD_S_INSTALLING);
	log_keys(c, encr, integ, &keys);
	err = install(c, encr, integ, &keys);
	keys_child_done(&keys);
	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "unable to install IPsec SAs of %s{%u}: %s",
		       c->conf->name, c->uid, err_text(err));
		return err;
	}
	set_lifetimes(c);
	child_set_state(c, CHILD_S_INSTALLED);
	if (child_find_rekeyed(c) && !c->initiator)
		child_set_state(child_find_rekeyed(c), CHILD_S_REKEYED); /* the peer deletes it */
	log_established(c);
	emit(c, IKE_EV_CHILD_UPDOWN, true);
	return 0;
}

static uint64_t seconds_until(uint64_t at, uint64_t now)
{
	return !at ? UINT64_MAX : at > now ? (at - now) / MS : 0;
}

bool child_info(struct child *c, uint64_t now, struct ike_child_info *out)
{
	struct ipsec *ipsec = c->sa->ike->ipsec;
	struct ipsec_stats s = {0};

	*out = (struct ike_child_info){
		.name = c->conf->name,
		.uid = c->uid,
		.reqid = c->reqid,
		.state = c->state,
		.mode = c->conf->mode,
		.encap = c->encap,
		.installed = c->handle != 0,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.chosen = &c->chosen,
		.ts_local = &c->ts_local,
		.ts_remote = &c->ts_remote,
		.mark_in = c->conf->mark_in,
		.mark_in_mask = c->conf->mark_in_mask,
		.mark_out = c->conf->mark_out,
		.mark_out_mask = c->conf->mark_out_mask,
		.if_id_in = c->conf->if_id_in,
		.if_id_out = c->conf->if_id_out,
		.use_in = UINT64_MAX,
		.use_out = UINT64_MAX,
	};
	if (!c->handle || ipsec->ops->query(ipsec, c->handle, &s))
		return false;
	out->bytes_in = s.in.bytes;
	out->packets_in = s.in.packets;
	out->bytes_out = s.out.bytes;
	out->packets_out = s.out.packets;
	if (s.in.last_use)
		out->use_in = now > s.in.last_use ? (now - s.in.last_use) / MS : 0;
	if (s.out.last_use)
		out->use_out = now > s.out.last_use ? (now - s.out.last_use) / MS : 0;
	out->dropped_policy_in = s.dropped_policy_in;
	out->dropped_policy_out = s.dropped_policy_out;
	out->dropped_replay = s.dropped_replay;
	out->dropped_auth = s.dropped_auth;
	out->installed_ago = (now - c->installed) / MS;
	out->rekey_in = seconds_until(c->rekey_at, now);
	out->expires_in = seconds_until(c->expire_at, now);
	return true;
}

void child_start_actions(struct ike *ike, struct conn *conn, bool fresh)
{
	if (!fresh)
		return;
	for (size_t i = 0; i < conn->conf->n_children; i++) {
		const struct conf_child *c = &conn->conf->children[i];

		if (c->start_action & CONF_ACTION_START)
			control_start_child(ike, conn, c->name);
	}
}
