/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/sa.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/alg.h"
#include "crypto/seal.h"
#include "ike/child.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/handshake.h"
#include "ike/labels.h"
#include "ike/liveness.h"
#include "ike/state.h"
#include "ike/successor.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ike/window.h"
#include "ipsec/ipsec.h"
#include "pool/pool.h"

#define MS	     ((uint64_t)1000) /* milliseconds of a second */
#define RETRY_MS     30000	      /* after a rekey that failed: half of it to all of it */
#define MAX_FAILURES 4		      /* doublings of RETRY_MS */

/* Our SPI must be unique, for it is what we find the SA by. */
static void choose_spi(struct ike_sa *sa)
{
	do {
		ike_random(sa->ike, &sa->our_spi, sizeof(sa->our_spi));
	} while (sa->our_spi == 0 || sa_find_spi(sa->ike, sa->our_spi));
	if (sa->initiator)
		sa->spi_i = sa->our_spi;
	else
		sa->spi_r = sa->our_spi;
}

static struct ike_sa *allocate(struct ike *ike, bool initiator)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));

	if (!sa)
		return NULL;
	sa->ike = ike;
	sa->initiator = initiator;
	list_init(&sa->queue);
	list_init(&sa->children);
	sa->last_in = ike->now;
	return sa;
}

static void add(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;

	hash_insert(&ike->by_spi, &sa->by_spi);
	list_append(&ike->sas, &sa->link);
	ike->n_sas++;
}

int sa_new(struct ike *ike, bool initiator, struct ike_sa **out)
{
	struct ike_sa *sa = allocate(ike, initiator);
	int err = sa ? handshake_new(sa) : E_NOMEM;

	if (err) {
		free(sa);
		return err;
	}
	sa->caller = initiator;
	sa->uid = ++ike->next_sa_uid;
	choose_spi(sa);
	add(sa);
	*out = sa;
	return 0;
}

/* What the initial exchanges told of the peer, and of the way to it. */
static void copy_peer(const struct ike_sa *old, struct ike_sa *sa)
{
	sa->caller = old->caller;
	sa->local = old->local;
	sa->remote = old->remote;
	sa->mobike = old->mobike;
	sa->mobike.probed = sa->mobike.updating = false;
	sa->peer_natt = old->peer_natt;
	sa->peer_fragments = old->peer_fragments;
	sa->peer_strongswan = old->peer_strongswan;
	sa->peer_mobike = old->peer_mobike;
	sa->peer_multi_auth = old->peer_multi_auth;
	sa->peer_hashes = old->peer_hashes;
	sa->ppk = old->ppk;
	sa->nat_local = old->nat_local;
	sa->nat_remote = old->nat_remote;
	sa->nat_fake = old->nat_fake;
	sa->has_if_ids = old->has_if_ids;
	sa->if_ids[0] = old->if_ids[0];
	sa->if_ids[1] = old->if_ids[1];
}

int sa_new_like(struct ike_sa *old, const struct successor *s, struct ike_sa **out)
{
	struct ike_sa *sa = allocate(old->ike, s->keying.initiator);
	int err = sa ? id_copy(&old->local_id, &sa->local_id) : E_NOMEM;

	if (err == 0)
		err = id_copy(&old->remote_id, &sa->remote_id);
	if (err) {
		if (sa)
			id_done(&sa->local_id);
		free(sa);
		return err;
	}
	sa->conn = conn_get(old->conn);
	sa->uid = s->uid;
	sa->our_spi = s->our_spi;
	sa->spi_i = sa->initiator ? s->our_spi : s->peer_spi;
	sa->spi_r = sa->initiator ? s->peer_spi : s->our_spi;
	sa->state = IKE_S_ESTABLISHED;
	sa->established = old->ike->now;
	copy_peer(old, sa);
	add(sa);
	*out = sa;
	return 0;
}

void sa_renew_spi(struct ike_sa *sa)
{
	hash_remove(&sa->ike->by_spi, &sa->by_spi);
	choose_spi(sa);
	sa->spi_r = 0;
	hash_insert(&sa->ike->by_spi, &sa->by_spi);
}

/* Another SA of the same peer has the lease as well. */
static bool is_shared(const struct ike_sa *sa, const struct addr *vip)
{
	if (!sa->shares_leases)
		return false;
	list_foreach(it, &sa->ike->sas) {
		const struct ike_sa *o = list_entry(it, struct ike_sa, link);

		for (size_t i = 0; o != sa && i < o->n_remote_vips; i++) {
			if (addr_equal(&o->remote_vips[i], vip) &&
			    id_equal(&o->remote_id, &sa->remote_id))
				return true;
		}
	}
	return false;
}

