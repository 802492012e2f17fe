/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/proposal.h"

#include <string.h>

#include "wire/ike.h"
#include "wire/payload.h"

/* First octet of a proposal and of a transform (RFC 7296 sections 3.3.1 and 3.3.2). */
#define LAST		0
#define MORE_PROPOSALS	2
#define MORE_TRANSFORMS 3

/* Attributes (section 3.3.5): with the format bit the value stands where the length would. */
#define ATTR_SHORT_FORM 0x8000
#define ATTR_KEY_LENGTH 14

static bool same(const struct transform *t, uint8_t type, uint16_t id, uint16_t key_bits)
{
	return t->type == type && t->id == id && t->key_bits == key_bits;
}

bool proposal_has(const struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	for (unsigned i = 0; i < p->count; i++) {
		if (same(&p->t[i], type, id, key_bits) && !p->t[i].unknown_attr)
			return true;
	}
	return false;
}

int proposal_add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	if (proposal_has(p, type, id, key_bits))
		return 0;
	if (p->count >= PROPOSAL_MAX_TRANSFORMS)
		return E_LIMIT;
	p->t[p->count++] = (struct transform){.type = type, .id = id, .key_bits = key_bits};
	return 0;
}

const struct transform *proposal_find(const struct proposal *p, uint8_t type)
{
	for (unsigned i = 0; i < p->count; i++) {
		if (p->t[i].type == type)
			return &p->t[i];
	}
	return NULL;
}

bool proposal_has_type(const struct proposal *p, uint8_t type)
{
	return proposal_find(p, type) != NULL;
}

bool proposal_equal(const struct proposal *a, const struct proposal *b)
{
	if (a->protocol != b->protocol || a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		const struct transform *t = &b->t[i];

		if (!same(&a->t[i], t->type, t->id, t->key_bits) ||
		    a->t[i].unknown_attr != t->unknown_attr)
			return false;
	}
	return true;
}

/* A Key Length that is empty, given twice or in the long form is one we do not understand. */
static int decode_attr(struct rbuf *r, struct transform *t)
{
	uint16_t type, value;
	int err;

	if (rbuf_u16(r, &type) || rbuf_u16(r, &value))
		return E_SHORT;
	err = type & ATTR_SHORT_FORM ? 0 : rbuf_skip(r, value);
	if (type == (ATTR_SHORT_FORM | ATTR_KEY_LENGTH) && value != 0 && t->key_bits == 0)
		t->key_bits = value;
	else
		t->unknown_attr = true;
	return err;
}

static int decode_transform(struct rbuf *r, bool last, struct transform *out)
{
	struct payload_head head;
	struct rbuf in;
	int err = payload_head_decode(r, &head);

	if (err)
		return err;
	if (head.first != (last ? LAST : MORE_TRANSFORMS))
		return E_MALFORMED;
	*out = (struct transform){0};
	rbuf_init(&in, head.rest);
	if (rbuf_u8(&in, &out->type) || rbuf_skip(&in, 1) || rbuf_u16(&in, &out->id))
		return E_SHORT;
	while (rbuf_left(&in)) {
		err = decode_attr(&in, out);
		if (err)
			return err;
	}
	return 0;
}

/* IKE names its new SA in rekeying only; AH and ESP always (section 3.3.1). */
static bool spi_len_fits(uint8_t protocol, uint8_t len)
{
	switch (protocol) {
	case PROTO_IKE:
		return len == 0 || len == 8;
	case PROTO_AH:
	case PROTO_ESP:
		return len == 4;
	default:
		return len == 0 || len == 4 || len == 8;
	}
}

/* Decode what follows the head of a proposal. */
static int decode_proposal(struct view body, struct proposal *out)
{
	struct rbuf r;
	uint8_t transforms;

	rbuf_init(&r, body);
	out->count = 0;
	memset(out->spi, 0, sizeof(out->spi));
	if (rbuf_u8(&r, &out->number) || rbuf_u8(&r, &out->protocol) ||
	    rbuf_u8(&r, &out->spi_len) || rbuf_u8(&r, &transforms))
		return E_SHORT;
	if (!spi_len_fits(out->protocol, out->spi_len))
		return E_MALFORMED;
	if (transforms > PROPOSAL_MAX_TRANSFORMS)
		return E_LIMIT;
	if (rbuf_bytes(&r, out->spi, out->spi_len))
		return E_SHORT;
	while (out->count < transforms) {
		int err = decode_transform(&r, out->count + 1 == transforms, &out->t[out->count]);

		if (err)
			return err;
		out->count++;
	}
	return rbuf_end(&r);
}

int proposals_decode(struct view body, struct proposals *out)
{
	struct payload_head head;
	struct rbuf r;
	unsigned count = 0;

	out->count = 0;
	rbuf_init(&r, body);
	do {
		int err = payload_head_decode(&r, &head);

		if (err)
			return err;
		if (head.first != LAST && head.first != MORE_PROPOSALS)
			return E_MALFORMED;
		err = count < PROPOSALS_MAX ? decode_proposal(head.rest, &out->p[count]) : E_LIMIT;
		if (err)
			return err;
		count++;
	} while (head.first == MORE_PROPOSALS);
	if (rbuf_left(&r))
		return E_TRAILING;
	out->count = count;
	return 0;
}

static void encode_transform(const struct transform *t, bool last, struct wbuf *out)
{
	size_t start = payload_head_begin(out, last ? LAST : MORE_TRANSFORMS, 0);

	wbuf_u8(out, t->type);
	wbuf_u8(out, 0);
	wbuf_u16(out, t->id);
	if (t->key_bits) {
		wbuf_u16(out, ATTR_SHORT_FORM | ATTR_KEY_LENGTH);
		wbuf_u16(out, t->key_bits);
	}
	payload_head_end(out, start);
}

static void encode_proposal(const struct proposal *p, bool last, struct wbuf *out)
{
	size_t start = payload_head_begin(out, last ? LAST : MORE_PROPOSALS, 0);

	wbuf_u8(out, p->number);
	wbuf_u8(out, p->protocol);
	wbuf_u8(out, p->spi_len);
	wbuf_u8(out, (uint8_t)p->count);
	wbuf_bytes(out, p->spi, p->spi_len);
	for (unsigned i = 0; i < p->count; i++)
		encode_transform(&p->t[i], i + 1 == p->count, out);
	payload_head_end(out, start);
}

void proposals_encode(const struct proposals *p, struct wbuf *out)
{
	for (unsigned i = 0; i < p->count; i++)
		encode_proposal(&p->p[i], i + 1 == p->count, out);
}
