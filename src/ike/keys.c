/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/keys.h"

#include <string.h>

#include "crypto/alg.h"
#include "crypto/prf.h"
#include "crypto/seal.h"

#define KEY_PAD		"Key Pad for IKEv2"
#define FIXED_NONCE_LEN 8 /* octets of each nonce that key a fixed-length PRF (section 2.14) */

void keys_ike_done(struct keys_ike *k)
{
	secret_done(&k->d);
	secret_done(&k->ai);
	secret_done(&k->ar);
	secret_done(&k->ei);
	secret_done(&k->er);
	secret_done(&k->pi);
	secret_done(&k->pr);
}

void keys_child_done(struct keys_child *k)
{
	secret_done(&k->encr_i);
	secret_done(&k->integ_i);
	secret_done(&k->encr_r);
	secret_done(&k->integ_r);
}

static struct view head(struct view v, size_t len)
{
	return view_make(v.ptr, v.len < len ? v.len : len);
}

/* SKEYSEED = prf(Ni | Nr, g^ir), or prf(SK_d, SK(n) | Ni | Nr) for a further key exchange, or
 * prf(SK_d, SK(0) | Ni | Nr | SK(1) | ...) with the old SA's PRF for a rekey */
static int skeyseed(const struct keys_ike_params *p, uint8_t out[PRF_MAX_LEN])
{
	const struct view further[] = {p->shared, p->ni, p->nr, p->further};
	struct wbuf key;
	int err;

	if (p->sk_d.len)
		return prf_compute(p->old_prf ? p->old_prf : p->prf, p->sk_d, further, 4, out);
	wbuf_init(&key, 0);
	if (p->prf->u.prf.fixed_key) {
		wbuf_add(&key, head(p->ni, FIXED_NONCE_LEN));
		wbuf_add(&key, head(p->nr, FIXED_NONCE_LEN));
	} else {
		wbuf_add(&key, p->ni);
		wbuf_add(&key, p->nr);
	}
	err = wbuf_err(&key);
	if (err == 0)
		err = prf_compute(p->prf, wbuf_view(&key), &p->shared, 1, out);
	wbuf_done(&key);
	return err;
}

/* Cut the next len bytes of keying material into *out. */
static int cut(struct rbuf *material, size_t len, struct secret *out)
{
	struct view v;
	int err = rbuf_view(material, len, &v);

	return err ? err : secret_copy(out, v);
}

int keys_derive_ike(const struct keys_ike_params *p, struct keys_ike *out)
{
	size_t d = p->prf->u.prf.key_len, e = seal_key_e_len(p->encr, p->key_bits);
	size_t a = seal_key_a_len(p->encr, p->integ);
	const struct alg *seed_prf = p->old_prf ? p->old_prf : p->prf;
	struct keys_ike k = {0};
	struct secret all = {0};
	uint8_t seed[PRF_MAX_LEN];
	struct wbuf input;
	struct rbuf r;
	int err;

	*out = k;
	wbuf_init(&input, 0);
	wbuf_add(&input, p->ni);
	wbuf_add(&input, p->nr);
	wbuf_u64(&input, p->spi_i);
	wbuf_u64(&input, p->spi_r);
	err = wbuf_err(&input);
	if (err == 0)
		err = skeyseed(p, seed);
	if (err == 0)
		err = secret_alloc(&all, 3 * d + 2 * a + 2 * e);
	if (err == 0)
		err = prf_plus(p->prf, view_make(seed, seed_prf->u.prf.out_len), wbuf_view(&input),
			       all.data, all.len);
	rbuf_init(&r, secret_view(&all));
	if (err || (err = cut(&r, d, &k.d)) || (err = cut(&r, a, &k.ai)) ||
	    (err = cut(&r, a, &k.ar)) || (err = cut(&r, e, &k.ei)) || (err = cut(&r, e, &k.er)) ||
	    (err = cut(&r, d, &k.pi)) || (err = cut(&r, d, &k.pr)))
		keys_ike_done(&k);
	secret_wipe(seed, sizeof(seed));
	secret_done(&all);
	wbuf_done(&input);
	*out = k;
	return err;
}

/* SK_x = prf+ (PPK, SK_x') */
static int mix(const struct alg *prf, struct view ppk, const struct secret *plain,
	       struct secret *out)
{
	int err = secret_alloc(out, plain->len);

	return err ? err : prf_plus(prf, ppk, secret_view(plain), out->data, out->len);
}

int keys_mix_ppk(const struct alg *prf, struct view ppk, const struct keys_ike *plain,
		 struct keys_ike *out)
{
	int err;

	*out = (struct keys_ike){0};
	err = mix(prf, ppk, &plain->d, &out->d);
	if (err == 0)
		err = mix(prf, ppk, &plain->pi, &out->pi);
	if (err == 0)
		err = mix(prf, ppk, &plain->pr, &out->pr);
	if (err)
		keys_ike_done(out);
	return err;
}

int keys_derive_child(const struct keys_child_params *p, struct keys_child *out)
{
	size_t e = seal_key_e_len(p->encr, p->key_bits), a = seal_key_a_len(p->encr, p->integ);
	struct keys_child k = {0};
	struct secret all;
	struct wbuf seed;
	struct rbuf r;
	int err;

	*out = k;
	wbuf_init(&seed, 0);
	wbuf_add(&seed, p->shared);
	wbuf_add(&seed, p->ni);
	wbuf_add(&seed, p->nr);
	wbuf_add(&seed, p->further);
	err = secret_alloc(&all, 2 * e + 2 * a);
	if (err == 0)
		err = wbuf_err(&seed);
	if (err == 0)
		err = prf_plus(p->prf, p->sk_d, wbuf_view(&seed), all.data, all.len);
	wbuf_done(&seed);
	rbuf_init(&r, secret_view(&all));
	if (err || (err = cut(&r, e, &k.encr_i)) || (err = cut(&r, a, &k.integ_i)) ||
	    (err = cut(&r, e, &k.encr_r)) || (err = cut(&r, a, &k.integ_r)))
		keys_child_done(&k);
	secret_done(&all);
	*out = k;
	return err;
}

int keys_auth_octets(const struct keys_auth_params *p, struct wbuf *out)
{
	uint8_t mac[PRF_MAX_LEN];
	int err = prf_compute(p->prf, p->sk_p, &p->id_body, 1, mac);

	if (err)
		return err;
	wbuf_add(out, p->message);
	wbuf_add(out, p->nonce);
	wbuf_bytes(out, mac, p->prf->u.prf.out_len);
	secret_wipe(mac, sizeof(mac));
	return wbuf_err(out);
}

int keys_psk_auth(const struct alg *prf, struct view psk, struct view octets, uint8_t *out)
{
	struct view pad = view_str(KEY_PAD);
	uint8_t key[PRF_MAX_LEN];
	int err = prf_compute(prf, psk, &pad, 1, key);

	if (err == 0)
		err = prf_compute(prf, view_make(key, prf->u.prf.out_len), &octets, 1, out);
	secret_wipe(key, sizeof(key));
	return err;
}
