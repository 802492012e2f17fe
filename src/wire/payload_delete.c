/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

#include "wire/ike.h"

#define IPSEC_SPI_LEN 4

static int check(const struct wire_delete *d)
{
	if (d->protocol == PROTO_IKE)
		return d->spi_len == 0 && d->count == 0 ? 0 : E_MALFORMED;
	if (d->protocol == PROTO_AH || d->protocol == PROTO_ESP)
		return d->spi_len == IPSEC_SPI_LEN ? 0 : E_MALFORMED;
	return E_MALFORMED;
}

int payload_delete_decode(struct view body, struct wire_delete *out)
{
	struct wire_delete d;
	struct rbuf r;
	int err;

	rbuf_init(&r, body);
	if (rbuf_u8(&r, &d.protocol) || rbuf_u8(&r, &d.spi_len) || rbuf_u16(&r, &d.count))
		return E_SHORT;
	err = check(&d);
	if (err)
		return err;
	if (rbuf_view(&r, (size_t)d.count * d.spi_len, &d.spis))
		return E_SHORT;
	err = rbuf_end(&r);
	if (err)
		return err;
	*out = d;
	return 0;
}

void payload_delete_encode(const struct wire_delete *d, struct wbuf *out)
{
	wbuf_u8(out, d->protocol);
	wbuf_u8(out, d->spi_len);
	wbuf_u16(out, d->count);
	wbuf_add(out, d->spis);
}
