/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/hold.h"

#include <stdlib.h>
#include <string.h>

int hold_init(struct hold *h)
{
	h->bytes = malloc((size_t)HOLD_MAX * HOLD_BYTES);
	if (!h->bytes)
		return E_NOMEM;
	for (size_t i = 0; i < HOLD_MAX; i++)
		h->packets[i] = (struct hold_packet){.data = h->bytes + i * HOLD_BYTES};
	return 0;
}

void hold_done(struct hold *h)
{
	free(h->bytes);
}

/* The trap's own place, else a free one, else that of the oldest packet. */
static struct hold_packet *choose(struct hold *h, uint32_t trap)
{
	struct hold_packet *best = &h->packets[0];

	for (size_t i = 0; i < HOLD_MAX; i++) {
		struct hold_packet *p = &h->packets[i];

		if (p->trap == trap)
			return p;
		if (best->trap != 0 && (p->trap == 0 || p->since < best->since))
			best = p;
	}
	return best;
}

unsigned hold_put(struct hold *h, uint32_t trap, uint64_t now, struct view packet)
{
	struct hold_packet *p;
	unsigned lost;

	if (packet.len > HOLD_BYTES)
		return 1;
	p = choose(h, trap);
	lost = p->trap != 0;
	p->trap = trap;
	p->since = now;
	p->len = packet.len;
	memcpy(p->data, packet.ptr, packet.len);
	return lost;
}

unsigned hold_expire(struct hold *h, uint64_t now)
{
	unsigned n = 0;

	for (size_t i = 0; i < HOLD_MAX; i++) {
		struct hold_packet *p = &h->packets[i];

		if (p->trap != 0 && now - p->since > HOLD_MS) {
			hold_drop(p);
			n++;
		}
	}
	return n;
}
