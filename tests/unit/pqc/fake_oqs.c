/* SPDX-License-Identifier: Apache-2.0 */
/* Our library with the functions of liboqs, but no ML-DSA and another BIKE: to test bench-pqc. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pqc/pqc.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void OQS_randombytes_custom_algorithm(void (*fill)(uint8_t *out, size_t len));
EXPORT void *OQS_KEM_new(const char *name);
EXPORT void OQS_KEM_free(void *obj);
EXPORT int OQS_KEM_keypair(const void *obj, uint8_t *pub, uint8_t *sec);
EXPORT int OQS_KEM_encaps(const void *obj, uint8_t *ct, uint8_t *shared, const uint8_t *pub);
EXPORT int OQS_KEM_decaps(const void *obj, uint8_t *shared, const uint8_t *ct, const uint8_t *sec);
EXPORT void *OQS_SIG_new(const char *name);
EXPORT void OQS_SIG_free(void *obj);
EXPORT int OQS_SIG_keypair(const void *obj, uint8_t *pub, uint8_t *sec);
EXPORT int OQS_SIG_sign(const void *obj, uint8_t *out, size_t *out_len, const uint8_t *text,
			size_t len, const uint8_t *sec);
EXPORT int OQS_SIG_verify(const void *obj, const uint8_t *text, size_t len, const uint8_t *sig,
			  size_t sig_len, const uint8_t *pub);

struct object {
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;
	bool other;
};

static void (*fill_random)(uint8_t *out, size_t len);

static int fill(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	fill_random(out, len);
	return 0;
}

static const struct pqc_rng rng = {fill, NULL};

static const struct pqc_kem *kem_of(const void *obj)
{
	return ((const struct object *)obj)->kem;
}

static const struct pqc_sig *sig_of(const void *obj)
{
	return ((const struct object *)obj)->sig;
}

void OQS_randombytes_custom_algorithm(void (*f)(uint8_t *out, size_t len))
{
	fill_random = f;
}

static void *new_object(struct object value)
{
	struct object *obj = value.kem || value.sig ? malloc(sizeof(*obj)) : NULL;

	if (obj)
		*obj = value;
	return obj;
}

void *OQS_KEM_new(const char *name)
{
	return new_object(
		(struct object){.kem = pqc_kem_find(name), .other = strncmp(name, "BIKE", 4) == 0});
}

void OQS_KEM_free(void *obj)
{
	free(obj);
}

int OQS_KEM_keypair(const void *obj, uint8_t *pub, uint8_t *sec)
{
	return pqc_kem_keypair(kem_of(obj), &rng, pub, sec);
}

int OQS_KEM_encaps(const void *obj, uint8_t *ct, uint8_t *shared, const uint8_t *pub)
{
	const struct pqc_kem *kem = kem_of(obj);
	int err = pqc_kem_encaps(kem, &rng, pqc_bytes_make(pub, kem->public_len), ct, shared);

	shared[0] ^= ((const struct object *)obj)->other;
	return err;
}

int OQS_KEM_decaps(const void *obj, uint8_t *shared, const uint8_t *ct, const uint8_t *sec)
{
	const struct pqc_kem *kem = kem_of(obj);

	return pqc_kem_decaps(kem, pqc_bytes_make(sec, kem->secret_len),
			      pqc_bytes_make(ct, kem->ciphertext_len), shared);
}

void *OQS_SIG_new(const char *name)
{
	bool has = strncmp(name, "ML-DSA", 6) != 0;

	return new_object((struct object){.sig = has ? pqc_sig_find(name) : NULL});
}

void OQS_SIG_free(void *obj)
{
	free(obj);
}

int OQS_SIG_keypair(const void *obj, uint8_t *pub, uint8_t *sec)
{
	return pqc_sig_keypair(sig_of(obj), &rng, pub, sec);
}

int OQS_SIG_sign(const void *obj, uint8_t *out, size_t *out_len, const uint8_t *text, size_t len,
		 const uint8_t *sec)
{
	const struct pqc_signer signer = {sig_of(obj), {sec, sig_of(obj)->secret_len}};
	const struct pqc_msg msg = {.text = {text, len}};

	return pqc_sig_sign(&signer, &rng, &msg, out, out_len);
}

int OQS_SIG_verify(const void *obj, const uint8_t *text, size_t len, const uint8_t *sig,
		   size_t sig_len, const uint8_t *pub)
{
	const struct pqc_msg msg = {.text = {text, len}};

	return pqc_sig_verify(sig_of(obj), pqc_bytes_make(pub, sig_of(obj)->public_len), &msg,
			      pqc_bytes_make(sig, sig_len));
}
