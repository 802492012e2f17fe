/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One payload: its type in the first octet, its body in the rest. Enters every payload_*_decode(),
 * proposals_decode() and ts_decode() by wire_msg_decode_inner(); what is taken is written again by
 * wire_put_*() and must then decode to the same.
 */
#include <stdlib.h>

#include "tests/unit/wire/echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY_MAX (UINT16_MAX - 4)

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void describe(const struct wire_msg *msg)
{
	struct wbuf text;

	wbuf_init(&text, 0);
	wire_msg_summary(msg, &text);
	if (msg->has_tsi)
		ts_list_text(&msg->tsi, &text);
	if (msg->has_tsr)
		ts_list_text(&msg->tsr, &text);
	require(wbuf_err(&text) == 0);
	wbuf_done(&text);
}

static void require_same_sa(const struct proposals *a, const struct proposals *b)
{
	require(a->count == b->count);
	for (unsigned i = 0; i < a->count; i++) {
		require(proposal_equal(&a->p[i], &b->p[i]));
		require(a->p[i].number == b->p[i].number);
		require(view_equal(view_make(a->p[i].spi, a->p[i].spi_len),
				   view_make(b->p[i].spi, b->p[i].spi_len)));
	}
}

static void require_same_cp(const struct wire_cp *a, const struct wire_cp *b)
{
	require(a->type == b->type && a->count == b->count);
	for (unsigned i = 0; i < a->count; i++)
		require(a->attr[i].type == b->attr[i].type &&
			view_equal(a->attr[i].value, b->attr[i].value));
}

/* Write, read, write: the two readings and the two writings agree. */
static void echo(const struct wire_msg *msg)
{
	static struct wire_msg again;
	struct wire_writer w, w_again;
	struct wbuf first, second;

	wbuf_init(&first, 0);
	wbuf_init(&second, 0);
	wire_writer_init(&w, &first);
	wire_writer_init(&w_again, &second);
	if (echo_payloads(msg, 0, &w)) {
		require(wbuf_err(&first) == 0);
		again.count = 0;
		require(wire_msg_decode_inner(w.first, wbuf_view(&first), &again) == 0);
		if (msg->has_sa)
			require_same_sa(&msg->sa, &again.sa);
		if (msg->has_tsi)
			require(ts_list_equal(&msg->tsi, &again.tsi));
		if (msg->has_tsr)
			require(ts_list_equal(&msg->tsr, &again.tsr));
		if (msg->has_cp)
			require_same_cp(&msg->cp, &again.cp);
		require(echo_payloads(&again, 0, &w_again));
		require(view_equal(wbuf_view(&first), wbuf_view(&second)));
	}
	wbuf_done(&first);
	wbuf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_msg msg;
	struct wbuf chain;

	if (size == 0 || size - 1 > BODY_MAX)
		return 0;
	wbuf_init(&chain, 0);
	wbuf_u16(&chain, 0);
	wbuf_u16(&chain, (uint16_t)(size + 3));
	wbuf_bytes(&chain, data + 1, size - 1);
	msg.count = 0;
	if (wire_msg_decode_inner(data[0], wbuf_view(&chain), &msg) == 0) {
		describe(&msg);
		echo(&msg);
	}
	wbuf_done(&chain);
	return 0;
}
