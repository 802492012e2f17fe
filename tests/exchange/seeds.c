/* SPDX-License-Identifier: Apache-2.0 */
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t running; /* 0: none */

static uint64_t number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

uint64_t seeds_first(void)
{
	return number("LAB_FIRST_SEED", 1);
}

uint64_t seeds_count(uint64_t otherwise)
{
	return number("LAB_SEEDS", otherwise);
}

void seeds_run(uint64_t n, void (*one)(void *ctx, uint64_t seed), void *ctx)
{
	for (uint64_t i = 0; i < n; i++) {
		running = seeds_first() + i;
		one(ctx, running);
	}
	running = 0;
}

int seeds_name(void **state)
{
	(void)state;
	if (running)
		print_error("the seed was %llu: LAB_FIRST_SEED=%llu LAB_SEEDS=1 LAB_VERBOSE=1\n",
			    (unsigned long long)running, (unsigned long long)running);
	running = 0;
	return 0;
}
