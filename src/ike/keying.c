/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/keying.h"

#include <string.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/sa.h"
#include "ike/state.h"

#define MAX_RESTARTS 5 /* answers of INVALID_KE_PAYLOAD followed in one negotiation */

int keying_new_nonce(struct keying *k)
{
	uint8_t nonce[SA_NONCE_LEN];

	ike_random(k->sa->ike, nonce, sizeof(nonce));
	secret_done(&k->nonce);
	return secret_copy(&k->nonce, view_make(nonce, sizeof(nonce)));
}

int keying_take_nonce(struct keying *k, const struct wire_payload *p)
{
	if (!p || p->u.data.len < IKE_NONCE_MIN || p->u.data.len > IKE_NONCE_MAX)
		return E_MALFORMED;
	secret_done(&k->peer_nonce);
	return secret_copy(&k->peer_nonce, p->u.data);
}

const struct alg *keying_ke_alg(const struct proposal *p)
{
	const struct transform *t = proposal_find(p, TRANSFORM_KE);

	return t && t->id ? alg_find(TRANSFORM_KE, t->id) : NULL;
}

static bool offers(const struct proposals *l, uint16_t method)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (proposal_has(&l->p[i], TRANSFORM_KE, method, 0))
			return true;
	}
	return false;
}

const struct alg *keying_first_alg(const struct proposals *offer, const struct proposal *current)
{
	const struct alg *alg = current ? keying_ke_alg(current) : NULL;

	return alg && offers(offer, alg->id) ? alg : keying_ke_alg(&offer->p[0]);
}

const struct alg *keying_other_alg(struct keying *k, const struct wire_notify *n)
{
	const struct alg *alg = NULL;
	uint16_t method;
	struct rbuf r;

	rbuf_init(&r, n->data);
	if (rbuf_u16(&r, &method) == 0 && method && offers(k->kind->offer(k), method))
		alg = alg_find(TRANSFORM_KE, method);
	if (!alg || !k->ke || ke_alg(k->ke) == alg || ++k->restarts > MAX_RESTARTS)
		return NULL;
	sa_log(k->sa, LOG_IKE, LOG_CTRL,
	       "peer didn't accept key exchange method %s, it requested %s", ke_alg(k->ke)->name,
	       alg->name);
	return alg;
}

const struct transform *keying_next(const struct keying *k)
{
	unsigned done = k->addke_done ? k->addke_done : TRANSFORM_ADDKE1 - 1;

	for (unsigned type = done + 1; type <= TRANSFORM_ADDKE7; type++) {
		const struct transform *t = proposal_find(k->chosen, (uint8_t)type);

		if (t && t->id)
			return t;
	}
	return NULL;
}

int keying_add_shared(struct keying *k, struct view shared)
{
	struct secret joined;
	int err = secret_alloc(&joined, k->further.len + shared.len);

	if (err)
		return err;
	if (k->further.len)
		memcpy(joined.data, k->further.data, k->further.len);
	memcpy(joined.data + k->further.len, shared.ptr, shared.len);
	secret_move(&k->further, &joined);
	k->addke_done = keying_next(k)->type;
	return 0;
}

/* Octet by octet; one that ends is lower than one that goes on. */
static bool is_lower(struct view a, struct view b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order ? order < 0 : a.len < b.len;
}

static struct view lower_nonce(const struct keying *k)
{
	struct view a = secret_view(&k->nonce), b = secret_view(&k->peer_nonce);

	return is_lower(a, b) ? a : b;
}

bool keying_loses(const struct keying *k, const struct keying *other)
{
	return is_lower(lower_nonce(k), lower_nonce(other));
}

void keying_forget_secrets(struct keying *k)
{
	secret_done(&k->shared);
	secret_done(&k->further);
	secret_done(&k->link);
	ke_free(k->ke);
	k->ke = NULL;
}

void keying_done(struct ike *ike, struct keying *k)
{
	timer_stop(ike, &k->patience);
	ladder_done(&k->ladder);
	keying_forget_secrets(k);
	secret_done(&k->nonce);
	secret_done(&k->peer_nonce);
}
