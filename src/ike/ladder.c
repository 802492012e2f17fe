/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/ladder.h"

#include <stdlib.h>

#include "crypto/sign.h"
#include "ike/handshake.h"
#include "ike/keying.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"

enum { AUTH_NONE, AUTH_PSK, AUTH_FIRST_SCHEME }; /* and the further rows of crypto/sign.c */

static uint64_t stamp(const struct ike *ike)
{
	return ike->hooks.micros ? ike->hooks.micros(ike->hooks.ctx) : ike->now * 1000;
}

static void put(struct ladder_rung *r)
{
	if (r && --r->refs == 0)
		free(r);
}

void ladder_done(struct ladder *l)
{
	while (l->first) {
		struct ladder_rung *r = l->first;

		l->first = r->next;
		r->next = NULL;
		put(r);
	}
}

void ladder_move(struct ladder *to, struct ladder *from)
{
	ladder_done(to);
	*to = *from;
	from->first = NULL;
}

static void add(struct ladder *l, struct ladder_rung *r)
{
	struct ladder_rung **end = &l->first;
	unsigned n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	if (n == LADDER_MAX)
		return;
	*end = r;
	r->refs++;
}

/* *slot is of another exchange from now on; NULL if that is not to be kept. */
static struct ladder_rung *begin(struct ike_sa *sa, struct ladder_rung **slot, uint8_t exchange)
{
	struct ladder_rung *r = NULL;

	put(*slot);
	if (exchange != IKE_INFORMATIONAL)
		r = calloc(1, sizeof(*r));
	*slot = r;
	if (!r)
		return NULL;
	r->refs = 1;
	r->exchange = exchange;
	r->began = stamp(sa->ike);
	r->took = UINT32_MAX;
	if (sa->hs)
		add(&sa->ladder, r);
	return r;
}

void ladder_leave(struct ike_sa *sa)
{
	put(sa->in.rung);
	put(sa->out.rung);
	sa->in.rung = sa->out.rung = NULL;
}

static void count(struct ladder_message *m, size_t packets)
{
	m->seen = (uint16_t)(packets < (size_t)(UINT16_MAX - m->seen) ? m->seen + packets
								      : UINT16_MAX);
}

static void fill(struct ladder_message *m, size_t bytes, size_t packets)
{
	m->bytes = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
	m->packets = packets < UINT16_MAX ? (uint16_t)packets : UINT16_MAX;
}

static void end(const struct ike_sa *sa, struct ladder_rung *r)
{
	uint64_t us = stamp(sa->ike) - r->began;

	r->took = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX - 1;
}

/* ---- our requests --------------------------------------------------------------------------- */

void ladder_asks(struct ike_sa *sa, uint8_t exchange, size_t bytes, size_t packets)
{
	struct ladder_rung *r = begin(sa, &sa->out.rung, exchange);

	if (!r)
		return;
	r->ours = true;
	r->msgid = sa->out.next;
	fill(&r->request, bytes, packets);
	if (sa->hs && exchange == IKE_AUTH) {
		r->auth_request = sa->hs->proved;
		sa->hs->proved = AUTH_NONE;
	} else if (!sa->hs && sa->out.task->keying) {
		add(&sa->out.task->keying->ladder, r);
	}
}

void ladder_sends(struct ike_sa *sa, size_t packets)
{
	if (sa->out.rung)
		count(&sa->out.rung->request, packets);
}

/* ---- the peer's ----------------------------------------------------------------------------- */

void ladder_is_asked(struct ike_sa *sa, const struct wire_hdr *hdr)
{
	struct ladder_rung *r = sa->in.rung;

	/* The first of its packets? */
	if (!r || r->msgid != hdr->msgid || r->exchange != hdr->exchange)
		r = begin(sa, &sa->in.rung, hdr->exchange);
	if (!r)
		return;
	r->msgid = hdr->msgid;
	count(&r->request, 1);
}

void ladder_attach(struct ladder *l, struct ike_sa *sa)
{
	if (sa->in.rung)
		add(l, sa->in.rung);
}

void ladder_replies(struct ike_sa *sa, size_t bytes, size_t packets)
{
	if (!sa->in.rung)
		return;
	fill(&sa->in.rung->response, bytes, packets);
	end(sa, sa->in.rung);
}

void ladder_sends_reply(struct ike_sa *sa, size_t packets)
{
	if (sa->in.rung)
		count(&sa->in.rung->response, packets);
}

/* ---- both ----------------------------------------------------------------------------------- */

void ladder_comes_again(struct ike_sa *sa, const struct wire_hdr *hdr)
{
	bool response = hdr->flags & IKE_FLAG_RESPONSE;
	struct ladder_rung *r = response ? sa->out.rung : sa->in.rung;

	if (r && r->msgid == hdr->msgid && r->exchange == hdr->exchange)
		count(response ? &r->response : &r->request, 1);
}

void ladder_comes(struct ike_sa *sa)
{
	if (sa->out.rung)
		count(&sa->out.rung->response, 1);
}

void ladder_is_whole(struct ike_sa *sa, bool response, size_t bytes, size_t packets)
{
	struct ladder_rung *r = response ? sa->out.rung : sa->in.rung;

	if (!r)
		return;
	fill(response ? &r->response : &r->request, bytes, packets);
	if (response)
		end(sa, r);
}

void ladder_reads(struct ike_sa *sa, const struct wire_msg *msg, bool response)
{
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	struct ladder_rung *r = response ? sa->out.rung : sa->in.rung;
	const struct wire_notify *error = wire_msg_error(msg);

	if (!r)
		return;
	if (ke)
		r->ke = ke->u.ke.method;
	if (response && error)
		r->notify = error->type;
	else if (response && wire_msg_notify(msg, N_COOKIE))
		r->notify = N_COOKIE;
}

static uint8_t auth_number(const struct sign_scheme *scheme)
{
	if (!scheme)
		return AUTH_PSK;
	for (size_t i = 0; sign_at(i) && AUTH_FIRST_SCHEME + i <= UINT8_MAX; i++) {
		if (sign_at(i) == scheme)
			return (uint8_t)(AUTH_FIRST_SCHEME + i);
	}
	return AUTH_NONE;
}

void ladder_proves(struct ike_sa *sa, bool myself, const struct sign_scheme *scheme)
{
	struct ladder_rung *r = sa->initiator ? sa->out.rung : sa->in.rung;
	uint8_t number = auth_number(scheme);

	/* The initiator's own comes before the message that it is in. */
	if (sa->initiator && myself)
		sa->hs->proved = number;
	else if (r)
		*(sa->initiator == myself ? &r->auth_request : &r->auth_response) = number;
}

const char *ladder_auth_name(uint8_t auth)
{
	const struct sign_scheme *s =
		auth >= AUTH_FIRST_SCHEME ? sign_at(auth - AUTH_FIRST_SCHEME) : NULL;

	if (auth == AUTH_PSK)
		return "pre-shared key";
	return s ? s->name : NULL;
}
