/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/ksa.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "ipsec/nlsock.h"

struct kstate_id ksa_id(const struct ipsec_sa_params *p, bool inbound)
{
	return (struct kstate_id){
		.spi = inbound ? p->spi_in : p->spi_out,
		.src = inbound ? p->remote : p->local,
		.dst = inbound ? p->local : p->remote,
		.mark = !inbound	       ? p->labels.out
			: p->labels.mark_in_sa ? p->labels.in
					       : (struct ipsec_mark){0},
		.encap = p->encap,
	};
}

static struct kstate_id *side(struct ksa *k, bool inbound)
{
	return inbound ? &k->in : &k->out;
}

int ksa_install(struct ksa *k, struct nlsock *n, struct log *log, const struct kstate_new *s)
{
	_Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];
	const struct view name = s->params->name;
	const char *missing = NULL;
	int err = kstate_put_new(buffer, s, &missing);

	if (err == 0)
		err = nlsock_talk(n, (struct nlmsghdr *)buffer);
	explicit_bzero(buffer, sizeof(buffer));
	if (err == 0)
		*side(k, s->inbound) = s->id;
	else if (missing)
		log_print(log, NULL, LOG_KNL, LOG_CTRL,
			  "%.*s: Linux has no %s for ESP; leave it out of esp_proposals, or set "
			  "charon.datapath to user",
			  (int)name.len, (const char *)name.ptr, missing);
	else
		log_print(log, NULL, LOG_KNL, LOG_CTRL,
			  "%.*s: adding the %s SA with SPI %08x to the kernel failed: %s",
			  (int)name.len, (const char *)name.ptr,
			  s->inbound ? "inbound" : "outbound", s->id.spi,
			  err == E_LIMIT ? err_text(err) : strerror(errno));
	return err;
}

static void delete (struct nlsock *n, const struct kstate_id *id)
{
	_Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];

	/* It may have reached its hard limit, and be gone. */
	(void)!nlsock_talk(n, kstate_put_delete(buffer, id));
}

void ksa_remove(struct ksa *k, struct nlsock *n, bool inbound)
{
	struct kstate_id *id = side(k, inbound);

	if (id->spi)
		delete (n, id);
	*id = (struct kstate_id){0};
}

/* ---- moving ---------------------------------------------------------------------------------- */

struct mover {
	void *buffer; /* the state at its new place */
	const struct kstate_id *to;
	bool inbound;
	struct kstate_info info;
	int err;
};

static void on_moving(void *ctx, const struct nlmsghdr *answer)
{
	struct mover *m = ctx;

	m->err = kstate_read(answer, &m->info);
	if (m->err == 0)
		m->err = kstate_put_moved(m->buffer, answer, m->to, m->inbound);
}

/*
 * Two states with the same destination and SPI cannot be side by side: there the old one goes
 * before the new one comes. Else it stays for the packets that still come, or go, the old way.
 */
static int move(struct ksa *k, struct nlsock *n, struct mover *m, struct kstate_id *out_stale)
{
	_Alignas(8) uint8_t request[NLSOCK_REQUEST_MAX];
	struct kstate_id *id = side(k, m->inbound), old = *id;
	int err;

	m->err = E_NOTFOUND;
	err = nlsock_ask(n, kstate_put_get(request, id), on_moving, m);
	if (err == 0)
		err = m->err;
	if (err != 0)
		return err;
	if (addr_equal(&old.dst, &m->to->dst)) {
		delete (n, &old);
		old.spi = 0;
	}
	err = nlsock_talk(n, m->buffer);
	if (err == 0) {
		k->replay += m->info.replay;
		k->integrity_failed += m->info.integrity_failed;
		*id = *m->to;
		*out_stale = old;
	} else if (old.spi == 0) {
		id->spi = 0;
	}
	return err;
}

int ksa_move(struct ksa *k, struct nlsock *n, const struct ksa *to, struct ksa *out_stale)
{
	_Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct mover in = {.buffer = buffer, .to = &to->in, .inbound = true};
	struct mover out = {.buffer = buffer, .to = &to->out};
	int err = 0;

	*out_stale = (struct ksa){0};
	if (k->in.spi)
		err = move(k, n, &in, &out_stale->in);
	if (err == 0 && k->out.spi)
		err = move(k, n, &out, &out_stale->out);
	explicit_bzero(buffer, sizeof(buffer));
	return err;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct query {
	struct kstate_info info;
	int err;
};

static void on_answer(void *ctx, const struct nlmsghdr *answer)
{
	struct query *q = ctx;

	q->err = kstate_read(answer, &q->info);
}

static int ask(struct nlsock *n, const struct kstate_id *id, struct kstate_info *out)
{
	_Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct query q = {.err = E_NOTFOUND};
	int err = nlsock_ask(n, kstate_put_get(buffer, id), on_answer, &q);

	if (err == 0)
		err = q.err;
	if (err == 0)
		*out = q.info;
	return err;
}

/* The kernel has seconds of the wall clock, which may be set meanwhile. */
static uint64_t engine_time(uint64_t wall, uint64_t now)
{
	const uint64_t wall_now = (uint64_t)time(NULL);
	const uint64_t ago = wall_now > wall ? (wall_now - wall) * 1000 : 0;

	if (wall == 0)
		return 0;
	return ago < now ? now - ago : 1;
}

static struct ipsec_count count_of(const struct kstate_info *i, uint64_t now)
{
	return (struct ipsec_count){i->bytes, i->packets, engine_time(i->last_use, now)};
}

int ksa_query(const struct ksa *k, struct nlsock *n, uint64_t now, struct ipsec_stats *out)
{
	struct kstate_info in = {0}, sent = {0};
	int err = k->in.spi ? ask(n, &k->in, &in) : 0;

	if (err == 0 && k->out.spi)
		err = ask(n, &k->out, &sent);
	if (err != 0)
		return err;
	*out = (struct ipsec_stats){
		.in = count_of(&in, now),
		.out = count_of(&sent, now),
		.dropped_replay = k->replay + in.replay,
		.dropped_auth = k->integrity_failed + in.integrity_failed,
	};
	return 0;
}
