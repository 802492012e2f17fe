/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_WIRE_ECHO_H
#define TEST_WIRE_ECHO_H

/* Writes decoded payloads again: shared by the unit tests and the fuzz targets. */

#include "wire/ike.h"
#include "wire/msg.h"

/* Attributes and payloads that we do not know cannot be written. */
static inline bool echo_can(const struct wire_msg *msg, const struct wire_payload *p)
{
	if (!ike_payload_name(p->type) || (p->type > PAYLOAD_EAP && p->type < PAYLOAD_SKF))
		return false;
	for (unsigned i = 0; p->type == PAYLOAD_SA && i < msg->sa.count; i++) {
		for (unsigned k = 0; k < msg->sa.p[i].count; k++) {
			if (msg->sa.p[i].t[k].unknown_attr)
				return false;
		}
	}
	return true;
}

static inline void echo_payload(const struct wire_msg *msg, const struct wire_payload *p,
				struct wire_writer *w)
{
	switch (p->type) {
	case PAYLOAD_SA:
		wire_put_sa(w, &msg->sa);
		break;
	case PAYLOAD_KE:
		wire_put_ke(w, p->u.ke.method, p->u.ke.data);
		break;
	case PAYLOAD_IDI:
	case PAYLOAD_IDR:
		wire_put_id(w, p->type, &p->u.id);
		break;
	case PAYLOAD_CERT:
	case PAYLOAD_CERTREQ:
		wire_put_cert(w, p->type, p->u.cert.encoding, p->u.cert.data);
		break;
	case PAYLOAD_AUTH:
		wire_put_auth(w, p->u.auth.method, p->u.auth.data);
		break;
	case PAYLOAD_NONCE:
		wire_put_nonce(w, p->u.data);
		break;
	case PAYLOAD_NOTIFY:
		wire_put_notify_spi(w, &p->u.notify);
		break;
	case PAYLOAD_DELETE:
		wire_put_delete(w, &p->u.del);
		break;
	case PAYLOAD_VENDOR:
		wire_put_vendor(w, p->u.data);
		break;
	case PAYLOAD_TSI:
		wire_put_ts(w, p->type, &msg->tsi);
		break;
	case PAYLOAD_TSR:
		wire_put_ts(w, p->type, &msg->tsr);
		break;
	case PAYLOAD_CP:
		wire_put_cp(w, &msg->cp);
		break;
	case PAYLOAD_EAP:
		wire_put_eap(w, p->u.data);
		break;
	default: { /* SK, SKF: as they came, closed */
		bool skf = p->type == PAYLOAD_SKF;
		struct wire_sk_marks m = wire_begin_sk(w, p->next, skf ? &p->u.frag.skf : NULL);

		wbuf_add(w->buf, skf ? p->u.frag.data : p->u.data);
		wbuf_patch_len16(w->buf, m.at_len, m.at_payload);
	}
	}
}

/* Write all payloads from number `from` on; false if there is one that cannot be written. */
static inline bool echo_payloads(const struct wire_msg *msg, unsigned from, struct wire_writer *w)
{
	for (unsigned i = from; i < msg->count; i++) {
		if (!echo_can(msg, &msg->p[i]))
			return false;
		echo_payload(msg, &msg->p[i], w);
	}
	return true;
}

#endif
