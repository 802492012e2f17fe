/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PQC_OQS_H
#define BENCH_PQC_OQS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Another implementation to measure beside ours: a liboqs that is loaded at run time. Only its
 * functions are used, none of its structs, so that any version will do. `obj` is its OQS_KEM or
 * OQS_SIG; the functions return 0 for success.
 */
struct pqc_oqs {
	void (*init)(void); /* may be NULL */
	void (*set_random)(void (*fill)(uint8_t *out, size_t len));

	void *(*kem_new)(const char *name);
	void (*kem_free)(void *obj);
	int (*kem_keypair)(const void *obj, uint8_t *pub, uint8_t *sec);
	int (*kem_encaps)(const void *obj, uint8_t *ct, uint8_t *shared, const uint8_t *pub);
	int (*kem_decaps)(const void *obj, uint8_t *shared, const uint8_t *ct, const uint8_t *sec);

	void *(*sig_new)(const char *name);
	void (*sig_free)(void *obj);
	int (*sig_keypair)(const void *obj, uint8_t *pub, uint8_t *sec);
	int (*sig_sign)(const void *obj, uint8_t *out, size_t *out_len, const uint8_t *text,
			size_t len, const uint8_t *sec);
	int (*sig_verify)(const void *obj, const uint8_t *text, size_t len, const uint8_t *sig,
			  size_t sig_len, const uint8_t *pub);
};

/* 0, or -1 after a message on stderr. The library stays loaded. */
int pqc_oqs_load(const char *path, struct pqc_oqs *out);

#endif
