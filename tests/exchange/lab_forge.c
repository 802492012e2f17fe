/* SPDX-License-Identifier: Apache-2.0 */
#include "lab_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ike/protect.h"
#include "ike/sa.h"
#include "ike/state.h"

static struct ike_sa *newest(const struct lab_host *h)
{
	assert_false(list_empty(&h->ike->sas));
	return list_entry(h->ike->sas.prev, struct ike_sa, link);
}

uint32_t lab_next_id(const struct lab_host *host)
{
	return newest(host)->out.next;
}

void lab_skip_id(struct lab_host *host)
{
	newest(host)->out.next++;
}

static void chance(void *ctx, void *out, size_t len)
{
	struct lab_host *h = ctx;
	uint8_t *p = out;

	while (len-- > 0)
		*p++ = (uint8_t)lab_random(&h->random);
}

void lab_forge(struct lab_host *from, struct lab_host *to, const struct forge *f)
{
	struct ike_sa *sa = newest(from);
	struct wire_hdr hdr = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.version = IKE_VERSION,
		.exchange = f->exchange,
		.flags = (uint8_t)((sa->initiator ? IKE_FLAG_INITIATOR : 0) |
				   (f->response ? IKE_FLAG_RESPONSE : 0)),
		.msgid = f->msgid,
	};
	struct protect_packets packets;
	struct addr src = sa->local;
	uint16_t port = sa->remote.port;
	int err = protect_seal(
		&(struct protect_seal_params){
			.seal = sa->seal_out,
			.hdr = &hdr,
			.first = f->first,
			.plain = f->plain,
			.max_datagram = f->max_datagram,
			.iv_counter = &sa->iv_counter,
			.random = chance,
			.ctx = from,
		},
		&packets);

	assert_int_equal(err, 0);
	for (size_t i = 0; i < packets.count; i++)
		lab_inject(to, &src, port, secret_view(&packets.items[i]));
	protect_packets_done(&packets);
}

static struct ike_sa *sender_sa(const struct lab_packet *p)
{
	list_foreach(it, &p->from->ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		if (sa->spi_i == p->hdr.spi_i && sa->spi_r == p->hdr.spi_r)
			return sa;
	}
	fail_msg("the sender has no such IKE SA");
	return NULL;
}

struct secret lab_peek(const struct lab_packet *p, uint8_t *out_first)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	struct secret plain;

	assert_non_null(msg);
	assert_int_equal(wire_msg_decode(secret_view(&p->bytes), msg), 0);
	assert_int_equal(protect_open(sender_sa(p)->seal_out, secret_view(&p->bytes), msg, &plain),
			 0);
	*out_first = msg->p[msg->count - 1].next;
	free(msg);
	return plain;
}

void lab_replace(struct lab_packet *p, uint8_t first, struct view plain)
{
	struct ike_sa *sa = sender_sa(p);
	struct protect_packets packets;
	int err = protect_seal(
		&(struct protect_seal_params){
			.seal = sa->seal_out,
			.hdr = &p->hdr,
			.first = first,
			.plain = plain,
			.iv_counter = &sa->iv_counter,
			.random = chance,
			.ctx = p->from,
		},
		&packets);

	assert_int_equal(err, 0);
	secret_move(&p->bytes, &packets.items[0]);
	protect_packets_done(&packets);
}

struct secret lab_open(struct lab_host *to, const struct lab_packet *p, uint8_t *out_first)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	struct secret plain;

	assert_non_null(msg);
	assert_int_equal(wire_msg_decode(secret_view(&p->bytes), msg), 0);
	assert_int_equal(protect_open(newest(to)->seal_in, secret_view(&p->bytes), msg, &plain), 0);
	*out_first = msg->p[msg->count - 1].next;
	free(msg);
	return plain;
}
