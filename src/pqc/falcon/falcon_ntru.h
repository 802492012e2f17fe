/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_NTRU_H
#define PQC_FALCON_FALCON_NTRU_H

#include <stdint.h>

#include "pqc/falcon/falcon_float.h"
#include "pqc/falcon/falcon_zint.h"

#define FALCON_NTRU_MAX_LOGN 10
#define FALCON_NTRU_MAX_N    ((size_t)1 << FALCON_NTRU_MAX_LOGN)

/*
 * Work space of the solver. The bounds follow from the lengths in falcon_ntru.c; a comment there
 * says how.
 */
struct falcon_ntru {
	struct falcon_real work[6 * FALCON_NTRU_MAX_N];
	int64_t f[FALCON_NTRU_MAX_LOGN + 1][FALCON_NTRU_MAX_N / 2];
	int64_t g[FALCON_NTRU_MAX_LOGN + 1][FALCON_NTRU_MAX_N / 2];
	int64_t ext_f[FALCON_NTRU_MAX_N], ext_g[FALCON_NTRU_MAX_N];
	int64_t big_f[FALCON_NTRU_MAX_N], big_g[FALCON_NTRU_MAX_N];
	int64_t half_f[FALCON_NTRU_MAX_N / 2], half_g[FALCON_NTRU_MAX_N / 2];
	int32_t words[2 * FALCON_NTRU_MAX_N];
	int32_t k[FALCON_NTRU_MAX_N / 4];
};

/*
 * F and G with f G - g F = q modulo X^n + 1 and coefficients in -127..127, for n = 2^logn and f + g
 * with an odd value at 1. 0 if there is no solution, or this way (which is part of Falcon's known
 * answers) does not find it.
 */
struct falcon_ntru_task {
	unsigned logn;
	const int8_t *f, *g;
	int8_t *big_f, *big_g;
	struct falcon_ntru *work;
};
int falcon_ntru_solve(const struct falcon_ntru_task *t);

#endif
