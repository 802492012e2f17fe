/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/select.h"

#include <string.h>

#include "conf/suite.h"
#include "crypto/alg.h"
#include "ike/sa.h"
#include "wire/ike.h"

#define FIRST_PRIVATE_ID 1024 /* IANA registries: 1024..65535 private use */

static bool is_ke_type(uint8_t type)
{
	return type == TRANSFORM_KE || (type >= TRANSFORM_ADDKE1 && type <= TRANSFORM_ADDKE7);
}

/* A type that is absent, or offered with id NONE, may be left out (sections 3.3.3 and 3.3.6). */
static bool may_be_none(const struct proposal *p, uint8_t type)
{
	return !proposal_has_type(p, type) ||
	       (type != TRANSFORM_ESN && proposal_has(p, type, 0, 0));
}

/* No method may be used twice in one proposal chosen (RFC 9370 section 2.2.1). */
static bool ke_used(const struct proposal *chosen, uint16_t id)
{
	for (unsigned i = 0; i < chosen->count; i++) {
		if (is_ke_type(chosen->t[i].type) && chosen->t[i].id == id)
			return true;
	}
	return false;
}

/* The first transform of `type` in `first` that `second` has too; NULL if none. */
static const struct transform *meet(const struct proposal *first, const struct proposal *second,
				    uint8_t type, const struct select_params *p,
				    const struct proposal *chosen)
{
	for (unsigned i = 0; i < first->count; i++) {
		const struct transform *t = &first->t[i];

		if (t->type != type || t->unknown_attr || (t->id == 0 && type != TRANSFORM_ESN))
			continue;
		if (t->id >= FIRST_PRIVATE_ID && !p->allow_private)
			continue;
		if (is_ke_type(type) && !p->allow_repeats && ke_used(chosen, t->id))
			continue;
		for (unsigned j = 0; j < second->count; j++) {
			const struct transform *o = &second->t[j];

			if (o->type == type && o->id == t->id && o->key_bits == t->key_bits &&
			    !o->unknown_attr)
				return t;
		}
	}
	return NULL;
}

/* One of the transforms of a type, or agreement on none. */
static int choose_type(const struct proposal *first, const struct proposal *second, uint8_t type,
		       const struct select_params *p, struct proposal *out)
{
	const struct transform *t = meet(first, second, type, p, out);

	if (t)
		return proposal_add(out, t->type, t->id, t->key_bits);
	return may_be_none(first, type) && may_be_none(second, type) ? 0 : E_NOPROPOSAL;
}

static bool has_addke(const struct proposal *p)
{
	for (unsigned type = TRANSFORM_ADDKE1; type <= TRANSFORM_ADDKE7; type++) {
		if (proposal_has_type(p, (uint8_t)type))
			return true;
	}
	return false;
}

static bool known_types_only(const struct proposal *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		if (p->t[i].type < TRANSFORM_ENCR || p->t[i].type > TRANSFORM_ADDKE7)
			return false;
	}
	return true;
}

/* AEAD and integrity exclude each other, whatever was offered together (section 3.3). */
static bool is_sound(const struct proposal *p)
{
	const struct transform *e = proposal_find(p, TRANSFORM_ENCR);
	const struct alg *encr = e ? alg_find(TRANSFORM_ENCR, e->id) : NULL;

	/* Encryption without a key (NULL) is for ESP only. */
	if (!encr || (alg_encr_key_bits(encr, e->key_bits) == 0 &&
		      (p->protocol == PROTO_IKE || encr->u.encr.key_bits[0])))
		return false;
	if (encr->u.encr.aead == proposal_has_type(p, TRANSFORM_INTEG))
		return false;
	/* Further key exchanges follow a first one (RFC 9370 section 2.2.4). */
	if (has_addke(p) && !proposal_has_type(p, TRANSFORM_KE))
		return false;
	return p->protocol != PROTO_IKE ||
	       (proposal_has_type(p, TRANSFORM_PRF) && proposal_has_type(p, TRANSFORM_KE));
}

static int try_pair(const struct select_params *p, const struct proposal *configured,
		    const struct proposal *received, struct proposal *out)
{
	const struct proposal *first = p->prefer_configured ? configured : received;
	const struct proposal *second = p->prefer_configured ? received : configured;
	struct proposal chosen = {.protocol = received->protocol,
				  .number = received->number,
				  .spi_len = received->spi_len};
	int err = 0;

	if (configured->protocol != received->protocol || !known_types_only(received) ||
	    (p->without_addke && has_addke(received)))
		return E_NOPROPOSAL;
	memcpy(chosen.spi, received->spi, sizeof(chosen.spi));
	for (uint8_t type = TRANSFORM_ENCR; type <= TRANSFORM_ADDKE7 && err == 0; type++) {
		if (!(p->without_ke && is_ke_type(type)))
			err = choose_type(first, second, type, p, &chosen);
	}
	if (err || !is_sound(&chosen))
		return E_NOPROPOSAL;
	*out = chosen;
	return 0;
}

