/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <string.h>

#include "crypto/alg.h"
#include "crypto/seal.h"

#define ENCR_AES_GCM_16 20

struct pair_suite pair_default(void)
{
	return (struct pair_suite){
		.encr = alg_find(ALG_ENCR, ENCR_AES_GCM_16), .key_bits = 256, .window = 64};
}

static struct view key(uint8_t *room, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++)
		room[i] = (uint8_t)(seed * 37 + i * 11 + 1);
	return view_make(room, len);
}

void pair_fill(struct pair_end *e, const struct pair_suite *suite, unsigned side,
	       unsigned generation)
{
	const size_t encr = seal_key_e_len(suite->encr, suite->key_bits);
	const size_t integ = seal_key_a_len(suite->encr, suite->integ);
	const unsigned in = generation * 2 + side, out = generation * 2 + !side;
	const char *const nets[2] = {"10.1.0.0/16", "10.2.0.0/16"};
	const char *const nets6[2] = {"fd01::/64", "fd02::/64"};
	struct ts ts;
	struct ts_list *const lists[2] = {&e->ts_local, &e->ts_remote};

	memset(e, 0, sizeof(*e));
	for (unsigned i = 0; i < 2; i++) {
		const unsigned who = i == 0 ? side : !side;

		if (ts_parse(&ts, nets[who]) == 0)
			(void)!ts_add(lists[i], &ts);
		if (ts_parse(&ts, nets6[who]) == 0)
			(void)!ts_add(lists[i], &ts);
	}
	e->p = (struct ipsec_sa_params){
		.reqid = 1,
		.spi_in = 0xc0000100 + in,
		.spi_out = 0xc0000100 + out,
		.encap = true,
		.encr = suite->encr,
		.key_bits = suite->key_bits,
		.integ = suite->integ,
		.esn = suite->esn,
		.replay_window = suite->window,
		.ts_local = &e->ts_local,
		.ts_remote = &e->ts_remote,
		.encr_in = key(e->keys[0], encr, in),
		.integ_in = key(e->keys[1], integ, in + 100),
		.encr_out = key(e->keys[2], encr, out),
		.integ_out = key(e->keys[3], integ, out + 100),
		.name = view_str("test{1}"),
	};
	(void)!addr_parse(&e->p.local, side == 0 ? "192.0.2.1" : "192.0.2.2");
	(void)!addr_parse(&e->p.remote, side == 0 ? "192.0.2.2" : "192.0.2.1");
	e->p.local.port = e->p.remote.port = 4500;
}
