/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/msg.h"

#include "wire/ike.h"
#include "wire/payload.h"

void wire_writer_init(struct wire_writer *w, struct wbuf *buf)
{
	*w = (struct wire_writer){.buf = buf, .first = PAYLOAD_NONE, .next_at = SIZE_MAX};
}

/* Link a payload of this type into the chain and start it; payload_head_end() ends it. */
static size_t begin(struct wire_writer *w, uint8_t type)
{
	if (w->next_at == SIZE_MAX)
		w->first = type;
	else
		wbuf_patch_u8(w->buf, w->next_at, type);
	w->next_at = payload_head_begin(w->buf, PAYLOAD_NONE, 0);
	return w->next_at;
}

void wire_put_sa(struct wire_writer *w, const struct proposals *p)
{
	size_t start = begin(w, PAYLOAD_SA);

	proposals_encode(p, w->buf);
	payload_head_end(w->buf, start);
}

void wire_put_ke(struct wire_writer *w, uint16_t method, struct view data)
{
	size_t start = begin(w, PAYLOAD_KE);

	payload_ke_encode(&(struct wire_ke){.method = method, .data = data}, w->buf);
	payload_head_end(w->buf, start);
}

/* A payload whose body is the bytes given. */
static void put_bytes(struct wire_writer *w, uint8_t type, struct view body)
{
	size_t start = begin(w, type);

	wbuf_add(w->buf, body);
	payload_head_end(w->buf, start);
}

void wire_put_nonce(struct wire_writer *w, struct view nonce)
{
	put_bytes(w, PAYLOAD_NONCE, nonce);
}

void wire_put_vendor(struct wire_writer *w, struct view id)
{
	put_bytes(w, PAYLOAD_VENDOR, id);
}

void wire_put_eap(struct wire_writer *w, struct view packet)
{
	put_bytes(w, PAYLOAD_EAP, packet);
}

void wire_put_id(struct wire_writer *w, uint8_t type, const struct wire_id *id)
{
	size_t start = begin(w, type);

	payload_id_encode(id, w->buf);
	payload_head_end(w->buf, start);
}

void wire_put_cert(struct wire_writer *w, uint8_t type, uint8_t encoding, struct view data)
{
	size_t start = begin(w, type);

	payload_cert_encode(&(struct wire_cert){.encoding = encoding, .data = data}, w->buf);
	payload_head_end(w->buf, start);
}

void wire_put_auth(struct wire_writer *w, uint8_t method, struct view data)
{
	size_t start = begin(w, PAYLOAD_AUTH);

	payload_auth_encode(&(struct wire_auth){.method = method, .data = data}, w->buf);
	payload_head_end(w->buf, start);
}

void wire_put_notify(struct wire_writer *w, uint16_t type, struct view data)
{
	wire_put_notify_spi(w, &(struct wire_notify){.type = type, .data = data});
}

void wire_put_notify_spi(struct wire_writer *w, const struct wire_notify *n)
{
	size_t start = begin(w, PAYLOAD_NOTIFY);

	payload_notify_encode(n, w->buf);
	payload_head_end(w->buf, start);
}

void wire_put_delete(struct wire_writer *w, const struct wire_delete *d)
{
	size_t start = begin(w, PAYLOAD_DELETE);

	payload_delete_encode(d, w->buf);
	payload_head_end(w->buf, start);
}

void wire_put_ts(struct wire_writer *w, uint8_t type, const struct ts_list *l)
{
	size_t start = begin(w, type);

	ts_encode(l, w->buf);
	payload_head_end(w->buf, start);
}

void wire_put_cp(struct wire_writer *w, const struct wire_cp *cp)
{
	size_t start = begin(w, PAYLOAD_CP);

	payload_cp_encode(cp, w->buf);
	payload_head_end(w->buf, start);
}

struct wire_sk_marks wire_begin_sk(struct wire_writer *w, uint8_t first, const struct wire_skf *skf)
{
	size_t start = begin(w, skf ? PAYLOAD_SKF : PAYLOAD_SK);

	wbuf_patch_u8(w->buf, start, first);
	if (skf)
		payload_skf_encode(skf, w->buf);
	return (struct wire_sk_marks){
		.at_payload = start,
		.at_len = start + PAYLOAD_HEAD_LEN_AT,
	};
}
