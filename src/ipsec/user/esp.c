/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/esp.h"

bool esp_ended(const struct sad_pair *pair)
{
	const unsigned flags = atomic_load_explicit(&pair->flags, memory_order_relaxed);

	return flags & (SAD_DEAD | SAD_HARD);
}

void esp_tell_limit(struct esp_ctx *c, struct sad_pair *pair, unsigned flag)
{
	const struct notice n = {
		.kind = flag == SAD_HARD ? NOTICE_HARD : NOTICE_SOFT,
		.handle = pair->handle,
	};

	if (atomic_load_explicit(&pair->flags, memory_order_relaxed) & flag)
		return;
	if (!notice_push(c->notices, &n))
		return;
	atomic_fetch_or(&pair->flags, flag);
	c->told = true;
}

static bool reached(const struct sad_count *count, uint64_t bytes, uint64_t packets)
{
	return (bytes && atomic_load_explicit(&count->bytes, memory_order_relaxed) >= bytes) ||
	       (packets && atomic_load_explicit(&count->packets, memory_order_relaxed) >= packets);
}

void esp_account(struct esp_ctx *c, struct sad_pair *pair, struct sad_count *count, size_t bytes)
{
	esp_count(&count->bytes, bytes);
	esp_count(&count->packets, 1);
	atomic_store_explicit(&count->last_use, c->now, memory_order_relaxed);
	if (reached(count, pair->soft_bytes, pair->soft_packets))
		esp_tell_limit(c, pair, SAD_SOFT);
	if (reached(count, pair->hard_bytes, pair->hard_packets))
		esp_tell_limit(c, pair, SAD_HARD);
}
