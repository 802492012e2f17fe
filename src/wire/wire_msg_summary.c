/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/msg.h"

#include "wire/ike.h"
#include "wire/payload.h"

#define MS_STATUS     12345 /* Microsoft's notify, with a code of 4 octets */
#define MS_STATUS_LEN 4

/* A name, or the number in parentheses. */
static void put_name(const char *name, unsigned number, struct wbuf *out)
{
	if (name)
		wbuf_str(out, name);
	else
		wbuf_fmt(out, "(%u)", number);
}

static void put_notify(const struct wire_notify *n, struct wbuf *out)
{
	struct rbuf r;
	uint32_t code;

	wbuf_str(out, "N(");
	put_name(ike_notify_short(n->type), n->type, out);
	rbuf_init(&r, n->data);
	if (n->type == MS_STATUS && n->data.len == MS_STATUS_LEN && rbuf_u32(&r, &code) == 0)
		wbuf_fmt(out, "(%u)", code);
	wbuf_str(out, ")");
}

static void put_cp(const struct wire_cp *cp, struct wbuf *out)
{
	static const char *const kinds[] = {
		[CP_REQUEST] = "RQ",
		[CP_REPLY] = "RP",
		[CP_SET] = "S",
		[CP_ACK] = "A",
	};

	wbuf_str(out, "CP");
	if (cp->type < sizeof(kinds) / sizeof(kinds[0]) && kinds[cp->type])
		wbuf_str(out, kinds[cp->type]);
	for (unsigned i = 0; i < cp->count; i++) {
		wbuf_u8(out, i ? ' ' : '(');
		put_name(ike_cp_attr_name(cp->attr[i].type), cp->attr[i].type, out);
	}
	wbuf_str(out, cp->count ? ")" : "()");
}

static const char *eap_type_name(uint8_t type)
{
	static const char *const names[UINT8_MAX + 1] = {
		[1] = "ID",    [2] = "NTF",	  [3] = "NAK",	  [4] = "MD5",	 [5] = "OTP",
		[6] = "GTC",   [13] = "TLS",	  [18] = "SIM",	  [21] = "TTLS", [23] = "AKA",
		[25] = "PEAP", [26] = "MSCHAPV2", [33] = "MSTLV", [38] = "TNC",	 [254] = "EXP",
	};

	return names[type];
}

static void put_eap(struct view packet, struct wbuf *out)
{
	static const char *const codes[] = {
		[PAYLOAD_EAP_REQUEST] = "REQ",
		[PAYLOAD_EAP_RESPONSE] = "RES",
		[PAYLOAD_EAP_SUCCESS] = "SUCC",
		[PAYLOAD_EAP_FAILURE] = "FAIL",
	};
	struct payload_eap eap;

	wbuf_str(out, "EAP");
	if (payload_eap_decode(packet, &eap))
		return; /* not from the decoder, which checked it */
	wbuf_u8(out, '/');
	put_name(eap.code < sizeof(codes) / sizeof(codes[0]) ? codes[eap.code] : NULL, eap.code,
		 out);
	if (eap.code == PAYLOAD_EAP_REQUEST || eap.code == PAYLOAD_EAP_RESPONSE) {
		wbuf_u8(out, '/');
		put_name(eap_type_name(eap.type), eap.type, out);
	}
}

static void put_payload(const struct wire_msg *msg, const struct wire_payload *p, struct wbuf *out)
{
	const char *name = ike_payload_name(p->type);

	switch (p->type) {
	case PAYLOAD_NOTIFY:
		put_notify(&p->u.notify, out);
		break;
	case PAYLOAD_CP:
		put_cp(&msg->cp, out);
		break;
	case PAYLOAD_EAP:
		put_eap(p->u.data, out);
		break;
	case PAYLOAD_SKF:
		wbuf_fmt(out, "EF(%u/%u)", p->u.frag.skf.number, p->u.frag.skf.total);
		break;
	default:
		if (name)
			wbuf_str(out, name);
		else
			wbuf_fmt(out, "UNKN(%u)", p->type);
	}
}

/* An envelope is left out once it is open: its content follows, or it has none. */
static bool is_open(const struct wire_msg *msg, const struct wire_payload *p)
{
	if (p->type != PAYLOAD_SK && p->type != PAYLOAD_SKF)
		return false;
	return p + 1 < msg->p + msg->count || (p->type == PAYLOAD_SK && p->next == PAYLOAD_NONE);
}

void wire_msg_summary(const struct wire_msg *msg, struct wbuf *out)
{
	wbuf_fmt(out, "%s %s %u [ ", ike_exchange_name(msg->hdr.exchange),
		 msg->hdr.flags & IKE_FLAG_RESPONSE ? "response" : "request", msg->hdr.msgid);
	for (const struct wire_payload *p = msg->p; p < msg->p + msg->count; p++) {
		if (is_open(msg, p))
			continue;
		put_payload(msg, p, out);
		wbuf_u8(out, ' ');
	}
	wbuf_u8(out, ']');
}
