/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_IPSEC_LAB_H
#define TESTS_IPSEC_LAB_H

#include <stdint.h>

#include "ipsec/user/esp.h"
#include "ipsec/user/sad.h"
#include "pair.h"

/* A datapath without devices: SAs and a worker's state, driven by the test. */
struct lab {
	struct sad sad;
	struct esp_ctx ctx;
	struct notice_ring notices;
	struct epoch_reader reader;
	uint64_t rng;
	const uint8_t *ivs; /* when set, "random" bytes come from here */
};

void lab_init(struct lab *l);
void lab_done(struct lab *l);
/* Take the current table, as a worker does before each batch. */
void lab_refresh(struct lab *l);
uint32_t lab_install(struct lab *l, const struct ipsec_sa_params *p);
/* A packet with its own buffer, holding `data` with room in front; free its buf. */
struct esp_packet lab_packet(const void *data, size_t len);
/* An inner packet between the nets of pair.h: from side's host number 1 to the other's. */
size_t lab_inner(uint8_t *out, unsigned family, unsigned side, size_t len);
/* Encrypt by one, decrypt by the other; each returns the packet's err. */
int lab_out(struct lab *l, struct esp_packet *p);
int lab_in(struct lab *l, struct esp_packet *p);
/* The next notice, which must be there. */
struct notice lab_notice(struct lab *l);
bool lab_quiet(struct lab *l);
/* Repeatable random numbers. */
uint64_t lab_random(struct lab *l);

#endif
