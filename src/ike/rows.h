/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_ROWS_H
#define IKE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "ike/engine.h"
#include "wire/msg.h"

struct ike_sa;

/*
 * What a peer may send when: a row an exchange and direction. Illegal order is refused here and
 * nowhere else.
 */
struct row {
	uint8_t exchange;
	bool response;
	uint32_t states;   /* mask of ROW_STATE(enum ike_sa_state) */
	bool to_initiator; /* allowed when we are the initiator of the IKE SA */
	bool to_responder; /* ... the responder */
	bool (*guard)(const struct ike_sa *sa); /* what else must hold; NULL: nothing */
	uint64_t required;			/* masks of ROW_PAYLOAD(type) */
	uint64_t allowed; /* beyond the required ones; unknown types are ignored anyway */
	void (*request)(struct ike_sa *sa, const struct wire_msg *msg); /* NULL for responses */
};

#define ROW_STATE(s)   (1u << (s))
#define ROW_PAYLOAD(t) (1ull << ((t)-32))

/* The row of this exchange, or NULL. */
const struct row *rows_find(uint8_t exchange, bool response);
/* Whether the SA may get this exchange now. */
bool rows_allow_sa(const struct row *row, const struct ike_sa *sa);
/* Whether all required payloads are there and no other known ones; *out_type is the offender. */
bool rows_allow_payloads(const struct row *row, const struct wire_msg *msg, uint8_t *out_type);

#endif
