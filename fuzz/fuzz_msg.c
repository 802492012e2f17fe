/* SPDX-License-Identifier: Apache-2.0 */
/* What anyone may send to the port: wire_msg_decode(), wire_msg_decode_inner(), the summary. */
#include <stdlib.h>

#include "wire/ike.h"
#include "wire/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct wire_msg *msg)
{
	struct wbuf text;

	wbuf_init(&text, 0);
	wire_msg_summary(msg, &text);
	if (wbuf_err(&text))
		abort();
	wbuf_done(&text);
	for (const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_NOTIFY); p;
	     p = wire_msg_next(msg, p)) {
		if (!wire_msg_notify(msg, p->u.notify.type))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_msg msg;
	struct view datagram = view_make(data, size);
	struct wire_hdr hdr;
	struct rbuf r;
	int err = wire_msg_decode(datagram, &msg);

	if (err == 0)
		describe(&msg);
	else if (msg.count != 0 || msg.has_sa || msg.has_tsi || msg.has_tsr || msg.has_cp)
		abort(); /* a refused message has no content */
	if (wire_hdr_decode(datagram, &hdr))
		return 0;
	/* The same chain as if it came out of an SK payload, after whatever was decoded. */
	rbuf_init(&r, datagram);
	if (rbuf_skip(&r, IKE_HDR_LEN) == 0 &&
	    wire_msg_decode_inner(hdr.next, rbuf_rest(&r), &msg) == 0)
		describe(&msg);
	return 0;
}
