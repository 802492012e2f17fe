/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_COOKIE_H
#define IKE_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"

/* Stateless cookies of RFC 7296 section 2.6: proof that an initiator receives at its address. */

#define COOKIE_LEN	 21 /* version octet, SHA-1 */
#define COOKIE_ROTATE_MS 120000
#define COOKIE_CALM_MS	 10000 /* cookies stay required that long after the last need */

struct cookie_secrets {
	uint8_t version;
	uint8_t current[32], previous[32];
	uint64_t rotated; /* ms; 0: never */
	uint64_t required_until;
};

/* New current secret from 32 random bytes when the old one is older than COOKIE_ROTATE_MS. */
bool cookie_needs_secret(const struct cookie_secrets *s, uint64_t now);
void cookie_set_secret(struct cookie_secrets *s, const uint8_t fresh[32], uint64_t now);
/* The cookie for this initiator: <version> | SHA-1(Ni | IPi | SPIi | secret). */
int cookie_make(const struct cookie_secrets *s, struct view ni, const struct addr *from,
		uint64_t spi_i, uint8_t out[COOKIE_LEN]) ERR_MUST_CHECK;
/* Whether a returned cookie is one of ours, made with the current or the previous secret. */
bool cookie_check(const struct cookie_secrets *s, struct view cookie, struct view ni,
		  const struct addr *from, uint64_t spi_i);

#endif
