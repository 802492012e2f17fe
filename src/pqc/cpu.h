/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_CPU_H
#define PQC_CPU_H

#include <stdatomic.h>
#include <stddef.h>

/*
 * Which code runs. There are three levels, so that three are tested:
 *
 *   portable   C17
 *   avx2       AVX2, BMI1, BMI2, LZCNT, POPCNT, FMA, AES-NI, PCLMULQDQ (Haswell, Zen)
 *   avx512     also AVX-512 F BW VL DQ CD VBMI VBMI2 IFMA BITALG VPOPCNTDQ, VAES, VPCLMULQDQ,
 *              GFNI (Ice Lake, Zen 4)
 *
 * The environment variable CYGNET_PQC_CPU=portable|avx2|avx512 lowers the level.
 */
enum pqc_cpu_level { PQC_CPU_PORTABLE, PQC_CPU_AVX2, PQC_CPU_AVX512, PQC_CPU_LEVELS };

/* The level in force, and the highest that this machine can run. */
enum pqc_cpu_level pqc_cpu_level(void);
enum pqc_cpu_level pqc_cpu_highest(void);
const char *pqc_cpu_level_name(enum pqc_cpu_level level);

/* For tests and benchmarks: use this level from now on, or the highest there is below it. */
void pqc_cpu_limit(enum pqc_cpu_level level);

/*
 * A variant is a struct of function pointers, in a file of its own that is compiled with the flags
 * of its level. A function that a variant has no better version of points to the portable one.
 */
struct pqc_variant {
	enum pqc_cpu_level level;
	const void *ops;
};

/*
 * The variants of one algorithm: `variants` from the best to the portable one, which is last.
 * same() says whether `ops` gives what `portable` gives on a few inputs: a variant that does not is
 * never used. `chosen` remembers per level; it starts as zeros.
 */
struct pqc_variants {
	const struct pqc_variant *variants;
	size_t n;
	int (*same)(const void *ops, const void *portable);
	_Atomic(const void *) chosen[PQC_CPU_LEVELS];
};

/* The ops to use now: the best that the level in force allows and that passed its check. */
const void *pqc_cpu_choose(struct pqc_variants *variants);

#endif
