/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

int payload_skf_decode(struct view body, struct wire_skf *out, struct view *out_data)
{
	struct wire_skf skf;
	struct rbuf r;

	rbuf_init(&r, body);
	if (rbuf_u16(&r, &skf.number) || rbuf_u16(&r, &skf.total))
		return E_SHORT;
	/* RFC 7383 section 2.6: both not zero, the number not above the total. */
	if (skf.number == 0 || skf.number > skf.total)
		return E_MALFORMED;
	*out = skf;
	*out_data = rbuf_rest(&r);
	return 0;
}

void payload_skf_encode(const struct wire_skf *skf, struct wbuf *out)
{
	wbuf_u16(out, skf->number);
	wbuf_u16(out, skf->total);
}