static void release_addresses(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;
	char *who = sa_peer_text(sa);
	struct log_notes notes = {0};
	struct log_tag tag = sa_tag(sa);

	for (size_t i = 0; i < sa->n_remote_vips; i++)
		if (!is_shared(sa, &sa->remote_vips[i]))
			pool_release(ike->pools, &sa->remote_vips[i], who ? who : "", &notes);
	log_flush_notes(ike->log, &tag, &notes);
	free(who);
	for (size_t i = 0; i < sa->n_local_vips; i++) {
		if (sa->local_vip_added[i])
			ike->ipsec->ops->del_vip(ike->ipsec, &sa->local_vips[i]);
	}
	for (size_t i = 0; i < sa->n_dns && ike->hooks.dns; i++)
		ike->hooks.dns(ike->hooks.ctx, &sa->dns[i], false);
	sa->n_remote_vips = sa->n_local_vips = sa->n_dns = 0;
}

void sa_strip(struct ike_sa *sa, int err, const char *message)
{
	struct task *t = sa->out.task;

	successor_lose(sa);
	successor_drop(sa, true);
	successor_drop(sa, false);
	list_foreach_safe(it, &sa->children)
		child_destroy(list_entry(it, struct child, link));
	if (sa->hs)
		sa->hs->child = NULL;
	release_addresses(sa);
	timer_stop(sa->ike, &sa->rekey);
	timer_stop(sa->ike, &sa->rival);
	timer_stop(sa->ike, &sa->reauth.due);
	timer_stop(sa->ike, &sa->out.later);
	timer_stop(sa->ike, &sa->dpd);
	timer_stop(sa->ike, &sa->keepalive);
	timer_stop(sa->ike, &sa->move.timer);
	timer_stop(sa->ike, &sa->expire);
	window_forget_request(sa);
	sa->out.task = NULL;
	if (t)
		task_drop(sa, t, err, message);
	task_forsake_all(sa, err, message);
}

static void free_keys(struct ike_sa *sa)
{
	keys_ike_done(&sa->keys);
	seal_free(sa->seal_in);
	seal_free(sa->seal_out);
	sa->seal_in = sa->seal_out = NULL;
}

static void tell_down(struct ike_sa *sa)
{
	if (sa->up)
		view_emit(sa, &(struct ike_event){.type = IKE_EV_IKE_UPDOWN, .up = false});
	sa->up = false;
}

void sa_destroy(struct ike_sa *sa, int err, const char *message)
{
	struct ike *ike = sa->ike;

	tell_down(sa);
	sa_set_half_open(sa, false);
	sa_set_state(sa, IKE_S_DESTROYING);
	sa_strip(sa, err, message);
	hash_remove(&ike->by_spi, &sa->by_spi);
	list_remove(&sa->link);
	ike->n_sas--;
	handshake_free(sa);
	free_keys(sa);
	ladder_leave(sa);
	ladder_done(&sa->ladder);
	ladder_done(&sa->rekeyed);
	protect_frags_done(&sa->in.frags);
	protect_packets_done(&sa->in.reply.packets);
	secret_done(&sa->in.plain);
	secret_done(&sa->out.plain);
	id_done(&sa->local_id);
	id_done(&sa->remote_id);
	redirect_done(&sa->redirect);
	conn_put(sa->conn);
	free(sa);
}

static void on_closed(struct timer *t)
{
	sa_destroy(heap_entry(t, struct ike_sa, expire), E_CANCELED, "IKE_SA closed");
}

void sa_close(struct ike_sa *sa, int err, const char *message)
{
	tell_down(sa);
	sa_set_half_open(sa, false);
	sa_set_state(sa, IKE_S_DESTROYING);
	sa_strip(sa, err, message);
	sa->in.job = sa->out.job = NULL; /* whatever comes back is not wanted */
	/* A stranger's large first message, or keys, are not for keeping: the cached reply does. */
	handshake_free(sa);
	free_keys(sa);
	secret_done(&sa->in.plain);
	secret_done(&sa->out.plain);
	sa->expire.fire = on_closed;
	timer_start(sa->ike, &sa->expire, SA_CLOSE_DELAY_MS);
}

struct ike_sa *sa_find_spi(const struct ike *ike, uint64_t our_spi)
{
	struct hash_link *l = hash_find(&ike->by_spi, view_make(&our_spi, sizeof(our_spi)));

	return l ? hash_entry(l, struct ike_sa, by_spi) : NULL;
}

struct ike_sa *sa_find_uid(const struct ike *ike, uint32_t uid)
{
	list_foreach(it, &ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		if (sa->uid == uid)
			return sa;
	}
	return NULL;
}

const char *sa_name(const struct ike_sa *sa)
{
	return sa->conn ? sa->conn->conf->name : "(unnamed)";
}

