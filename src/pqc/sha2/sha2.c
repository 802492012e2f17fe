/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/sha2/sha2.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/sha2/sha2_ops.h"

/* FIPS 180-4 sections 5.3.4 and 5.3.5: square roots of primes. */
static const uint64_t initial_512[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint64_t initial_384[8] = {
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
	0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

static void store_be64(uint8_t *out, uint64_t x)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(x >> (56 - 8 * i));
}

/* Two blocks, one after the other. */
static int same_ops(const void *ops, const void *portable)
{
	const struct sha2_ops *const both[2] = {ops, portable};
	uint64_t state[2][8];
	uint8_t block[128];

	for (unsigned i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * 37);
	for (unsigned v = 0; v < 2; v++) {
		memcpy(state[v], initial_512, sizeof(state[v]));
		both[v]->compress(state[v], block);
		both[v]->compress(state[v], block);
	}
	return memcmp(state[0], state[1], sizeof(state[0])) == 0;
}

static const struct sha2_ops *choose_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX2, &sha2_bmi_ops},
#endif
		{PQC_CPU_PORTABLE, &sha2_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = same_ops};

	return pqc_cpu_choose(&variants);
}

static void start(struct sha2_512 *s, const uint64_t from[8])
{
	memcpy(s->state, from, sizeof(s->state));
	s->total = 0;
}

void sha2_512_start(struct sha2_512 *s)
{
	start(s, initial_512);
}

void sha2_512_update(struct sha2_512 *s, const void *data, size_t len)
{
	const struct sha2_ops *ops = choose_ops();
	const uint8_t *in = data;
	size_t at = s->total % sizeof(s->block);

	s->total += len;
	while (len > 0) {
		size_t part = sizeof(s->block) - at;

		part = part < len ? part : len;
		memcpy(s->block + at, in, part);
		at += part;
		in += part;
		len -= part;
		if (at == sizeof(s->block)) {
			ops->compress(s->state, s->block);
			at = 0;
		}
	}
}

void sha2_512_finish(struct sha2_512 *s, uint8_t *out)
{
	static const uint8_t padding[sizeof(s->block)] = {0x80};
	uint8_t bits[16];

	store_be64(bits, s->total >> 61);
	store_be64(bits + 8, s->total << 3);
	/* To 16 bytes before the end of a block: at least one byte, at most a block of them. */
	sha2_512_update(s, padding, 1 + (sizeof(s->block) * 2 - 17 - s->total % 128) % 128);
	sha2_512_update(s, bits, sizeof(bits));
	for (unsigned i = 0; i < 8; i++)
		store_be64(out + (size_t)8 * i, s->state[i]);
	pqc_ct_wipe(s, sizeof(*s));
}

void sha2_512(const void *in, size_t len, uint8_t *out)
{
	struct sha2_512 s;

	sha2_512_start(&s);
	sha2_512_update(&s, in, len);
	sha2_512_finish(&s, out);
}

void sha2_384(const void *in, size_t len, uint8_t *out)
{
	uint8_t digest[SHA2_512_LEN];
	struct sha2_512 s;

	start(&s, initial_384);
	sha2_512_update(&s, in, len);
	sha2_512_finish(&s, digest);
	memcpy(out, digest, SHA2_384_LEN);
	pqc_ct_wipe(digest, sizeof(digest));
}
