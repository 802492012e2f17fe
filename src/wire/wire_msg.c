/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/msg.h"

#include "wire/ike.h"
#include "wire/payload.h"

#define MAJOR_VERSION  2
#define FLAG_CRITICAL  0x80 /* in the second octet of the generic payload header */
#define WIRE_MAX_CERTS 8

const struct wire_payload *wire_msg_next(const struct wire_msg *msg, const struct wire_payload *p)
{
	uint8_t type = p->type;

	for (p++; p < msg->p + msg->count; p++) {
		if (p->type == type)
			return p;
	}
	return NULL;
}

const struct wire_payload *wire_msg_find(const struct wire_msg *msg, uint8_t type)
{
	for (unsigned i = 0; i < msg->count; i++) {
		if (msg->p[i].type == type)
			return &msg->p[i];
	}
	return NULL;
}

const struct wire_notify *wire_msg_notify(const struct wire_msg *msg, uint16_t type)
{
	for (unsigned i = 0; i < msg->count; i++) {
		if (msg->p[i].type == PAYLOAD_NOTIFY && msg->p[i].u.notify.type == type)
			return &msg->p[i].u.notify;
	}
	return NULL;
}

const struct wire_notify *wire_msg_error(const struct wire_msg *msg)
{
	for (unsigned i = 0; i < msg->count; i++) {
		if (msg->p[i].type == PAYLOAD_NOTIFY &&
		    ike_notify_is_error(msg->p[i].u.notify.type))
			return &msg->p[i].u.notify;
	}
	return NULL;
}

/* How many of a type a message may have; 0 for types we do not know. */
static unsigned most_of(uint8_t type)
{
	switch (type) {
	case PAYLOAD_SA:
	case PAYLOAD_KE:
	case PAYLOAD_IDI:
	case PAYLOAD_IDR:
	case PAYLOAD_AUTH:
	case PAYLOAD_NONCE:
	case PAYLOAD_TSI:
	case PAYLOAD_TSR:
	case PAYLOAD_SK:
	case PAYLOAD_SKF:
	case PAYLOAD_CP:
	case PAYLOAD_EAP:
		return 1;
	case PAYLOAD_CERT:
		return WIRE_MAX_CERTS;
	case PAYLOAD_CERTREQ:
	case PAYLOAD_NOTIFY:
	case PAYLOAD_DELETE:
	case PAYLOAD_VENDOR:
		return WIRE_MAX_PER_TYPE;
	default:
		return 0;
	}
}

static bool is_sealed(uint8_t type)
{
	return type == PAYLOAD_SK || type == PAYLOAD_SKF;
}

/* Whether one more payload of this type may come: RFC 7296 section 2.5 for the unknown ones. */
static int check_type(struct wire_msg *msg, uint8_t type, bool critical)
{
	unsigned most = most_of(type), have = 0;

	if (most == 0 && critical) {
		msg->critical_type = type;
		return E_CRITICAL;
	}
	if (msg->count >= WIRE_MAX_PAYLOADS)
		return E_LIMIT;
	if (most == 0)
		return 0;
	for (unsigned i = 0; i < msg->count; i++)
		have += msg->p[i].type == type;
	if (have < most)
		return 0;
	return most == 1 ? E_MALFORMED : E_LIMIT;
}

