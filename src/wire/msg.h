/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MSG_H
#define WIRE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/proposal.h"
#include "wire/ts.h"

/*
 * IKEv2 messages (RFC 7296 section 3). Decoding has no effects: bytes in, one struct of values and
 * views out; the views point into the bytes given, which must outlive the struct.
 */

#define WIRE_MAX_PAYLOADS 96
#define WIRE_MAX_CP_ATTRS 64
#define WIRE_MAX_PER_TYPE 20 /* notify, delete, vendor id, certreq; 8 for CERT */

struct wire_hdr {
	uint64_t spi_i;
	uint64_t spi_r;
	uint8_t next;
	uint8_t version;
	uint8_t exchange;
	uint8_t flags;
	uint32_t msgid;
	uint32_t length;
};

struct wire_ke {
	uint16_t method;
	struct view data;
};

/* IDi, IDr: the body as it is hashed for AUTH is payload.body. */
struct wire_id {
	uint8_t type;
	struct view data;
};

struct wire_cert { /* CERT and CERTREQ */
	uint8_t encoding;
	struct view data;
};

struct wire_auth {
	uint8_t method;
	struct view data;
};

struct wire_notify {
	uint8_t protocol;
	uint16_t type;
	struct view spi;
	struct view data;
};

struct wire_delete {
	uint8_t protocol;
	uint8_t spi_len;
	uint16_t count;
	struct view spis; /* count * spi_len bytes */
};

struct wire_cp_attr {
	uint16_t type;
	struct view value;
};

struct wire_cp {
	uint8_t type;
	unsigned count;
	struct wire_cp_attr attr[WIRE_MAX_CP_ATTRS];
};

struct wire_skf {
	uint16_t number;
	uint16_t total;
};

struct wire_payload {
	uint8_t type;
	bool critical;
	uint8_t next;	  /* type of the payload after it; for SK and SKF the first one inside */
	struct view body; /* without the generic payload header */
	union {
		struct wire_ke ke;
		struct wire_id id;
		struct wire_cert cert;
		struct wire_auth auth;
		struct wire_notify notify;
		struct wire_delete del;
		struct view data; /* Nonce, Vendor ID, EAP, unknown; SK: IV onwards */
		struct {
			struct wire_skf skf;
			struct view data; /* IV onwards */
		} frag;
	} u;
};

struct wire_msg {
	struct wire_hdr hdr;
	unsigned count;
	struct wire_payload p[WIRE_MAX_PAYLOADS];
	/* At most one of each per message; has_* says whether it is there. */
	bool has_sa, has_tsi, has_tsr, has_cp;
	struct proposals sa;
	struct ts_list tsi;
	struct ts_list tsr;
	struct wire_cp cp;
	uint8_t critical_type; /* the unknown critical payload when decoding gave E_CRITICAL */
};

/*
 * Decode the 28-byte header only. Its length field must be at most the bytes given (else E_SHORT)
 * and at least 28 (E_MALFORMED). The version is not judged.
 */
int wire_hdr_decode(struct view datagram, struct wire_hdr *out) ERR_MUST_CHECK;
void wire_hdr_encode(const struct wire_hdr *hdr, struct wbuf *out);

/*
 * Decode a whole message: header and cleartext payloads; an SK or SKF payload must be the last one
 * and is kept closed. Unknown types are kept as they are (u.data); the critical bit of known ones
 * is ignored (RFC 7296 section 2.5). Errors: E_SHORT, E_TRAILING (also: datagram longer than the
 * header says), E_MALFORMED (also: a second SA, KE, ...), E_LIMIT, E_CRITICAL with critical_type
 * set, and E_UNSUPPORTED for another major version. On failure there are no payloads, and hdr is
 * set if it was readable, else zero.
 */
int wire_msg_decode(struct view datagram, struct wire_msg *out) ERR_MUST_CHECK;

/*
 * Decode opened (decrypted) payloads of type `first` onwards and append them to *msg, which has the
 * header and outer payloads already. Errors as above, and E_MALFORMED for a nested SK or SKF; the
 * message is then as it was before (but for critical_type).
 */
int wire_msg_decode_inner(uint8_t first, struct view plain, struct wire_msg *msg) ERR_MUST_CHECK;

/* First payload of a type, or NULL; wire_msg_next() continues after a payload of the same type. */
const struct wire_payload *wire_msg_find(const struct wire_msg *msg, uint8_t type);
const struct wire_payload *wire_msg_next(const struct wire_msg *msg, const struct wire_payload *p);
/* First notify of a type, or NULL. */
const struct wire_notify *wire_msg_notify(const struct wire_msg *msg, uint16_t type);
/* First error notify, or NULL. */
const struct wire_notify *wire_msg_error(const struct wire_msg *msg);

/*
 * "IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) ... ]": the summary of the log, payload names and
 * order as strongSwan prints them. "E" and "EF(1/3)" stand for a closed SK or SKF; an opened one is
 * not shown. Unknown types are UNKN(200) and N((40960)).
 */
void wire_msg_summary(const struct wire_msg *msg, struct wbuf *out);

/*
 * Writing a chain of payloads. `first` is the type of the first one, for the header or SK payload
 * that will carry them.
 */
struct wire_writer {
	struct wbuf *buf;
	uint8_t first;
	size_t next_at; /* where the type of the next payload goes; SIZE_MAX: into `first` */
};

/* Start a chain at the present end of buf. */
void wire_writer_init(struct wire_writer *w, struct wbuf *buf);
void wire_put_sa(struct wire_writer *w, const struct proposals *p);
void wire_put_ke(struct wire_writer *w, uint16_t method, struct view data);
void wire_put_nonce(struct wire_writer *w, struct view nonce);
/* type PAYLOAD_IDI or PAYLOAD_IDR */
void wire_put_id(struct wire_writer *w, uint8_t type, const struct wire_id *id);
/* type PAYLOAD_CERT or PAYLOAD_CERTREQ */
void wire_put_cert(struct wire_writer *w, uint8_t type, uint8_t encoding, struct view data);
void wire_put_auth(struct wire_writer *w, uint8_t method, struct view data);
/* A notify without protocol and SPI. */
void wire_put_notify(struct wire_writer *w, uint16_t type, struct view data);
/* A notify about an SA: REKEY_SA, CHILD_SA_NOT_FOUND, ... */
void wire_put_notify_spi(struct wire_writer *w, const struct wire_notify *n);
/* IKE: protocol PROTO_IKE and no SPI; else 4-byte SPIs in network order. */
void wire_put_delete(struct wire_writer *w, const struct wire_delete *d);
void wire_put_vendor(struct wire_writer *w, struct view id);
/* type PAYLOAD_TSI or PAYLOAD_TSR */
void wire_put_ts(struct wire_writer *w, uint8_t type, const struct ts_list *l);
void wire_put_cp(struct wire_writer *w, const struct wire_cp *cp);
void wire_put_eap(struct wire_writer *w, struct view packet);
/*
 * Start an SK (or SKF: skf non-NULL) payload whose inner chain begins with `first`; the content
 * (IV, ciphertext, ICV) follows by the caller, who then patches the length with
 * wbuf_patch_len16(buf, at_len, at_payload). It ends the chain. Returns offsets into the buffer.
 */
struct wire_sk_marks {
	size_t at_payload; /* where the generic payload header starts */
	size_t at_len;	   /* its length field */
};
struct wire_sk_marks wire_begin_sk(struct wire_writer *w, uint8_t first,
				   const struct wire_skf *skf);

#endif
