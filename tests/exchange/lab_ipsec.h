/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EXCHANGE_LAB_IPSEC_H
#define TESTS_EXCHANGE_LAB_IPSEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipsec/ipsec.h"

#define LAB_KEY_MAX 160
#define LAB_SA_MAX  64
#define LAB_SPI_MAX 1024

/* An SA pair as it was installed. */
struct lab_sa {
	uint32_t handle; /* 0: free */
	struct ipsec_sa_params p;
	uint8_t keys[4][LAB_KEY_MAX]; /* p's views point here */
	struct ts_list ts_local, ts_remote;
	char name[64];
	uint64_t out_order; /* of outbound halves: the newest one sends; 0 has none (yet) */
	bool out_removed;
	struct ipsec_stats stats;
};

/* A policy without an SA. */
struct lab_policy {
	uint32_t handle; /* 0: free */
	struct ipsec_policy_params p;
	struct ts_list ts_local, ts_remote;
	char name[64];
};

/* A datapath that only keeps books. A call that breaks the contract of ipsec.h ends the test. */
struct lab_ipsec {
	struct ipsec base;
	uint32_t next_spi, next_handle;
	uint64_t out_order;
	size_t n_spis; /* reserved, not installed */
	uint32_t spis[LAB_SPI_MAX];
	size_t n_sas, n_vips;
	struct lab_sa sas[LAB_SA_MAX];
	struct addr vips[16];
	size_t n_policies;
	struct lab_policy policies[LAB_SA_MAX];
	unsigned installs, removes, updates, vips_added;
	/* Orders */
	bool needs_encap;
	unsigned features;
	int fail_policy;
	int fail_install, fail_spi, fail_vip; /* E_* to return */
};

void lab_ipsec_init(struct lab_ipsec *d, uint32_t first_spi);
struct lab_sa *lab_ipsec_find(struct lab_ipsec *d, uint32_t spi_in);
/* The policy that is installed for the child of this name; NULL. */
struct lab_policy *lab_ipsec_policy(struct lab_ipsec *d, const char *name);
/* Whether what `from` sends for these selectors (those of its only child) can be received by `to`:
 * the SA pair that sends is there, and with the same keys. */
bool lab_ipsec_reaches(struct lab_ipsec *from, struct lab_ipsec *to);
/* Whether b is the other end of a: SPIs, keys of both directions, algorithms, selectors. */
bool lab_ipsec_mirrors(const struct lab_sa *a, const struct lab_sa *b);

#endif