struct log_tag sa_tag(const struct ike_sa *sa)
{
	return (struct log_tag){sa_name(sa), sa->uid};
}

void sa_log(const struct ike_sa *sa, enum log_group group, int level, const char *fmt, ...)
{
	struct log_tag tag = sa_tag(sa);
	va_list ap;

	va_start(ap, fmt);
	log_vprint(sa->ike->log, &tag, group, level, fmt, ap);
	va_end(ap);
}

bool sa_is_up(const struct ike_sa *sa)
{
	return sa->state == IKE_S_ESTABLISHED || sa->state == IKE_S_REKEYING;
}

void sa_set_state(struct ike_sa *sa, enum ike_sa_state state)
{
	if (sa->state != state)
		sa_log(sa, LOG_IKE, LOG_DETAIL, "IKE_SA %s[%u] state change: %s => %s", sa_name(sa),
		       sa->uid, ike_sa_state_name(sa->state), ike_sa_state_name(state));
	sa->state = state;
}

void sa_set_half_open(struct ike_sa *sa, bool half_open)
{
	struct ike *ike = sa->ike;

	if (sa->half_open == half_open)
		return;
	sa->half_open = half_open;
	if (half_open) {
		hash_insert(&ike->half_open, &sa->by_addr);
		ike->n_half_open++;
	} else {
		hash_remove(&ike->half_open, &sa->by_addr);
		ike->n_half_open--;
	}
}

int sa_use_keys(struct ike_sa *sa)
{
	const struct transform *t = proposal_find(&sa->chosen, TRANSFORM_ENCR);
	struct seal_params i = {sa->encr, t->key_bits, sa->integ, secret_view(&sa->keys.ei),
				secret_view(&sa->keys.ai)};
	struct seal_params r = {sa->encr, t->key_bits, sa->integ, secret_view(&sa->keys.er),
				secret_view(&sa->keys.ar)};
	int err;

	seal_free(sa->seal_in);
	seal_free(sa->seal_out);
	sa->seal_in = sa->seal_out = NULL;
	sa->iv_counter = 1;
	err = seal_new(sa->initiator ? &i : &r, &sa->seal_out);
	if (err == 0)
		err = seal_new(sa->initiator ? &r : &i, &sa->seal_in);
	if (err == 0 && sa->ike->settings.save_keys_ike && sa->ike->hooks.keys)
		sa->ike->hooks.keys(sa->ike->hooks.ctx,
				    &(struct ike_keylog){
					    .is_ike = true,
					    .spi_i = sa->spi_i,
					    .spi_r = sa->spi_r,
					    .sk_ei = secret_view(&sa->keys.ei),
					    .sk_er = secret_view(&sa->keys.er),
					    .sk_ai = secret_view(&sa->keys.ai),
					    .sk_ar = secret_view(&sa->keys.ar),
					    .encr = sa->encr->id,
					    .encr_bits = t->key_bits,
					    .integ = sa->integ ? sa->integ->id : 0,
				    });
	return err;
}

/* The hard lifetime of an established SA is over. */
static void on_expire(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, expire);

	sa_log(sa, LOG_IKE, LOG_CTRL, "IKE_SA %s[%u] reached its lifetime, deleting", sa_name(sa),
	       sa->uid);
	view_alert(sa, "ike-sa-expired");
	control_expired(sa);
}

static void on_rekey(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, rekey);

	if (sa->state != IKE_S_ESTABLISHED || task_pending(sa, &task_ike_rekey, NULL) ||
	    reauth_is_under_way(sa))
		return;
	if (task_queue(sa, &task_ike_rekey, NULL, NULL, NULL))
		sa_retry_rekey(sa);
}

void sa_retry_rekey(struct ike_sa *sa)
{
	uint64_t ms = timer_backoff(sa->ike, RETRY_MS, sa->failures);

	if (sa->failures < MAX_FAILURES)
		sa->failures++;
	sa_log(sa, LOG_IKE, LOG_CTRL, "IKE_SA rekeying failed, trying again in %u seconds",
	       (unsigned)(ms / MS));
	sa->rekey.fire = on_rekey;
	timer_start(sa->ike, &sa->rekey, ms);
}

/* In so many seconds, less what chance takes off; in ms from `from`. */
static uint64_t schedule(struct ike_sa *sa, const char *what, uint64_t seconds, uint64_t from)
{
	uint64_t range = sa->conn->conf->rand_time, random = 0;

	if (range) {
		ike_random(sa->ike, &random, sizeof(random));
		random %= range + 1;
	}
	seconds = random < seconds ? seconds - random : seconds;
	sa_log(sa, LOG_IKE, LOG_CTRL, "scheduling %s in %" PRIu64 "s", what, seconds);
	return from + seconds * MS;
}

