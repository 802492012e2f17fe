/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/pqc.h"

#include <string.h>

#include "pqc/bike/bike.h"
#include "pqc/ct.h"
#include "pqc/falcon/falcon.h"
#include "pqc/frodo/frodo.h"
#include "pqc/hqc/hqc.h"
#include "pqc/mldsa/mldsa.h"
#include "pqc/mlkem/mlkem.h"

#define MAX_CONTEXT 255

/* The rows, in the order in which they are listed. Each directory adds its own. */
static const struct pqc_kem *const kems[] = {
	&mlkem_kyber512, &mlkem_kyber768,   &mlkem_kyber1024, &mlkem_512,     &mlkem_768,
	&mlkem_1024,	 &frodo_640_aes,    &frodo_640_shake, &frodo_976_aes, &frodo_976_shake,
	&frodo_1344_aes, &frodo_1344_shake, &bike_l1,	      &bike_l3,	      &bike_l5,
	&hqc_128,	 &hqc_192,	    &hqc_256,	      NULL,
};

static const struct pqc_sig *const sigs[] = {
	&mldsa_dilithium2, &mldsa_dilithium3, &mldsa_dilithium5, &mldsa_44, &mldsa_65,
	&mldsa_87,	   &falcon_512,	      &falcon_1024,	 NULL,
};

const struct pqc_kem *pqc_kem_at(size_t i)
{
	return i < sizeof(kems) / sizeof(kems[0]) ? kems[i] : NULL;
}

const struct pqc_sig *pqc_sig_at(size_t i)
{
	return i < sizeof(sigs) / sizeof(sigs[0]) ? sigs[i] : NULL;
}

const struct pqc_kem *pqc_kem_find(const char *name)
{
	const struct pqc_kem *kem;

	for (size_t i = 0; (kem = pqc_kem_at(i)); i++)
		if (strcmp(kem->name, name) == 0)
			return kem;
	return NULL;
}

const struct pqc_sig *pqc_sig_find(const char *name)
{
	const struct pqc_sig *sig;

	for (size_t i = 0; (sig = pqc_sig_at(i)); i++)
		if (strcmp(sig->name, name) == 0)
			return sig;
	return NULL;
}

static int replay_fill(void *ctx, uint8_t *out, size_t len)
{
	struct pqc_bytes *left = ctx;

	if (len > left->len)
		return PQC_E_RNG;
	memcpy(out, left->ptr, len);
	*left = pqc_bytes_make(left->ptr + len, left->len - len);
	return 0;
}

struct pqc_rng pqc_rng_replay(struct pqc_bytes *state)
{
	return (struct pqc_rng){replay_fill, state};
}

int pqc_kem_keypair(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub,
		    uint8_t *sec)
{
	int err = kem->keypair(kem, rng, pub, sec);

	if (err) {
		pqc_ct_wipe(pub, kem->public_len);
		pqc_ct_wipe(sec, kem->secret_len);
	}
	return err;
}

int pqc_kem_from_seed(const struct pqc_kem *kem, struct pqc_bytes seed, uint8_t *pub, uint8_t *sec)
{
	bool fits = seed.len == kem->keypair_seed_len;
	const struct pqc_rng rng = pqc_rng_replay(&seed);

	if (fits)
		return pqc_kem_keypair(kem, &rng, pub, sec);
	pqc_ct_wipe(pub, kem->public_len);
	pqc_ct_wipe(sec, kem->secret_len);
	return PQC_E_KEY;
}

int pqc_kem_encaps(const struct pqc_kem *kem, const struct pqc_rng *rng, struct pqc_bytes pub,
		   uint8_t *ct, uint8_t *shared)
{
	int err =
		pub.len == kem->public_len ? kem->encaps(kem, rng, pub.ptr, ct, shared) : PQC_E_KEY;

	if (err) {
		pqc_ct_wipe(ct, kem->ciphertext_len);
		pqc_ct_wipe(shared, kem->shared_len);
	}
	return err;
}

int pqc_kem_decaps(const struct pqc_kem *kem, struct pqc_bytes sec, struct pqc_bytes ct,
		   uint8_t *shared)
{
	int err = PQC_E_CIPHERTEXT;

	if (sec.len != kem->secret_len)
		err = PQC_E_KEY;
	else if (ct.len == kem->ciphertext_len)
		err = kem->decaps(kem, sec.ptr, ct.ptr, shared);
	if (err)
		pqc_ct_wipe(shared, kem->shared_len);
	return err;
}

