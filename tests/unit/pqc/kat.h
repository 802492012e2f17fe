/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PQC_KAT_H
#define TESTS_UNIT_PQC_KAT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pqc/pqc.h"

#define KAT_SEED_LEN	48
#define KAT_ALL_RECORDS 100

/* The generator of the NIST known answers: AES-256 in counter mode (SP 800-90A, no derivation). */
struct kat_drbg {
	uint8_t key[32];
	uint8_t v[16];
};

void kat_drbg_init(struct kat_drbg *drbg, const uint8_t *seed);
void kat_drbg_read(struct kat_drbg *drbg, uint8_t *out, size_t len);
/* The same as a source for the library. */
struct pqc_rng kat_drbg_rng(struct kat_drbg *drbg);

/* What begins record number i: its seed, and for signatures its message. */
#define KAT_MSG_MAX (33 * KAT_ALL_RECORDS)

struct kat_input {
	uint8_t seed[KAT_SEED_LEN];
	uint8_t msg[KAT_MSG_MAX];
	size_t msg_len;
};

/* The inputs of the first n records in out; has_msg for signatures. */
void kat_inputs(struct kat_input *out, unsigned n, bool has_msg);

/*
 * Writes the first n records (at most 100) of an algorithm, with an empty line between them.
 * 0, or -1 with a line on stderr: the name is not known, or an operation failed.
 */
int kat_print(const char *name, unsigned n, FILE *out);

#endif
