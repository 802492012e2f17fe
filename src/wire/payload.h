/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_PAYLOAD_H
#define WIRE_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

/*
 * Private to wire/: the body of each payload, both directions. Decoders take the body without the
 * generic payload header, consume all of it (E_SHORT, E_TRAILING, E_MALFORMED, E_LIMIT) and leave
 * views into it; encoders append a body and leave errors in the buffer. Reserved fields are ignored
 * on receipt and zero on sending.
 */

/*
 * The head that payloads, proposals, transforms and selectors share: two octets, then the length of
 * the whole in two octets (RFC 7296 sections 3.2, 3.3.1, 3.3.2, 3.13.1).
 */
struct payload_head {
	uint8_t first;
	uint8_t second;
	struct view rest; /* what follows the head */
};

#define PAYLOAD_HEAD_LEN    4
#define PAYLOAD_HEAD_LEN_AT 2 /* offset of the length within the head */

/* E_MALFORMED for a length below the head's own, E_SHORT if it reaches beyond the bytes. */
int payload_head_decode(struct rbuf *r, struct payload_head *out) ERR_MUST_CHECK;
/* Append a head and return where it starts; payload_head_end() fills in its length. */
size_t payload_head_begin(struct wbuf *out, uint8_t first, uint8_t second);
void payload_head_end(struct wbuf *out, size_t start);

/* RFC 7296 section 3.4 */
int payload_ke_decode(struct view body, struct wire_ke *out) ERR_MUST_CHECK;
void payload_ke_encode(const struct wire_ke *ke, struct wbuf *out);
/* RFC 7296 section 3.5 */
int payload_id_decode(struct view body, struct wire_id *out) ERR_MUST_CHECK;
void payload_id_encode(const struct wire_id *id, struct wbuf *out);
/* RFC 7296 sections 3.6 and 3.7 */
int payload_cert_decode(struct view body, struct wire_cert *out) ERR_MUST_CHECK;
void payload_cert_encode(const struct wire_cert *cert, struct wbuf *out);
/* RFC 7296 section 3.8 */
int payload_auth_decode(struct view body, struct wire_auth *out) ERR_MUST_CHECK;
void payload_auth_encode(const struct wire_auth *auth, struct wbuf *out);
/* RFC 7296 section 3.9: E_MALFORMED outside 16..256 octets. */
int payload_nonce_decode(struct view body, struct view *out) ERR_MUST_CHECK;
/* RFC 7296 section 3.10. The SPI may have any length: what it must be depends on the type. */
int payload_notify_decode(struct view body, struct wire_notify *out) ERR_MUST_CHECK;
void payload_notify_encode(const struct wire_notify *n, struct wbuf *out);
/* RFC 7296 section 3.11: no SPI for IKE, 4 octets each for AH and ESP, else E_MALFORMED. */
int payload_delete_decode(struct view body, struct wire_delete *out) ERR_MUST_CHECK;
void payload_delete_encode(const struct wire_delete *d, struct wbuf *out);
/* RFC 7296 section 3.15. Whether a value has the length its attribute wants is its user's check. */
int payload_cp_decode(struct view body, struct wire_cp *out) ERR_MUST_CHECK;
void payload_cp_encode(const struct wire_cp *cp, struct wbuf *out);
/* RFC 7383 section 2.5: the two numbers before the IV. *out_data is what follows them. */
int payload_skf_decode(struct view body, struct wire_skf *out,
		       struct view *out_data) ERR_MUST_CHECK;
void payload_skf_encode(const struct wire_skf *skf, struct wbuf *out);

/* EAP codes (RFC 3748 section 4) */
enum payload_eap_code {
	PAYLOAD_EAP_REQUEST = 1,
	PAYLOAD_EAP_RESPONSE = 2,
	PAYLOAD_EAP_SUCCESS = 3,
	PAYLOAD_EAP_FAILURE = 4,
};

struct payload_eap {
	uint8_t code;
	uint8_t identifier;
	uint8_t type;	  /* of requests and responses; 0 otherwise */
	struct view data; /* after the type */
};

/* RFC 7296 section 3.16: the head of an EAP packet, whose own length must be the body's. */
int payload_eap_decode(struct view body, struct payload_eap *out) ERR_MUST_CHECK;

#endif
