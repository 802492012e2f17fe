/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/child.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/idle.h"
#include "ike/keys.h"
#include "ike/labels.h"
#include "ike/reauth.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/trap.h"
#include "ike/view.h"
#include "ike/x_followup_ke.h"
#include "ipsec/ipsec.h"

#define MS	     ((uint64_t)1000) /* milliseconds of a second */
#define NAME_MAX_LEN 64		      /* "net{1}", for messages of the datapath */

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
	c->keying.sa = sa;
	c->keying.chosen = &c->chosen;
	c->keying.initiator = initiator;
	c->uid = ++ike->next_child_uid;
	trap_dress(c);
	list_append(&sa->children, &c->link);
	sa->n_children++;
	ike->n_children++;
	*out = c;
	return 0;
}

static void emit(struct child *c, bool up)
{
	struct ike_child_info child;

	child_info(c, c->sa->ike->now, &child);
	view_emit(c->sa, &(struct ike_event){.type = IKE_EV_CHILD_UPDOWN,
					     .up = up,
					     .child = &child,
					     .conf = c->conn->conf});
}

void child_destroy(struct child *c)
{
	struct child *heir = child_find_heir(c, false);
	struct ike *ike = c->sa->ike;

	/* Whatever ends it, the one that the peer made in its place is there; one that is still
	 * being negotiated has nothing to replace any more. */
	if (heir && heir->handle && c->handle)
		child_take_over(heir);
	else if (heir && !heir->handle)
		x_followup_ke_abandon(&heir->keying);
	if (c->up)
		emit(c, false);
	if (c->handle)
		ike->ipsec->ops->remove(ike->ipsec, c->handle);
	else
		ike->ipsec->ops->free_spi(ike->ipsec, c->spi_in);
	timer_stop(ike, &c->rekey);
	timer_stop(ike, &c->expire);
	timer_stop(ike, &c->watch);
	idle_stop(c);
	task_drop_child(c->sa, c);
	list_remove(&c->link);
	c->sa->n_children--;
	ike->n_children--;
	keying_done(ike, &c->keying);
	secret_done(&c->encr_out);
	secret_done(&c->integ_out);
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

		if (c->spi_out == spi && c->state != CHILD_S_DELETED)
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

/* ---- installing ---- */

static uint64_t minus_random(struct ike *ike, uint64_t limit, uint64_t range)
{
	uint64_t r;

	if (range == 0 || limit == 0)
		return limit;
	ike_random(ike, &r, sizeof(r));
	if (range < UINT64_MAX)
		r %= range + 1;
	return r < limit ? limit - r : limit;
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

static void on_rekey(struct timer *t)
{
	child_rekey_due(heap_entry(t, struct child, rekey));
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
	if (c->rekey_at)
		timer_start(ike, &c->rekey, c->rekey_at - ike->now);
	c->expire.fire = on_expire;
	if (c->expire_at)
		timer_start(ike, &c->expire, f->life_time * MS);
}

static void log_established(struct child *c, const char *half)
{
	struct wbuf l, r;

	wbuf_init(&l, 0);
	wbuf_init(&r, 0);
	ts_list_text(&c->ts_local, &l);
	ts_list_text(&c->ts_remote, &r);
	sa_log(c->sa, LOG_IKE, LOG_CTRL,
	       "%sCHILD_SA %s{%u} established with SPIs %08x_i %08x_o and TS %.*s === %.*s", half,
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

/* What the datapath is told of a child; the keys are still to be filled in. */
static struct ipsec_sa_params describe(const struct child *c, char name[NAME_MAX_LEN])
{
	struct ike *ike = c->sa->ike;
	const struct conf_child *f = c->conf;
	const struct transform *encr = proposal_find(&c->chosen, TRANSFORM_ENCR);
	const struct transform *integ = proposal_find(&c->chosen, TRANSFORM_INTEG);
	const struct transform *esn = proposal_find(&c->chosen, TRANSFORM_ESN);
	const struct child *old = child_find_rekeyed(c);
	int n = snprintf(name, NAME_MAX_LEN, "%s{%u}", f->name, c->uid);

	return (struct ipsec_sa_params){
		.reqid = c->reqid,
		.mode = c->mode,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.local = c->sa->local,
		.remote = c->sa->remote,
		.encap = c->encap,
		.encr = alg_find(TRANSFORM_ENCR, encr->id),
		.key_bits = encr->key_bits,
		.integ = integ ? alg_find(TRANSFORM_INTEG, integ->id) : NULL,
		.esn = esn && esn->id == 1,
		.replay_window = f->replay_window,
		.ts_local = &c->ts_local,
		.ts_remote = &c->ts_remote,
		.labels = c->labels,
		.priority = f->priority,
		.flags = labels_flags(f),
		.tfc = f->tfc,
		.soft_bytes = minus_random(ike, f->rekey_bytes, f->rand_bytes),
		.hard_bytes = f->life_bytes,
		.soft_packets = minus_random(ike, f->rekey_packets, f->rand_packets),
		.hard_packets = f->life_packets,
		.replaces = old ? old->handle : 0,
		.name = view_make(name, n < NAME_MAX_LEN ? (size_t)n : NAME_MAX_LEN - 1),
	};
}

static int install(struct child *c, struct keys_child *k)
{
	struct ike *ike = c->sa->ike;
	char name[NAME_MAX_LEN];
	struct ipsec_sa_params p = describe(c, name);
	struct secret *encr_out = c->initiator ? &k->encr_i : &k->encr_r;
	struct secret *integ_out = c->initiator ? &k->integ_i : &k->integ_r;
	int err;

	if (c->inbound_only)
		p.spi_out = 0;
	p.encr_out = secret_view(encr_out);
	p.integ_out = secret_view(integ_out);
	p.encr_in = secret_view(c->initiator ? &k->encr_r : &k->encr_i);
	p.integ_in = secret_view(c->initiator ? &k->integ_r : &k->integ_i);
	err = ike->ipsec->ops->install(ike->ipsec, &p, &c->handle);
	if (err == 0 && c->inbound_only) {
		secret_move(&c->encr_out, encr_out);
		secret_move(&c->integ_out, integ_out);
	}
	return err;
}

int child_install_out(struct child *c)
{
	struct ike *ike = c->sa->ike;
	char name[NAME_MAX_LEN];
	struct ipsec_sa_params p = describe(c, name);
	int err;

	p.encr_out = secret_view(&c->encr_out);
	p.integ_out = secret_view(&c->integ_out);
	err = ike->ipsec->ops->install_out(ike->ipsec, c->handle, &p);
	secret_done(&c->encr_out);
	secret_done(&c->integ_out);
	c->inbound_only = false;
	if (err) {
		sa_log(c->sa, LOG_IKE, LOG_CTRL,
		       "unable to install the outbound IPsec SA of %s{%u}: %s", c->conf->name,
		       c->uid, err_text(err));
		view_alert(c->sa, "install-child-sa-failed");
	} else {
		log_established(c, "outbound ");
	}
	return err;
}

/* What a rekeyed child had, its successor has, whatever the configuration says by now. */
static void inherit(struct child *c)
{
	const struct child *old = child_find_rekeyed(c);

	if (!old)
		return;
	c->reqid = old->reqid;
	c->labels = old->labels;
	/* Its own configuration's text lives as long as it does. */
	c->labels.interface = c->conf->interface ? view_str(c->conf->interface) : (struct view){0};
}

/* The policies of a child are those of the one that it stands beside for a while (reauth.h). */
static uint32_t choose_reqid(const struct child *c)
{
	const struct child *twin = c->conf->reqid ? NULL : reauth_twin(c);
	bool same = twin && labels_equal(&c->labels, &twin->labels);

	return c->conf->reqid ? c->conf->reqid : same ? twin->reqid : ++c->sa->ike->next_reqid;
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
			.further = secret_view(&c->keying.further),
		},
		&keys);
	if (err)
		return err;
	inherit(c);
	if (!c->reqid)
		c->reqid = choose_reqid(c);
	child_set_state(c, CHILD_S_INSTALLING);
	log_keys(c, encr, integ, &keys);
	err = install(c, &keys);
	keys_child_done(&keys);
	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "unable to install IPsec SAs of %s{%u}: %s",
		       c->conf->name, c->uid, err_text(err));
		view_alert(sa, "install-child-sa-failed");
		return err;
	}
	set_lifetimes(c);
	idle_start(c);
	child_set_state(c, CHILD_S_INSTALLED);
	log_established(c, c->rekeys ? "inbound " : "");
	if (c->rekeys && !c->inbound_only)
		log_established(c, "outbound ");
	if (!c->rekeys) {
		c->up = true;
		emit(c, true);
	}
	return 0;
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
		.mode = c->mode == IPSEC_TRANSPORT ? CONF_MODE_TRANSPORT : CONF_MODE_TUNNEL,
		.encap = c->encap,
		.installed = c->handle != 0,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.chosen = &c->chosen,
		.ts_local = &c->ts_local,
		.ts_remote = &c->ts_remote,
		.mark_in = c->labels.in.value,
		.mark_in_mask = c->labels.in.mask,
		.mark_out = c->labels.out.value,
		.mark_out_mask = c->labels.out.mask,
		.if_id_in = c->labels.if_id_in,
		.if_id_out = c->labels.if_id_out,
		.rungs = c->keying.ladder.first,
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
	out->rekey_in = timer_seconds_left(c->rekey_at, now);
	out->expires_in = timer_seconds_left(c->expire_at, now);
	return true;
}

void child_start_actions(struct ike *ike, struct conn *conn, bool fresh)
{
	if (!fresh)
		return;
	for (size_t i = 0; i < conn->conf->n_children; i++) {
		const struct conf_child *c = &conn->conf->children[i];

		if ((c->start_action & CONF_ACTION_START) &&
		    (c->mode == CONF_MODE_TUNNEL || c->mode == CONF_MODE_TRANSPORT))
			control_start_child(ike, conn, c->name);
	}
}
