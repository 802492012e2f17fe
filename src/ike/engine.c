/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "ike/conn.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/timer.h"
#include "ike/trap.h"
#include "ike/x_auth.h"
#include "ike/x_informational.h"
#include "ipsec/ipsec.h"

static struct view spi_key(const struct hash_link *l)
{
	const struct ike_sa *sa = hash_entry(l, struct ike_sa, by_spi);

	return view_make(&sa->our_spi, sizeof(sa->our_spi));
}

static struct view addr_key(const struct hash_link *l)
{
	return addr_view(&hash_entry(l, struct ike_sa, by_addr)->remote);
}

int ike_new(const struct ike_params *params, struct ike **out)
{
	struct ike *ike = calloc(1, sizeof(*ike));
	int err;

	if (!ike)
		return E_NOMEM;
	ike->settings = params->settings;
	ike->hooks = params->hooks;
	ike->log = params->log;
	ike->creds = params->creds;
	ike->pools = params->pools;
	ike->ipsec = params->ipsec;
	ike->next_reqid = params->settings.reqid_base ? params->settings.reqid_base - 1 : 0;
	list_init(&ike->sas);
	list_init(&ike->conns);
	list_init(&ike->traps);
	list_init(&ike->jobs);
	list_init(&ike->requests);
	err = hash_init(&ike->by_spi, spi_key);
	if (err == 0)
		err = hash_init(&ike->half_open, addr_key);
	if (err) {
		hash_done(&ike->by_spi);
		free(ike);
		return err;
	}
	ike_random(ike, ike->digest_key, sizeof(ike->digest_key));
	*out = ike;
	return 0;
}

void ike_free(struct ike *ike)
{
	if (!ike)
		return;
	ike->stopping = true;
	list_foreach_safe(s, &ike->sas)
		sa_destroy(list_entry(s, struct ike_sa, link), E_CANCELED, "shutting down");
	trap_free_all(ike);
	list_foreach_safe(c, &ike->conns) {
		list_remove(c);
		conn_put(list_entry(c, struct conn, link));
	}
	hash_done(&ike->by_spi);
	hash_done(&ike->half_open);
	heap_done(&ike->timers);
	secret_wipe(&ike->cookies, sizeof(ike->cookies));
	free(ike);
}

void ike_random(struct ike *ike, void *out, size_t len)
{
	if (ike->hooks.random(ike->hooks.ctx, out, len))
		abort(); /* no key, nonce or SPI may be made without */
}

void ike_emit(struct ike *ike, const struct ike_event *event)
{
	counters_add_event(ike, event);
	if (ike->hooks.event)
		ike->hooks.event(ike->hooks.ctx, event);
}

void ike_tick(struct ike *ike, uint64_t now)
{
	struct heap_node *n;

	ike->now = now;
	while ((n = heap_first(&ike->timers)) && n->key <= now) {
		struct timer *t = heap_entry(n, struct timer, node);

		heap_clear(&ike->timers, n);
		t->fire(t);
	}
}

uint64_t ike_deadline(const struct ike *ike)
{
	const struct heap_node *n = heap_first(&ike->timers);

	return n ? n->key : UINT64_MAX;
}

void ike_shutdown(struct ike *ike, uint64_t now)
{
	ike->now = now;
	ike->stopping = true;
	list_foreach_safe(it, &ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		if (sa_is_up(sa) || x_auth_i_is_out(sa))
			x_informational_say_deleted(sa);
		sa_destroy(sa, E_CANCELED, "the daemon is shutting down");
	}
}

bool ike_is_idle(const struct ike *ike)
{
	return ike->n_sas == 0 && ike->n_jobs == 0;
}

void ike_set_settings(struct ike *ike, const struct ike_settings *settings)
{
	struct ike_settings s = *settings;

	/* Ports belong to open sockets. */
	s.port = ike->settings.port;
	s.port_natt = ike->settings.port_natt;
	ike->settings = s;
}

void ike_get_stats(const struct ike *ike, struct ike_stats *out)
{
	*out = (struct ike_stats){
		.half_open = ike->n_half_open, .children = ike->n_children, .jobs = ike->n_jobs};
	ike->ipsec->ops->drops(ike->ipsec, &out->drops);
	list_foreach(it, &ike->sas)
		out->sas += list_entry(it, struct ike_sa, link)->state != IKE_S_DESTROYING;
}
