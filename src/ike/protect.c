/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/protect.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/seal.h"
#include "wire/ike.h"

#define SK_HDR_LEN  4 /* generic payload header */
#define SKF_HDR_LEN 8
#define MAX_IV	    16

void protect_packets_done(struct protect_packets *p)
{
	for (size_t i = 0; i < p->count; i++)
		secret_done(&p->items[i]);
	free(p->items);
	*p = (struct protect_packets){0};
}

int protect_packets_add(struct protect_packets *p, struct view datagram)
{
	struct secret *items = realloc(p->items, (p->count + 1) * sizeof(*items));
	int err;

	if (!items)
		return E_NOMEM;
	p->items = items;
	err = secret_copy(&p->items[p->count], datagram);
	if (err == 0)
		p->count++;
	return err;
}

/* Padding such that plain | padding | pad length fills whole blocks. */
static size_t pad_len(const struct seal *seal, size_t plain_len)
{
	size_t block = seal_block(seal);

	return block > 1 ? (block - (plain_len + 1) % block) % block : 0;
}

size_t protect_message_len(const struct seal *seal, size_t plain_len)
{
	return IKE_HDR_LEN + SK_HDR_LEN + seal_iv_len(seal) + plain_len + pad_len(seal, plain_len) +
	       1 + seal_icv_len(seal);
}

/* Most plaintext that fits a fragment of max bytes, 0 if none does. */
static size_t fragment_room(const struct seal *seal, size_t max)
{
	size_t fixed = IKE_HDR_LEN + SKF_HDR_LEN + seal_iv_len(seal) + seal_icv_len(seal);
	size_t block = seal_block(seal);
	size_t room = max > fixed ? max - fixed : 0;

	room -= room % block;
	return room > 1 ? room - 1 : 0;
}

static void fill_iv(const struct protect_seal_params *p, uint8_t iv[MAX_IV])
{
	size_t len = seal_iv_len(p->seal);

	if (!seal_iv_is_counter(p->seal)) {
		p->random(p->ctx, iv, len);
		return;
	}
	uint64_t n = (*p->iv_counter)++;

	for (size_t i = 0; i < len; i++)
		iv[len - 1 - i] = i < 8 ? (uint8_t)(n >> (8 * i)) : 0;
}

/* One datagram: the whole message (frag NULL) or one fragment of it. */
static int seal_one(const struct protect_seal_params *p, const struct wire_skf *frag,
		    struct view plain, struct protect_packets *out)
{
	size_t pad = pad_len(p->seal, plain.len), icv_len = seal_icv_len(p->seal), at_iv, at_data;
	/* Only the first fragment says what the first payload inside is (RFC 7383 section 2.5). */
	uint8_t first = !frag || frag->number == 1 ? p->first : PAYLOAD_NONE;
	uint8_t iv[MAX_IV];
	struct wire_sk_marks marks;
	struct wire_writer w;
	struct wbuf buf;
	int err;

	wbuf_init(&buf, 0);
	wire_hdr_encode(p->hdr, &buf);
	wire_writer_init(&w, &buf);
	marks = wire_begin_sk(&w, first, frag);
	wbuf_patch_u8(&buf, 16, w.first); /* next payload of the IKE header */
	fill_iv(p, iv);
	at_iv = buf.len;
	wbuf_bytes(&buf, iv, seal_iv_len(p->seal));
	at_data = buf.len;
	wbuf_add(&buf, plain);
	wbuf_space(&buf, pad);
	wbuf_u8(&buf, (uint8_t)pad);
	wbuf_space(&buf, icv_len);
	wbuf_patch_len16(&buf, marks.at_len, marks.at_payload);
	wbuf_patch_u32(&buf, 24, (uint32_t)buf.len); /* length of the IKE header */
	err = wbuf_err(&buf);
	if (err == 0) {
		struct seal_io io = {
			.aad = view_make(buf.data, at_iv),
			.iv = buf.data + at_iv,
			.data = buf.data + at_data,
			.len = buf.len - icv_len - at_data,
			.icv = buf.data + buf.len - icv_len,
		};
		err = seal_encrypt(p->seal, &io);
	}
	if (err == 0)
		err = protect_packets_add(out, wbuf_view(&buf));
	wbuf_done(&buf);
	return err;
}

