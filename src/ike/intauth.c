/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/intauth.h"

#include <string.h>

#include "crypto/alg.h"
#include "wire/ike.h"

#define SK_HDR_LEN 4 /* generic payload header of the Encrypted payload */

/*
 * A: the header as if the message had been sent whole and in the clear, then the generic header of
 * its Encrypted payload, both with lengths of the plaintext alone.
 */
static void put_headers(const struct intauth_message *m, struct wbuf *out)
{
	struct wire_hdr hdr = *m->hdr;

	hdr.next = PAYLOAD_SK;
	hdr.length = (uint32_t)(IKE_HDR_LEN + SK_HDR_LEN + m->plain.len);
	wire_hdr_encode(&hdr, out);
	wbuf_u8(out, m->first);
	wbuf_u8(out, 0);
	wbuf_u16(out, (uint16_t)(SK_HDR_LEN + m->plain.len));
}

int intauth_add(struct intauth *a, const struct intauth_message *m)
{
	uint8_t *chain = m->of_initiator ? a->i : a->r;
	unsigned *n = m->of_initiator ? &a->n_i : &a->n_r;
	size_t len = m->prf->u.prf.out_len;
	uint8_t next[PRF_MAX_LEN];
	struct wbuf headers;
	int err;

	wbuf_init(&headers, 0);
	put_headers(m, &headers);
	err = wbuf_err(&headers);
	if (err == 0) {
		struct view parts[3] = {view_make(chain, *n ? len : 0), wbuf_view(&headers),
					m->plain};

		err = prf_compute(m->prf, m->sk_p, parts, 3, next);
	}
	wbuf_done(&headers);
	if (err)
		return err;
	memcpy(chain, next, len);
	(*n)++;
	return 0;
}

void intauth_put(const struct intauth *a, const struct alg *prf, uint32_t auth_msgid,
		 struct wbuf *out)
{
	if (a->n_i == 0)
		return;
	wbuf_bytes(out, a->i, prf->u.prf.out_len);
	wbuf_bytes(out, a->r, prf->u.prf.out_len);
	wbuf_u32(out, auth_msgid);
}
