/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_SPD_H
#define IPSEC_USER_SPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipsec/ipsec.h"
#include "ipsec/user/packet.h"

/* A traffic selector in the form in which packets are compared with it. */
struct spd_sel {
	uint8_t family;
	uint8_t proto; /* 0 any */
	bool opaque;   /* only packets whose ports cannot be seen */
	bool any_port;
	uint16_t port_first, port_last;
	struct packet_ip first, last;
};

/* All selectors of an SA pair; a packet must match one of each side. */
struct spd_sels {
	size_t n_local, n_remote;
	struct spd_sel sels[]; /* local ones, then remote ones */
};

struct sa_out;
struct sad_policy;

/* What a rule is for; earlier classes go first, unless a rule has a priority of its own. */
enum spd_class { SPD_PASS, SPD_SA, SPD_TRAP, SPD_DROP };

/* What becomes of packets that match a local and a remote selector. */
struct spd_rule {
	struct spd_sel local, remote;
	uint64_t rank;		   /* smaller ones go first: by class, then the more specific */
	uint64_t order;		   /* of equal ones the later wins */
	struct sa_out *sa;	   /* SPD_SA */
	struct sad_policy *policy; /* any other class */
};

/* To free with free(); NULL if out of memory. */
struct spd_sels *spd_sels_new(const struct ts_list *local, const struct ts_list *remote);
/* The rule of a pair of selectors. */
void spd_rule_init(struct spd_rule *rule, const struct spd_sel *local,
		   const struct spd_sel *remote);
/* Its place: by its class and its width or, if that is not 0, by a configured priority. */
void spd_rule_place(struct spd_rule *rule, enum spd_class class, uint32_t priority);
/* Bring rules into the order in which they apply: most specific first, then newest first. */
void spd_sort(struct spd_rule *rules, size_t n);
/* The first rule for an outbound packet, or NULL. */
const struct spd_rule *spd_find(const struct spd_rule *rules, size_t n,
				const struct packet_key *key);
/* Whether an inbound packet is one that its SA may carry (RFC 4301 section 5.2 step 4). */
bool spd_allows_in(const struct spd_sels *sels, const struct packet_key *key);

#endif
