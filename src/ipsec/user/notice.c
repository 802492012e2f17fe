/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/notice.h"

bool notice_push(struct notice_ring *r, const struct notice *n)
{
	const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (head - atomic_load_explicit(&r->tail, memory_order_acquire) == NOTICE_RING)
		return false;
	r->items[head % NOTICE_RING] = *n;
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

bool notice_pop(struct notice_ring *r, struct notice *out)
{
	const uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&r->head, memory_order_acquire))
		return false;
	*out = r->items[tail % NOTICE_RING];
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}