/* A rekeyed SA has been authenticated when its first predecessor was. */
static void set_lifetimes(struct ike_sa *sa)
{
	const struct conf_conn *c = sa->conn->conf;
	uint64_t now = sa->ike->now, end;

	sa->rekey_at = sa->expire_at = 0;
	sa->expire.fire = on_expire;
	sa->rekey.fire = on_rekey;
	timer_stop(sa->ike, &sa->expire);
	if (c->rekey_time) {
		sa->rekey_at = schedule(sa, "rekeying", c->rekey_time, sa->established);
		timer_start(sa->ike, &sa->rekey, sa->rekey_at - now);
	}
	if (c->reauth_time && !sa->reauth.at)
		sa->reauth.at = schedule(sa, "reauthentication", c->reauth_time, sa->established);
	if (sa->reauth.at)
		reauth_schedule(sa);
	/* What a peer's AUTH_LIFETIME set is the peer's to enforce. */
	end = c->reauth_time ? sa->reauth.at : 0;
	end = end && (!sa->rekey_at || end < sa->rekey_at) ? end : sa->rekey_at;
	if (!end)
		return;
	sa->expire_at = end + c->over_time * MS;
	end = sa->expire_at > now ? sa->expire_at - now : 0;
	sa_log(sa, LOG_IKE, LOG_CTRL, "maximum IKE_SA lifetime %" PRIu64 "s", end / MS);
	timer_start(sa->ike, &sa->expire, end);
}

static void log_up(const struct ike_sa *sa, const char *what)
{
	char l[ADDR_TEXT_MAX], r[ADDR_TEXT_MAX], lid[256], rid[256];

	sa_log(sa, LOG_IKE, LOG_AUDIT, "IKE_SA %s[%u] %s between %s[%s]...%s[%s]", sa_name(sa),
	       sa->uid, what, addr_text(&sa->local, l), sa_id_text(&sa->local_id, lid, sizeof(lid)),
	       addr_text(&sa->remote, r), sa_id_text(&sa->remote_id, rid, sizeof(rid)));
}

void sa_succeed(struct ike_sa *sa)
{
	set_lifetimes(sa);
	log_up(sa, "rekeyed");
	liveness_start(sa);
}

void sa_establish(struct ike_sa *sa)
{
	sa_set_half_open(sa, false);
	sa->established = sa->last_in = sa->ike->now;
	sa_set_state(sa, IKE_S_ESTABLISHED);
	log_up(sa, "established");
	set_lifetimes(sa);
	liveness_start(sa);
	sa->up = true;
	view_emit(sa, &(struct ike_event){.type = IKE_EV_IKE_UPDOWN, .up = true});
}

void sa_set_addresses(struct ike_sa *sa, const struct addr *local, const struct addr *remote)
{
	bool counted = sa->half_open;

	if (addr_equal_port(&sa->local, local) && addr_equal_port(&sa->remote, remote))
		return;
	sa_set_half_open(sa, false); /* its key is the remote address */
	sa->local = *local;
	sa->remote = *remote;
	sa_set_half_open(sa, counted);
}

const uint32_t *sa_if_ids(struct ike_sa *sa)
{
	if (!sa->has_if_ids)
		labels_make_if_ids(sa->ike, sa->conn->conf->if_id_in, sa->conn->conf->if_id_out,
				   sa->if_ids);
	sa->has_if_ids = true;
	return sa->if_ids;
}

int sa_add_local_vip(struct ike_sa *sa, const struct addr *vip)
{
	char text[ADDR_TEXT_MAX];
	int err;

	if (sa->n_local_vips == SA_MAX_VIPS)
		return E_LIMIT;
	sa_log(sa, LOG_IKE, LOG_CTRL, "installing new virtual IP %s", addr_text(vip, text));
	/* A reload may change the setting: what was added is what will be taken away. */
	sa->local_vip_added[sa->n_local_vips] = sa->ike->settings.install_virtual_ip;
	if (sa->ike->settings.install_virtual_ip) {
		err = sa->ike->ipsec->ops->add_vip(sa->ike->ipsec, vip);
		if (err)
			return err;
	}
	sa->local_vips[sa->n_local_vips++] = *vip;
	return 0;
}

int sa_add_remote_vip(struct ike_sa *sa, const struct addr *vip)
{
	if (sa->n_remote_vips == SA_MAX_VIPS)
		return E_LIMIT;
	sa->remote_vips[sa->n_remote_vips++] = *vip;
	return 0;
}

char *sa_peer_text(const struct ike_sa *sa)
{
	return id_string(&sa->remote_id);
}

const char *sa_id_text(const struct id *id, char *buf, size_t len)
{
	char *s = id->type == ID_ANY ? NULL : id_string(id);

	snprintf(buf, len, "%s", s ? s : "%any");
	free(s);
	return buf;
}
