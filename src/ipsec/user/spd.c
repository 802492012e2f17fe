/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/spd.h"

#include <stdlib.h>
#include <sys/socket.h>

#define CLASS_STEP 100000 /* more than the widest and the narrowest rule are apart */

static struct spd_sel sel_of(const struct ts *t)
{
	const size_t len = addr_len(t->range.family);

	return (struct spd_sel){
		.family = t->range.family,
		.proto = t->protocol,
		.opaque = t->port_first > t->port_last,
		.any_port = t->port_first == 0 && t->port_last == 65535,
		.port_first = t->port_first,
		.port_last = t->port_last,
		.first = packet_ip_from_bytes(t->range.first, len),
		.last = packet_ip_from_bytes(t->range.last, len),
	};
}

struct spd_sels *spd_sels_new(const struct ts_list *local, const struct ts_list *remote)
{
	struct spd_sels *s;

	s = calloc(1, sizeof(*s) + (local->count + remote->count) * sizeof(s->sels[0]));
	if (!s)
		return NULL;
	s->n_local = local->count;
	s->n_remote = remote->count;
	for (size_t i = 0; i < s->n_local; i++)
		s->sels[i] = sel_of(&local->t[i]);
	for (size_t i = 0; i < s->n_remote; i++)
		s->sels[s->n_local + i] = sel_of(&remote->t[i]);
	return s;
}

/* How many leading bits of the numbers 0..n are 0, out of 128. */
static unsigned leading_zeros(uint64_t hi, uint64_t lo)
{
	if (hi != 0)
		return (unsigned)__builtin_clzll(hi);
	return lo != 0 ? 64 + (unsigned)__builtin_clzll(lo) : 128;
}

/* Like a prefix length: how much of an address the selector fixes. */
static unsigned address_bits(const struct spd_sel *s)
{
	const uint64_t lo = s->last.lo - s->first.lo;
	const uint64_t hi = s->last.hi - s->first.hi - (s->last.lo < s->first.lo);

	return leading_zeros(hi, lo) - (s->family == AF_INET ? 96 : 0);
}

static unsigned port_bits(const struct spd_sel *s)
{
	if (s->opaque)
		return 16;
	return leading_zeros(0, (uint64_t)(s->port_last - s->port_first)) - 112;
}

void spd_rule_init(struct spd_rule *rule, const struct spd_sel *local, const struct spd_sel *remote)
{
	*rule = (struct spd_rule){.local = *local, .remote = *remote};
	spd_rule_place(rule, SPD_SA, 0);
}

void spd_rule_place(struct spd_rule *rule, enum spd_class class, uint32_t priority)
{
	const struct spd_sel *local = &rule->local, *remote = &rule->remote;
	const unsigned addresses = address_bits(local) + address_bits(remote);
	const unsigned ports = port_bits(local) + port_bits(remote);
	const unsigned protocol = local->proto != 0 || remote->proto != 0;

	/* Ports weigh 32 at most, so nothing carries into the next field. */
	rule->rank = priority ? priority
			      : (uint64_t)(class + 1) * CLASS_STEP -
					(addresses << 8 | ports << 1 | protocol);
}

static int compare(const void *one, const void *other)
{
	const struct spd_rule *a = one, *b = other;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->order < b->order) - (a->order > b->order);
}

void spd_sort(struct spd_rule *rules, size_t n)
{
	if (n > 1)
		qsort(rules, n, sizeof(*rules), compare);
}

static bool matches(const struct spd_sel *s, const struct packet_key *key, struct packet_ip ip,
		    uint16_t port)
{
	if (s->family != key->family || !packet_ip_within(ip, s->first, s->last))
		return false;
	if (s->proto != 0 && s->proto != key->proto)
		return false;
	if (s->any_port)
		return true;
	if (s->opaque)
		return !key->has_ports;
	return key->has_ports && s->port_first <= port && port <= s->port_last;
}

const struct spd_rule *spd_find(const struct spd_rule *rules, size_t n,
				const struct packet_key *key)
{
	for (size_t i = 0; i < n; i++)
		if (matches(&rules[i].remote, key, key->dst, key->dport) &&
		    matches(&rules[i].local, key, key->src, key->sport))
			return &rules[i];
	return NULL;
}

bool spd_allows_in(const struct spd_sels *sels, const struct packet_key *key)
{
	const struct spd_sel *local = sels->sels, *remote = local + sels->n_local;
	size_t i = 0, j = 0;

	while (i < sels->n_local && !matches(&local[i], key, key->dst, key->dport))
		i++;
	while (j < sels->n_remote && !matches(&remote[j], key, key->src, key->sport))
		j++;
	return i < sels->n_local && j < sels->n_remote;
}
