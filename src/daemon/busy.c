/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/busy.h"

#include <time.h>

uint64_t busy_begin(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void busy_end(uint64_t since, uint64_t *longest)
{
	const uint64_t took = busy_begin() - since;

	if (took > *longest)
		*longest = took;
}
