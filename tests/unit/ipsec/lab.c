/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "ipsec/user/esp_in.h"
#include "ipsec/user/esp_out.h"

uint64_t lab_random(struct lab *l)
{
	l->rng ^= l->rng >> 12;
	l->rng ^= l->rng << 25;
	l->rng ^= l->rng >> 27;
	return l->rng * UINT64_C(2685821657736338717);
}

static int fill(void *ctx, void *out, size_t len)
{
	struct lab *l = ctx;
	uint8_t *bytes = out;

	for (size_t i = 0; i < len; i++)
		bytes[i] = l->ivs && i < 16 ? l->ivs[i] : (uint8_t)(lab_random(l) >> 32);
	return 0;
}

void lab_init(struct lab *l)
{
	memset(l, 0, sizeof(*l));
	l->rng = 88172645463325252;
	assert_int_equal(sad_init(&l->sad, fill, l), 0);
	epoch_add_reader(&l->sad.epoch, &l->reader);
	l->ctx.notices = &l->notices;
	l->ctx.random = fill;
	l->ctx.random_ctx = l;
	l->ctx.now = 1000;
	lab_refresh(l);
}

void lab_done(struct lab *l)
{
	epoch_leave(&l->reader);
	epoch_remove_reader(&l->reader);
	sad_done(&l->sad);
}

void lab_refresh(struct lab *l)
{
	epoch_enter(&l->sad.epoch, &l->reader);
	l->ctx.table = sad_table(&l->sad);
}

uint32_t lab_install(struct lab *l, const struct ipsec_sa_params *p)
{
	uint32_t handle;

	assert_int_equal(sad_install(&l->sad, p, &handle), 0);
	lab_refresh(l);
	return handle;
}

struct esp_packet lab_packet(const void *data, size_t len)
{
	struct esp_packet p = {.at = ESP_HEADROOM, .len = len};

	/* Exactly as much room as ESP may need, so that ASan sees a byte too many. */
	p.buf = malloc(ESP_HEADROOM + len + ESP_TAILROOM);
	assert_non_null(p.buf);
	memcpy(esp_data(&p), data, len);
	return p;
}

size_t lab_inner(uint8_t *out, unsigned family, unsigned side, size_t len)
{
	memset(out, 0, len);
	for (size_t i = 40; i < len; i++)
		out[i] = (uint8_t)(i * 7);
	if (family == AF_INET) {
		const uint8_t addresses[8] = {10, (uint8_t)(1 + side), 0, 1,
					      10, (uint8_t)(2 - side), 0, 1};

		out[0] = 0x45;
		packet_put16(out + 2, (uint16_t)len);
		out[8] = 64;
		out[9] = IPPROTO_UDP;
		memcpy(out + 12, addresses, 8);
		packet_put16(out + 10, packet_sum_fold(packet_sum(0, view_make(out, 20))));
		return len;
	}
	out[0] = 0x60;
	packet_put16(out + 4, (uint16_t)(len - 40));
	out[6] = IPPROTO_UDP;
	out[7] = 64;
	out[8] = out[24] = 0xfd;
	out[9] = (uint8_t)(1 + side);
	out[25] = (uint8_t)(2 - side);
	out[23] = out[39] = 1;
	return len;
}

int lab_out(struct lab *l, struct esp_packet *p)
{
	esp_out_find(&l->ctx, p);
	if (p->err == 0)
		esp_out_seal(&l->ctx, p, 1);
	return p->err;
}

int lab_in(struct lab *l, struct esp_packet *p)
{
	esp_in_open(&l->ctx, p, 1);
	return p->err;
}

struct notice lab_notice(struct lab *l)
{
	struct notice n;

	assert_true(notice_pop(&l->notices, &n));
	return n;
}

bool lab_quiet(struct lab *l)
{
	struct notice n;

	return !notice_pop(&l->notices, &n);
}
