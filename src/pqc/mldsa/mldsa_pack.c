/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mldsa/mldsa_pack.h"

#include <string.h>

#define T0_LEN (MLDSA_D * MLDSA_N / 8)

int32_t mldsa_pack_gamma1(const struct mldsa_params *p)
{
	return p->z == MLDSA_Z17 ? 1 << 17 : 1 << 19;
}

int32_t mldsa_pack_gamma2(const struct mldsa_params *p)
{
	return (MLDSA_Q - 1) / (p->w1 == MLDSA_W6 ? 88 : 32);
}

int32_t mldsa_pack_beta(const struct mldsa_params *p)
{
	return (int32_t)(p->tau * p->eta);
}

enum mldsa_format mldsa_pack_eta(const struct mldsa_params *p)
{
	return p->eta == 2 ? MLDSA_ETA2 : MLDSA_ETA4;
}

void mldsa_pack_vector(uint8_t *out, const struct mldsa_poly *v, unsigned n,
		       enum mldsa_format format)
{
	for (unsigned i = 0; i < n; i++, out += mldsa_c_packed_len(format))
		mldsa_ops()->pack(out, &v[i], format);
}

void mldsa_pack_read_vector(struct mldsa_poly *v, const uint8_t *in, unsigned n,
			    enum mldsa_format format)
{
	for (unsigned i = 0; i < n; i++, in += mldsa_c_packed_len(format))
		mldsa_ops()->unpack(&v[i], in, format);
}

struct mldsa_layout mldsa_pack_layout(const struct mldsa_params *p)
{
	size_t eta_len = mldsa_c_packed_len(mldsa_pack_eta(p));
	struct mldsa_layout at = {.key = MLDSA_SEED_LEN, .tr = 2 * MLDSA_SEED_LEN};

	at.s1 = at.tr + p->tr_len;
	at.s2 = at.s1 + p->rank.l * eta_len;
	at.t0 = at.s2 + p->rank.k * eta_len;
	at.end = at.t0 + (size_t)p->rank.k * T0_LEN;
	return at;
}

void mldsa_pack_hints(uint8_t *out, const struct mldsa_params *p, const struct mldsa_hints *hints)
{
	unsigned n = 0;

	memset(out, 0, p->omega);
	for (unsigned i = 0; i < p->rank.k; i++) {
		for (unsigned j = 0; j < MLDSA_N; j++)
			if (hints->bits[i][j])
				out[n++] = (uint8_t)j;
		out[p->omega + i] = (uint8_t)n;
	}
}

int mldsa_pack_read_hints(struct mldsa_hints *hints, const struct mldsa_params *p,
			  const uint8_t *in)
{
	unsigned n = 0;

	memset(hints, 0, sizeof(*hints));
	for (unsigned i = 0; i < p->rank.k; i++) {
		unsigned first = n, end = in[p->omega + i];

		if (end < n || end > p->omega)
			return -1;
		for (; n < end; n++) {
			if (n > first && in[n] <= in[n - 1])
				return -1;
			hints->bits[i][in[n]] = 1;
		}
	}
	for (; n < p->omega; n++)
		if (in[n])
			return -1;
	return 0;
}