int pqc_kem_check_public(const struct pqc_kem *kem, struct pqc_bytes pub)
{
	if (pub.len != kem->public_len)
		return PQC_E_KEY;
	return kem->check_public ? kem->check_public(kem, pub.ptr) : 0;
}

int pqc_kem_check_secret(const struct pqc_kem *kem, struct pqc_bytes sec)
{
	if (sec.len != kem->secret_len)
		return PQC_E_KEY;
	return kem->check_secret ? kem->check_secret(kem, sec.ptr) : 0;
}

int pqc_sig_keypair(const struct pqc_sig *sig, const struct pqc_rng *rng, uint8_t *pub,
		    uint8_t *sec)
{
	int err = sig->keypair(sig, rng, pub, sec);

	if (err) {
		pqc_ct_wipe(pub, sig->public_len);
		pqc_ct_wipe(sec, sig->secret_len);
	}
	return err;
}

int pqc_sig_from_seed(const struct pqc_sig *sig, struct pqc_bytes seed, uint8_t *pub, uint8_t *sec)
{
	bool fits = seed.len == sig->keypair_seed_len;
	const struct pqc_rng rng = pqc_rng_replay(&seed);

	if (fits)
		return pqc_sig_keypair(sig, &rng, pub, sec);
	pqc_ct_wipe(pub, sig->public_len);
	pqc_ct_wipe(sec, sig->secret_len);
	return PQC_E_KEY;
}

static int check_msg(const struct pqc_sig *sig, const struct pqc_msg *msg)
{
	if (msg->form == PQC_MSG_PURE)
		return msg->context.len <= (sig->has_context ? MAX_CONTEXT : 0) ? 0 : PQC_E_PARAM;
	if (!sig->has_context || msg->context.len > 0)
		return PQC_E_PARAM;
	return msg->form == PQC_MSG_MU && msg->text.len != PQC_MSG_MU_LEN ? PQC_E_PARAM : 0;
}

int pqc_sig_sign(const struct pqc_signer *signer, const struct pqc_rng *rng,
		 const struct pqc_msg *msg, uint8_t *out, size_t *out_len)
{
	const struct pqc_sig *sig = signer->sig;
	int err = check_msg(sig, msg);

	*out_len = 0;
	if (!err && !rng && !sig->may_derandomize)
		err = PQC_E_PARAM;
	if (!err && signer->sec.len != sig->secret_len)
		err = PQC_E_KEY;
	if (!err)
		err = sig->sign(sig, rng, signer->sec.ptr, msg, out, out_len);
	if (err) {
		pqc_ct_wipe(out, sig->signature_len);
		*out_len = 0;
	}
	return err;
}

int pqc_sig_verify(const struct pqc_sig *sig, struct pqc_bytes pub, const struct pqc_msg *msg,
		   struct pqc_bytes signature)
{
	int err = check_msg(sig, msg);

	if (err)
		return err;
	if (pub.len != sig->public_len)
		return PQC_E_KEY;
	if (signature.len < sig->signature_min || signature.len > sig->signature_len)
		return PQC_E_SIGNATURE;
	return sig->verify(sig, pub.ptr, msg, signature);
}

int pqc_sig_check_secret(const struct pqc_sig *sig, struct pqc_bytes sec)
{
	if (sec.len != sig->secret_len)
		return PQC_E_KEY;
	return sig->check_secret ? sig->check_secret(sig, sec.ptr) : 0;
}

int pqc_sig_public_of(const struct pqc_sig *sig, struct pqc_bytes sec, uint8_t *pub)
{
	int err = PQC_E_KEY;

	if (sec.len == sig->secret_len)
		err = sig->public_of ? sig->public_of(sig, sec.ptr, pub) : PQC_E_PARAM;
	if (err)
		pqc_ct_wipe(pub, sig->public_len);
	return err;
}

const char *pqc_error_text(int err)
{
	switch (err) {
	case 0:
		return "success";
	case PQC_E_PARAM:
		return "an argument that the algorithm does not take";
	case PQC_E_KEY:
		return "a malformed key";
	case PQC_E_CIPHERTEXT:
		return "a malformed ciphertext";
	case PQC_E_SIGNATURE:
		return "the signature is not valid";
	case PQC_E_RNG:
		return "no random bytes";
	case PQC_E_NOMEM:
		return "out of memory";
	default:
		return "an internal error";
	}
}
