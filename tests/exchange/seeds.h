/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EXCHANGE_SEEDS_H
#define TESTS_EXCHANGE_SEEDS_H

#include <stdint.h>

/*
 * One test for many seeds, which decide its chances. LAB_FIRST_SEED and LAB_SEEDS choose them: from
 * which (else 1), and how many (else as many as the test says).
 */
uint64_t seeds_first(void);
uint64_t seeds_count(uint64_t otherwise);
/* Run `one` with n seeds, one after the other. */
void seeds_run(uint64_t n, void (*one)(void *ctx, uint64_t seed), void *ctx);
/* The teardown of such a test: if it ended early, names the seed. */
int seeds_name(void **state);

#endif