static int decode_body(struct wire_msg *msg, struct wire_payload *p)
{
	struct payload_eap eap;

	switch (p->type) {
	case PAYLOAD_SA:
		return proposals_decode(p->body, &msg->sa);
	case PAYLOAD_KE:
		return payload_ke_decode(p->body, &p->u.ke);
	case PAYLOAD_IDI:
	case PAYLOAD_IDR:
		return payload_id_decode(p->body, &p->u.id);
	case PAYLOAD_CERT:
	case PAYLOAD_CERTREQ:
		return payload_cert_decode(p->body, &p->u.cert);
	case PAYLOAD_AUTH:
		return payload_auth_decode(p->body, &p->u.auth);
	case PAYLOAD_NONCE:
		return payload_nonce_decode(p->body, &p->u.data);
	case PAYLOAD_NOTIFY:
		return payload_notify_decode(p->body, &p->u.notify);
	case PAYLOAD_DELETE:
		return payload_delete_decode(p->body, &p->u.del);
	case PAYLOAD_TSI:
		return ts_decode(p->body, &msg->tsi);
	case PAYLOAD_TSR:
		return ts_decode(p->body, &msg->tsr);
	case PAYLOAD_CP:
		return payload_cp_decode(p->body, &msg->cp);
	case PAYLOAD_SKF:
		return payload_skf_decode(p->body, &p->u.frag.skf, &p->u.frag.data);
	case PAYLOAD_EAP:
		p->u.data = p->body;
		return payload_eap_decode(p->body, &eap);
	default: /* Vendor ID, SK, and those kept as they are */
		p->u.data = p->body;
		return 0;
	}
}

/* Keep the first payloads and forget the others. */
static void keep_payloads(struct wire_msg *msg, unsigned count)
{
	msg->count = count;
	msg->has_sa = wire_msg_find(msg, PAYLOAD_SA);
	msg->has_tsi = wire_msg_find(msg, PAYLOAD_TSI);
	msg->has_tsr = wire_msg_find(msg, PAYLOAD_TSR);
	msg->has_cp = wire_msg_find(msg, PAYLOAD_CP);
}

/* Decode the payload at the cursor, append it, and set *type to that of the one after it. */
static int decode_payload(struct wire_msg *msg, struct rbuf *r, uint8_t *type)
{
	struct payload_head head;
	struct wire_payload *p;
	int err = payload_head_decode(r, &head);

	if (err)
		return err;
	err = check_type(msg, *type, head.second & FLAG_CRITICAL);
	if (err)
		return err;
	p = &msg->p[msg->count];
	*p = (struct wire_payload){
		.type = *type,
		.critical = head.second & FLAG_CRITICAL,
		.next = head.first,
		.body = head.rest,
	};
	err = decode_body(msg, p);
	if (err)
		return err;
	keep_payloads(msg, msg->count + 1);
	/* The types after SK and SKF are those of the payloads inside. */
	*type = is_sealed(p->type) ? PAYLOAD_NONE : p->next;
	return 0;
}

int wire_msg_decode(struct view datagram, struct wire_msg *out)
{
	uint8_t type;
	struct rbuf r;
	int err;

	keep_payloads(out, 0);
	out->hdr = (struct wire_hdr){0};
	out->critical_type = 0;
	err = wire_hdr_decode(datagram, &out->hdr);
	if (err)
		return err;
	if (out->hdr.version >> 4 != MAJOR_VERSION)
		return E_UNSUPPORTED;
	rbuf_init(&r, datagram);
	err = rbuf_skip(&r, IKE_HDR_LEN);
	if (err == 0 && out->hdr.length < datagram.len)
		err = E_TRAILING;
	type = out->hdr.next;
	while (err == 0 && type != PAYLOAD_NONE)
		err = decode_payload(out, &r, &type);
	if (err == 0)
		err = rbuf_end(&r);
	if (err)
		keep_payloads(out, 0);
	return err;
}

int wire_msg_decode_inner(uint8_t first, struct view plain, struct wire_msg *msg)
{
	unsigned outer = msg->count;
	uint8_t type = first;
	struct rbuf r;
	int err = 0;

	msg->critical_type = 0;
	rbuf_init(&r, plain);
	while (err == 0 && type != PAYLOAD_NONE)
		err = is_sealed(type) ? E_MALFORMED : decode_payload(msg, &r, &type);
	if (err == 0)
		err = rbuf_end(&r);
	if (err)
		keep_payloads(msg, outer);
	return err;
}
