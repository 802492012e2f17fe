/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/cpu.h"

#include <stdlib.h>
#include <string.h>

#define UNKNOWN (-1)

static _Atomic int level_in_force = UNKNOWN;

static const char *const level_names[PQC_CPU_LEVELS] = {
	[PQC_CPU_PORTABLE] = "portable",
	[PQC_CPU_AVX2] = "avx2",
	[PQC_CPU_AVX512] = "avx512",
};

#ifdef __x86_64__
#include <cpuid.h>

struct leaf {
	unsigned a, b, c, d;
};

#define BIT(n) (1U << (n))

/* Intel SDM volume 2A, CPUID: leaf 1, 7 and 0x80000001; the register that each set stands in. */
#define L1_C_AVX2   (BIT(1) | BIT(9) | BIT(12) | BIT(20) | BIT(23) | BIT(25) | BIT(27) | BIT(28))
#define L7_B_AVX2   (BIT(3) | BIT(5) | BIT(8))
#define LX_C_LZCNT  BIT(5)
#define L7_B_AVX512 (BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31))
#define L7_C_AVX512 (BIT(1) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(12) | BIT(14))

/* What the system saves at a context switch: XMM and YMM, and the three parts of AVX-512. */
#define XCR0_AVX    0x06U
#define XCR0_AVX512 0xe6U

static unsigned read_xcr0(void)
{
	unsigned low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

enum pqc_cpu_level pqc_cpu_highest(void)
{
	struct leaf l1 = {0}, l7 = {0}, lx = {0};
	unsigned saved;

	if (!__get_cpuid(1, &l1.a, &l1.b, &l1.c, &l1.d) ||
	    !__get_cpuid_count(7, 0, &l7.a, &l7.b, &l7.c, &l7.d) ||
	    !__get_cpuid(0x80000001U, &lx.a, &lx.b, &lx.c, &lx.d))
		return PQC_CPU_PORTABLE;
	if ((l1.c & L1_C_AVX2) != L1_C_AVX2 || (l7.b & L7_B_AVX2) != L7_B_AVX2 ||
	    (lx.c & LX_C_LZCNT) != LX_C_LZCNT)
		return PQC_CPU_PORTABLE;
	saved = read_xcr0();
	if ((saved & XCR0_AVX) != XCR0_AVX)
		return PQC_CPU_PORTABLE;
	if ((l7.b & L7_B_AVX512) != L7_B_AVX512 || (l7.c & L7_C_AVX512) != L7_C_AVX512 ||
	    (saved & XCR0_AVX512) != XCR0_AVX512)
		return PQC_CPU_AVX2;
	return PQC_CPU_AVX512;
}
#else
enum pqc_cpu_level pqc_cpu_highest(void)
{
	return PQC_CPU_PORTABLE;
}
#endif

void pqc_cpu_limit(enum pqc_cpu_level level)
{
	enum pqc_cpu_level highest = pqc_cpu_highest();

	atomic_store(&level_in_force, (int)(level < highest ? level : highest));
}

/* The environment is read once. A name that is not one of ours changes nothing. */
enum pqc_cpu_level pqc_cpu_level(void)
{
	int level = atomic_load_explicit(&level_in_force, memory_order_relaxed);
	const char *wish;

	if (level != UNKNOWN)
		return (enum pqc_cpu_level)level;
	wish = getenv("CYGNET_PQC_CPU");
	for (level = PQC_CPU_PORTABLE; level < PQC_CPU_AVX512; level++)
		if (wish && strcmp(wish, level_names[level]) == 0)
			break;
	pqc_cpu_limit((enum pqc_cpu_level)level);
	return (enum pqc_cpu_level)atomic_load(&level_in_force);
}

const char *pqc_cpu_level_name(enum pqc_cpu_level level)
{
	return level_names[level];
}

const void *pqc_cpu_choose(struct pqc_variants *set)
{
	enum pqc_cpu_level level = pqc_cpu_level();
	const void *ops = atomic_load_explicit(&set->chosen[level], memory_order_acquire);
	const void *portable;
	size_t i;

	if (ops)
		return ops;
	portable = set->variants[set->n - 1].ops;
	for (i = 0; i < set->n - 1; i++)
		if (set->variants[i].level <= level && set->same(set->variants[i].ops, portable))
			break;
	ops = set->variants[i].ops;
	atomic_store_explicit(&set->chosen[level], ops, memory_order_release);
	return ops;
}
