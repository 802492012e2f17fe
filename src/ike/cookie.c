/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/cookie.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/prf.h"

bool cookie_needs_secret(const struct cookie_secrets *s, uint64_t now)
{
	return s->rotated == 0 || now - s->rotated >= COOKIE_ROTATE_MS;
}

void cookie_set_secret(struct cookie_secrets *s, const uint8_t fresh[32], uint64_t now)
{
	memcpy(s->previous, s->rotated ? s->current : fresh, sizeof(s->previous));
	memcpy(s->current, fresh, sizeof(s->current));
	s->version++;
	s->rotated = now ? now : 1;
}

static int compute(const uint8_t secret[32], uint8_t version, struct view ni,
		   const struct addr *from, uint64_t spi_i, uint8_t out[COOKIE_LEN])
{
	struct view parts[4] = {ni, addr_view(from), view_make(&spi_i, sizeof(spi_i)),
				view_make(secret, 32)};

	out[0] = version;
	return prf_sha1(parts, 4, out + 1);
}

int cookie_make(const struct cookie_secrets *s, struct view ni, const struct addr *from,
		uint64_t spi_i, uint8_t out[COOKIE_LEN])
{
	return compute(s->current, s->version, ni, from, spi_i, out);
}

bool cookie_check(const struct cookie_secrets *s, struct view cookie, struct view ni,
		  const struct addr *from, uint64_t spi_i)
{
	uint8_t want[COOKIE_LEN];
	const uint8_t *secret;

	if (cookie.len != COOKIE_LEN || s->rotated == 0)
		return false;
	if (cookie.ptr[0] == s->version)
		secret = s->current;
	else if (cookie.ptr[0] == (uint8_t)(s->version - 1))
		secret = s->previous;
	else
		return false;
	if (compute(secret, cookie.ptr[0], ni, from, spi_i, want))
		return false;
	return secret_equal(cookie, view_make(want, COOKIE_LEN));
}
