/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/subnets.h"

#include <string.h>

/* The subnet of 2^host addresses at `first`, which is aligned to it, ends here. */
static struct addr_range subnet_at(const uint8_t *first, uint8_t family, unsigned host)
{
	const unsigned len = (unsigned)addr_len(family);
	struct addr_range s = {.family = family};

	memcpy(s.first, first, len);
	memcpy(s.last, first, len);
	for (unsigned bit = 0; bit < host; bit++)
		s.last[len - 1 - bit / 8] |= (uint8_t)(1u << (bit % 8));
	return s;
}

/* The largest subnet that begins where `range` does and lies within it. Returns its host bits. */
static unsigned largest_subnet(const struct addr_range *range, struct addr_range *out)
{
	const unsigned len = (unsigned)addr_len(range->family);
	unsigned host = 0;

	*out = subnet_at(range->first, range->family, 0);
	while (host < len * 8 && !(range->first[len - 1 - host / 8] >> (host % 8) & 1)) {
		const struct addr_range wider = subnet_at(range->first, range->family, host + 1);

		if (!addr_range_contains(range, &wider))
			break;
		*out = wider;
		host++;
	}
	return host;
}

/* The address after `last`; false after the very last one. */
static bool following(const uint8_t *last, unsigned len, uint8_t *out)
{
	memcpy(out, last, len);
	for (unsigned i = len; i-- > 0;)
		if (++out[i] != 0)
			return true;
	return false;
}

void subnets_init(struct subnets *s, const struct addr_range *range)
{
	*s = (struct subnets){.rest = *range, .more = addr_len(range->family) > 0};
}

bool subnets_next(struct subnets *s, struct addr *out_first, unsigned *out_bits)
{
	const unsigned len = (unsigned)addr_len(s->rest.family);
	struct addr_range subnet;

	if (!s->more)
		return false;
	*out_bits = len * 8 - largest_subnet(&s->rest, &subnet);
	*out_first = (struct addr){.family = subnet.family};
	memcpy(out_first->ip, subnet.first, len);
	s->more = memcmp(subnet.last, s->rest.last, len) != 0 &&
		  following(subnet.last, len, s->rest.first);
	return true;
}
