/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

int payload_head_decode(struct rbuf *r, struct payload_head *out)
{
	struct rbuf at = *r;
	struct payload_head head;
	uint16_t len;

	if (rbuf_u8(&at, &head.first) || rbuf_u8(&at, &head.second) || rbuf_u16(&at, &len))
		return E_SHORT;
	if (len < PAYLOAD_HEAD_LEN)
		return E_MALFORMED;
	if (rbuf_view(&at, len - PAYLOAD_HEAD_LEN, &head.rest))
		return E_SHORT;
	*out = head;
	*r = at;
	return 0;
}

size_t payload_head_begin(struct wbuf *out, uint8_t first, uint8_t second)
{
	size_t start = wbuf_view(out).len;

	wbuf_u8(out, first);
	wbuf_u8(out, second);
	wbuf_reserve_u16(out);
	return start;
}

void payload_head_end(struct wbuf *out, size_t start)
{
	wbuf_patch_len16(out, start + PAYLOAD_HEAD_LEN_AT, start);
}