int protect_seal(const struct protect_seal_params *p, struct protect_packets *out)
{
	size_t room, total;
	int err = 0;

	*out = (struct protect_packets){0};
	if (!p->max_datagram || protect_message_len(p->seal, p->plain.len) <= p->max_datagram)
		return seal_one(p, NULL, p->plain, out);
	room = fragment_room(p->seal, p->max_datagram);
	total = room ? (p->plain.len + room - 1) / room : SIZE_MAX;
	if (total > UINT16_MAX)
		return E_LIMIT;
	for (size_t i = 0; i < total && err == 0; i++) {
		struct wire_skf frag = {(uint16_t)(i + 1), (uint16_t)total};
		size_t from = i * room;
		size_t len = p->plain.len - from < room ? p->plain.len - from : room;

		err = seal_one(p, &frag, view_make(p->plain.ptr + from, len), out);
	}
	if (err)
		protect_packets_done(out);
	return err;
}

int protect_open(struct seal *seal, struct view datagram, const struct wire_msg *msg,
		 struct secret *out_plain)
{
	const struct wire_payload *p = msg->count ? &msg->p[msg->count - 1] : NULL;
	size_t iv_len = seal_iv_len(seal), icv_len = seal_icv_len(seal), len;
	struct secret copy;
	struct view body;
	int err;

	*out_plain = (struct secret){0};
	if (!p || (p->type != PAYLOAD_SK && p->type != PAYLOAD_SKF))
		return E_MALFORMED;
	body = p->type == PAYLOAD_SK ? p->u.data : p->u.frag.data;
	if (body.len < iv_len + icv_len + 1 ||
	    (body.len - iv_len - icv_len) % seal_block(seal) != 0)
		return E_MALFORMED;
	err = secret_copy(&copy, body);
	if (err)
		return err;
	len = body.len - iv_len - icv_len;
	err = seal_decrypt(
		seal, &(struct seal_io){
			      .aad = view_make(datagram.ptr, (size_t)(body.ptr - datagram.ptr)),
			      .iv = copy.data,
			      .data = copy.data + iv_len,
			      .len = len,
			      .icv = copy.data + iv_len + len,
		      });
	if (err == 0) {
		size_t pad = copy.data[iv_len + len - 1];

		err = pad + 1 > len ? E_MALFORMED
				    : secret_copy(out_plain,
						  view_make(copy.data + iv_len, len - pad - 1));
	}
	secret_done(&copy);
	return err;
}

void protect_frags_done(struct protect_frags *f)
{
	for (size_t i = 0; f->parts && i < f->total; i++)
		secret_done(&f->parts[i]);
	free(f->parts);
	*f = (struct protect_frags){0};
}

/* Start gathering a message of `total` fragments. */
static int frags_begin(struct protect_frags *f, uint32_t msgid, uint16_t total)
{
	protect_frags_done(f);
	f->parts = calloc(total, sizeof(*f->parts));
	if (!f->parts)
		return E_NOMEM;
	f->msgid = msgid;
	f->total = total;
	return 0;
}

static int frags_join(struct protect_frags *f, struct secret *out)
{
	size_t at = 0;
	int err = secret_alloc(out, f->bytes);

	for (size_t i = 0; err == 0 && i < f->total; i++) {
		if (f->parts[i].len)
			memcpy(out->data + at, f->parts[i].data, f->parts[i].len);
		at += f->parts[i].len;
	}
	return err;
}

int protect_frags_add(struct protect_frags *f, const struct wire_msg *msg, struct secret *part,
		      size_t max_packet, struct secret *out_plain)
{
	const struct wire_payload *p = &msg->p[msg->count - 1];
	struct wire_skf skf = p->u.frag.skf;
	int err = 0;

	*out_plain = (struct secret){0};
	/* An empty fragment carries nothing: RFC 7383 has no use for it, and it would look
	 * missing. */
	if (skf.number == 0 || skf.number > skf.total || part->len == 0)
		return E_MALFORMED;
	/* Each has a byte at least: no memory for more fragments than a message may have bytes. */
	if (skf.total > max_packet)
		return E_LIMIT;
	if (!f->parts || f->msgid != msg->hdr.msgid || skf.total > f->total)
		err = frags_begin(f, msg->hdr.msgid, skf.total);
	if (err)
		return err;
	if (skf.total < f->total || f->parts[skf.number - 1].len)
		return E_REPLAY;
	if (f->bytes + part->len > max_packet) {
		protect_frags_done(f);
		return E_LIMIT;
	}
	f->bytes += part->len;
	f->got++;
	secret_move(&f->parts[skf.number - 1], part);
	if (skf.number == 1)
		f->first = p->next;
	if (f->got < f->total)
		return 0;
	err = frags_join(f, out_plain);
	return err ? err : 1;
}
