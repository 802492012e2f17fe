/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_PROPOSAL_H
#define WIRE_PROPOSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Transform types (RFC 7296 section 3.3.2, RFC 9370). */
enum transform_type {
	TRANSFORM_ENCR = 1,
	TRANSFORM_PRF = 2,
	TRANSFORM_INTEG = 3,
	TRANSFORM_KE = 4,
	TRANSFORM_ESN = 5,
	TRANSFORM_ADDKE1 = 6, /* ... ADDKE7 = 12 */
	TRANSFORM_ADDKE7 = 12,
};

struct transform {
	uint8_t type;
	uint16_t id;
	uint16_t key_bits; /* Key Length attribute; 0 without one */
	bool unknown_attr; /* has an attribute we do not know: never matches (section 3.3.6) */
};

#define PROPOSAL_MAX_TRANSFORMS 96
#define PROPOSALS_MAX		40

/* One proposal: what is offered, or, with at most one transform of a type, what was chosen. */
struct proposal {
	uint8_t number;
	uint8_t protocol; /* enum ike_protocol */
	uint8_t spi_len;  /* 0, 4 or 8 */
	uint8_t spi[8];
	uint16_t count;
	struct transform t[PROPOSAL_MAX_TRANSFORMS];
};

struct proposals {
	unsigned count;
	struct proposal p[PROPOSALS_MAX];
};

/* Append a transform; E_LIMIT when full. A duplicate is not added again. */
int proposal_add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits) ERR_MUST_CHECK;
/* The first transform of a type, or NULL. */
const struct transform *proposal_find(const struct proposal *p, uint8_t type);
/* Whether p has any transform of this type, and whether it has exactly (type, id, key_bits). */
bool proposal_has_type(const struct proposal *p, uint8_t type);
bool proposal_has(const struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits);
/* Same protocol and the same transforms in the same order (SPI and number aside). */
bool proposal_equal(const struct proposal *a, const struct proposal *b);

/* Decode/encode the body of an SA payload (RFC 7296 section 3.3). */
int proposals_decode(struct view body, struct proposals *out) ERR_MUST_CHECK;
void proposals_encode(const struct proposals *p, struct wbuf *out);

#endif
