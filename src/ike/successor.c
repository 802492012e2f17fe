/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/successor.h"

#include <stdlib.h>

#include "crypto/alg.h"
#include "ike/child.h"
#include "ike/conn.h"
#include "ike/init.h"
#include "ike/keys.h"
#include "ike/liveness.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ike/window.h"

#define REDUNDANT_MS 60000  /* the peer, who made a redundant SA, deletes it within this time */
#define REKEYED_MS   180000 /* the peer, who rekeyed an SA, deletes the old one within this time */

int successor_new(struct ike_sa *old, bool ours, struct successor **out)
{
	struct successor *s = calloc(1, sizeof(*s));

	if (!s)
		return E_NOMEM;
	s->keying.sa = old;
	s->keying.chosen = &s->chosen;
	s->keying.initiator = ours;
	s->uid = ++old->ike->next_sa_uid;
	do
		ike_random(old->ike, &s->our_spi, sizeof(s->our_spi));
	while (s->our_spi == 0 || sa_find_spi(old->ike, s->our_spi));
	*(ours ? &old->ours : &old->theirs) = s;
	*out = s;
	return 0;
}

static void on_overdue(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, expire);

	sa_log(sa, LOG_IKE, LOG_CTRL, "the peer did not delete IKE_SA %s[%u], destroying it",
	       sa_name(sa), sa->uid);
	sa_destroy(sa, E_TIMEOUT, "replaced by another IKE_SA");
}

static void await_delete(struct ike_sa *sa, uint64_t ms)
{
	sa->expire.fire = on_overdue;
	timer_start(sa->ike, &sa->expire, ms);
}

void successor_drop(struct ike_sa *old, bool ours)
{
	struct successor **slot = ours ? &old->ours : &old->theirs, *s = *slot;

	if (!s)
		return;
	*slot = NULL;
	if (s->made) {
		s->made->replaces = NULL;
		await_delete(s->made, REDUNDANT_MS);
	}
	keying_done(old->ike, &s->keying);
	free(s);
}

void successor_lose(struct ike_sa *made)
{
	struct ike_sa *old = made->replaces;

	if (!old)
		return;
	made->replaces = NULL;
	old->theirs->made = NULL;
	successor_drop(old, false);
}

static int derive(const struct successor *s, struct view shared, struct ike_sa *fresh)
{
	const struct ike_sa *old = s->keying.sa;
	bool ours = s->keying.initiator;
	struct view nonce = secret_view(&s->keying.nonce);
	struct view peer_nonce = secret_view(&s->keying.peer_nonce);

	return keys_derive_ike(
		&(struct keys_ike_params){
			.prf = fresh->prf,
			.old_prf = old->prf,
			.encr = fresh->encr,
			.integ = fresh->integ,
			.key_bits = proposal_find(&fresh->chosen, TRANSFORM_ENCR)->key_bits,
			.sk_d = secret_view(&old->keys.d),
			.shared = shared,
			.ni = ours ? nonce : peer_nonce,
			.nr = ours ? peer_nonce : nonce,
			.further = secret_view(&s->keying.further),
			.spi_i = fresh->spi_i,
			.spi_r = fresh->spi_r,
		},
		&fresh->keys);
}

int successor_make(struct successor *s, struct view shared, struct ike_sa **out)
{
	struct ike_sa *old = s->keying.sa, *fresh;
	int err = sa_new_like(old, s, &fresh);

	if (err)
		return err;
	fresh->chosen = s->chosen;
	fresh->chosen.spi_len = 0;
	init_set_algs(fresh);
	err = derive(s, shared, fresh);
	if (err == 0)
		err = sa_use_keys(fresh);
	if (err) {
		sa_destroy(fresh, err, err_text(err));
		return err;
	}
	keying_forget_secrets(&s->keying);
	ladder_move(&fresh->rekeyed, &s->keying.ladder);
	*out = fresh;
	return 0;
}

static void hand_over_children(struct ike_sa *from, struct ike_sa *to)
{
	list_foreach_safe(it, &from->children) {
		struct child *c = list_entry(it, struct child, link);

		if (!c->handle && c->state == CHILD_S_CREATED) {
			child_destroy(c); /* negotiated over the old SA, and not to the end */
			continue;
		}
		list_remove(&c->link);
		list_append(&to->children, &c->link);
		from->n_children--;
		to->n_children++;
		c->sa = c->keying.sa = to;
	}
}

/* Leases and addresses stay as they are: only who holds them changes. */
static void move_addresses(struct ike_sa *from, struct ike_sa *to)
{
	for (size_t i = 0; i < from->n_local_vips; i++) {
		to->local_vips[i] = from->local_vips[i];
		to->local_vip_added[i] = from->local_vip_added[i];
	}
	for (size_t i = 0; i < from->n_remote_vips; i++)
		to->remote_vips[i] = from->remote_vips[i];
	for (size_t i = 0; i < from->n_dns; i++)
		to->dns[i] = from->dns[i];
	to->redirect = from->redirect;
	from->redirect = (struct redirect){0};
	to->shares_leases = from->shares_leases;
	to->n_local_vips = from->n_local_vips;
	to->n_remote_vips = from->n_remote_vips;
	to->n_dns = from->n_dns;
	from->n_local_vips = from->n_remote_vips = from->n_dns = 0;
}

void successor_inherit(struct ike_sa *old, struct ike_sa *fresh)
{
	struct ike *ike = old->ike;

	if (old->theirs && old->theirs->made == fresh) {
		old->theirs->made = NULL;
		fresh->replaces = NULL;
	}
	successor_drop(old, true);
	successor_drop(old, false);
	timer_stop(ike, &old->rekey);
	timer_stop(ike, &old->dpd);
	timer_stop(ike, &old->keepalive);
	hand_over_children(old, fresh);
	move_addresses(old, fresh);
	reauth_inherit(old, fresh);
	ladder_move(&fresh->ladder, &old->ladder);
	task_move_all(old, fresh);
	sa_set_state(old, IKE_S_REKEYED);
	await_delete(old, REKEYED_MS);
	fresh->up = old->up;
	old->up = false;
	sa_succeed(fresh);
	view_emit_rekeyed(fresh, old);
	task_run_next(fresh);
}

/* Our own rekey of this SA is void. */
static void give_up(struct ike_sa *sa)
{
	struct task *t = sa->out.task;

	if (!sa->ours)
		return;
	if (t && t->keying == &sa->ours->keying) {
		window_forget_request(sa);
		sa->out.task = NULL;
		sa->out.job = NULL; /* what comes back is not wanted */
		task_drop(sa, t, E_CANCELED, "the peer rekeyed the IKE_SA");
	}
	successor_drop(sa, true);
}

void successor_settle(struct ike_sa *old)
{
	struct ike_sa *fresh = old->theirs ? old->theirs->made : NULL;

	if (!fresh)
		return;
	sa_log(old, LOG_IKE, LOG_CTRL, "the peer's rekeying of the IKE_SA replaces ours");
	give_up(old);
	successor_inherit(old, fresh);
}