int select_proposal(const struct select_params *p, struct proposal *out)
{
	const struct proposals *outer = p->prefer_configured ? p->configured : p->received;
	const struct proposals *inner = p->prefer_configured ? p->received : p->configured;

	for (unsigned i = 0; i < outer->count; i++) {
		for (unsigned j = 0; j < inner->count; j++) {
			const struct proposal *a = &outer->p[i], *b = &inner->p[j];

			if (try_pair(p, p->prefer_configured ? a : b, p->prefer_configured ? b : a,
				     out) == 0)
				return 0;
		}
	}
	return E_NOPROPOSAL;
}

bool select_has_ke(const struct proposal *chosen, uint16_t method)
{
	const struct transform *t = proposal_find(chosen, TRANSFORM_KE);

	return t && t->id == method;
}

const char *select_private(const struct proposals *l, char buf[32])
{
	for (unsigned i = 0; i < l->count; i++) {
		for (unsigned j = 0; j < l->p[i].count; j++) {
			const struct transform *t = &l->p[i].t[j];

			if (t->id >= FIRST_PRIVATE_ID)
				return alg_name(t->type, t->id, buf);
		}
	}
	return NULL;
}

/* Private numbers mean something only between those that know each other's. */
static bool log_private(struct ike_sa *sa, const struct select_params *p)
{
	struct select_params any = *p;
	struct proposals only = {.count = 1};
	char name[32];

	any.allow_private = true;
	if (p->allow_private || select_proposal(&any, &only.p[0]))
		return false;
	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "no common proposal without %s, whose number is private: the peer has to set "
	       "charon.send_vendor_id = yes, or this host charon.accept_private_algs = yes",
	       select_private(&only, name));
	return true;
}

/* What both have, but only with a method in two places. */
static bool only_repeats(const struct select_params *p)
{
	struct select_params any = *p;
	struct proposal chosen;

	any.allow_repeats = true;
	return select_proposal(&any, &chosen) == 0;
}

void select_log_mismatch(struct ike_sa *sa, const struct select_params *p, const char *name,
			 const char *option)
{
	struct select_params without_ke = *p;
	struct proposal chosen;
	struct wbuf ours, theirs;

	wbuf_init(&ours, 0);
	wbuf_init(&theirs, 0);
	suite_list_text(p->received, &theirs);
	suite_list_text(p->configured, &ours);
	sa_log(sa, LOG_CFG, LOG_CTRL, "received proposals: %.*s", (int)theirs.len,
	       (char *)theirs.data);
	sa_log(sa, LOG_CFG, LOG_CTRL, "configured proposals: %.*s", (int)ours.len,
	       (char *)ours.data);
	if (!log_private(sa, p))
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "no common proposal%s: %s of '%s' and the peer's must meet",
		       only_repeats(p) ? " that uses a key exchange method only once" : "", option,
		       name);
	/* Children made by IKE_AUTH have none: often it shows only when they are rekeyed. */
	without_ke.without_ke = true;
	if (!p->without_ke && select_proposal(&without_ke, &chosen) == 0 &&
	    chosen.protocol == PROTO_ESP)
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "only the key exchange of %s differs (perfect forward secrecy): one side "
		       "demands another than the other, or one at all",
		       option);
	wbuf_done(&ours);
	wbuf_done(&theirs);
}

void select_log_chosen(struct ike_sa *sa, const struct proposal *chosen)
{
	struct wbuf text;

	wbuf_init(&text, 0);
	suite_text(chosen, &text);
	sa_log(sa, LOG_CFG, LOG_CTRL, "selected proposal: %.*s", (int)text.len, (char *)text.data);
	wbuf_done(&text);
}

void select_copy(const struct proposals *from, bool without_ke, struct view spi,
		 struct proposals *out)
{
	out->count = 0;
	for (unsigned i = 0; i < from->count; i++) {
		struct proposal *p = &out->p[out->count];
		bool twice = false;

		*p = from->p[i];
		p->count = 0;
		p->spi_len = (uint8_t)spi.len;
		if (spi.len)
			memcpy(p->spi, spi.ptr, spi.len);
		for (unsigned j = 0; j < from->p[i].count; j++) {
			if (!(without_ke && is_ke_type(from->p[i].t[j].type)))
				p->t[p->count++] = from->p[i].t[j];
		}
		/* Without their KE, proposals may have become the same. */
		for (unsigned j = 0; j < out->count && !twice; j++)
			twice = proposal_equal(&out->p[j], p);
		if (twice)
			continue;
		p->number = (uint8_t)(++out->count);
	}
}
