/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/sad.h"

#include <stdlib.h>

#include "base/buf.h"
#include "crypto/seal.h"

#define SPI_FIRST 0xc0000000u
#define SPI_MASK  0x0fffffffu
#define SPI_TRIES 64

static struct view spi_key(const struct hash_link *link)
{
	const struct sad_spi *s = hash_entry(link, const struct sad_spi, link);

	return view_make(&s->spi, sizeof(s->spi));
}

static struct view handle_key(const struct hash_link *link)
{
	const struct sad_pair *p = hash_entry(link, const struct sad_pair, by_handle);

	return view_make(&p->handle, sizeof(p->handle));
}

static struct view policy_key(const struct hash_link *link)
{
	const struct sad_policy *p = hash_entry(link, const struct sad_policy, by_handle);

	return view_make(&p->handle, sizeof(p->handle));
}

static struct sad_spi *find_spi(const struct sad *s, uint32_t spi)
{
	struct hash_link *link = hash_find(&s->spis, view_make(&spi, sizeof(spi)));

	return link ? hash_entry(link, struct sad_spi, link) : NULL;
}

struct sad_pair *sad_find(const struct sad *s, uint32_t handle)
{
	struct hash_link *link = hash_find(&s->handles, view_make(&handle, sizeof(handle)));

	return link ? hash_entry(link, struct sad_pair, by_handle) : NULL;
}

struct sad_policy *sad_find_policy(const struct sad *s, uint32_t handle)
{
	struct hash_link *link = hash_find(&s->policy_handles, view_make(&handle, sizeof(handle)));

	return link ? hash_entry(link, struct sad_policy, by_handle) : NULL;
}

static void free_sa_in(struct sa_in *sa)
{
	if (!sa)
		return;
	seal_free(sa->seal);
	replay_done(&sa->replay);
	free(sa);
}

static void free_sa_out(struct sa_out *sa)
{
	if (!sa)
		return;
	seal_free(sa->seal);
	free(sa);
}

static void free_pair(struct sad_pair *p)
{
	if (!p)
		return;
	free_sa_in(p->in);
	free_sa_out(p->out);
	free(atomic_load_explicit(&p->path, memory_order_relaxed));
	free(p->sels);
	free(p);
}

static void free_policy(struct sad_policy *p)
{
	free(p->sels);
	free(p);
}

static void free_table(struct sad_table *t)
{
	if (!t)
		return;
	free(t->slots);
	free(t->rules);
	free(t);
}

static void retired_pair(struct epoch_item *item)
{
	free_pair(hash_entry(item, struct sad_pair, item));
}

static void retired_policy(struct epoch_item *item)
{
	free_policy(hash_entry(item, struct sad_policy, item));
}

static void retired_out(struct epoch_item *item)
{
	free_sa_out(hash_entry(item, struct sa_out, item));
}

static void retired_path(struct epoch_item *item)
{
	free(hash_entry(item, struct sad_path, item));
}

static void retired_table(struct epoch_item *item)
{
	free_table(hash_entry(item, struct sad_table, item));
}

/* SPIs are random numbers already, so their low bits are a hash. */
struct sa_in *sad_find_in(const struct sad_table *t, uint32_t spi)
{
	for (size_t i = spi & t->slot_mask; t->slots[i].sa; i = (i + 1) & t->slot_mask)
		if (t->slots[i].spi == spi)
			return t->slots[i].sa;
	return NULL;
}

static void add_slot(struct sad_table *t, struct sa_in *sa)
{
	size_t i = sa->spi->spi & t->slot_mask;

	while (t->slots[i].sa)
		i = (i + 1) & t->slot_mask;
	t->slots[i] = (struct sad_slot){sa->spi->spi, sa};
}

/* A rule for each pair of selectors; what they have in common is in `like`. */
static void add_rules(struct sad_table *t, const struct spd_sels *s, enum spd_class class,
		      uint32_t priority, const struct spd_rule *like)
{
	for (size_t i = 0; i < s->n_local; i++) {
		for (size_t j = 0; j < s->n_remote; j++) {
			const struct spd_sel *local = &s->sels[i];
			const struct spd_sel *remote = &s->sels[s->n_local + j];
			struct spd_rule *rule = &t->rules[t->n_rules];

			if (local->family != remote->family)
				continue;
			*rule = *like;
			rule->local = *local;
			rule->remote = *remote;
			spd_rule_place(rule, class, priority);
			t->n_rules++;
		}
	}
}

static size_t count_rules(const struct sad *s, size_t *out_pairs)
{
	size_t n = 0;

	*out_pairs = 0;
	list_foreach(it, &s->pairs) {
		const struct sad_pair *p = list_entry(it, struct sad_pair, link);

		++*out_pairs;
		n += p->out ? p->sels->n_local * p->sels->n_remote : 0;
	}
	list_foreach(it, &s->policies) {
		const struct sad_policy *p = list_entry(it, struct sad_policy, link);

		n += p->sels->n_local * p->sels->n_remote;
	}
	return n;
}

static void fill_table(const struct sad *s, struct sad_table *t)
{
	list_foreach(it, &s->pairs) {
		const struct sad_pair *p = list_entry(it, struct sad_pair, link);

		add_slot(t, p->in);
		if (p->out)
			add_rules(t, p->sels, SPD_SA, p->priority,
				  &(struct spd_rule){.order = p->handle, .sa = p->out});
	}
	list_foreach(it, &s->policies) {
		struct sad_policy *p = list_entry(it, struct sad_policy, link);

		add_rules(t, p->sels, p->class, p->priority,
			  &(struct spd_rule){.order = p->handle, .policy = p});
	}
	spd_sort(t->rules, t->n_rules);
}

static struct sad_table *build_table(const struct sad *s)
{
	struct sad_table *t = calloc(1, sizeof(*t));
	size_t n_pairs, n_slots = 8;
	const size_t n_rules = count_rules(s, &n_pairs);

	if (!t)
		return NULL;
	t->generation = s->generation;
	while (n_slots < n_pairs * 2)
		n_slots *= 2;
	t->slot_mask = n_slots - 1;
	t->slots = calloc(n_slots, sizeof(*t->slots));
	t->rules = calloc(n_rules + 1, sizeof(*t->rules));
	if (!t->slots || !t->rules) {
		free_table(t);
		return NULL;
	}
	fill_table(s, t);
	return t;
}

/* Make the SAs as they are now known to workers. E_NOMEM: workers keep the old table. */
static int publish(struct sad *s)
{
	struct sad_table *t, *old;

	s->generation++;
	t = build_table(s);
	if (!t)
		return E_NOMEM;
	old = atomic_exchange(&s->table, t);
	if (old)
		epoch_retire(&s->epoch, &old->item, retired_table);
	list_foreach_safe(it, &s->zombies) {
		struct sad_pair *p = list_entry(it, struct sad_pair, link);

		list_remove(it);
		epoch_retire(&s->epoch, &p->item, retired_pair);
	}
	list_foreach_safe(it, &s->policy_zombies) {
		struct sad_policy *p = list_entry(it, struct sad_policy, link);

		list_remove(it);
		epoch_retire(&s->epoch, &p->item, retired_policy);
	}
	epoch_reclaim(&s->epoch);
	return 0;
}

int sad_init(struct sad *s, int (*random)(void *ctx, void *out, size_t len), void *ctx)
{
	int err;

	*s = (struct sad){.random = random, .random_ctx = ctx};
	epoch_init(&s->epoch);
	list_init(&s->pairs);
	list_init(&s->zombies);
	list_init(&s->policies);
	list_init(&s->policy_zombies);
	err = hash_init(&s->spis, spi_key);
	if (err == 0)
		err = hash_init(&s->policy_handles, policy_key);
	if (err == 0)
		err = hash_init(&s->handles, handle_key);
	if (err == 0)
		err = publish(s);
	if (err != 0) {
		hash_done(&s->spis);
		hash_done(&s->handles);
		hash_done(&s->policy_handles);
	}
	return err;
}

static void free_list(struct list *pairs)
{
	list_foreach_safe(it, pairs) {
		list_remove(it);
		free_pair(list_entry(it, struct sad_pair, link));
	}
}

static void free_policies(struct list *policies)
{
	list_foreach_safe(it, policies) {
		list_remove(it);
		free_policy(list_entry(it, struct sad_policy, link));
	}
}

void sad_done(struct sad *s)
{
	epoch_done(&s->epoch);
	free_table(atomic_load(&s->table));
	free_list(&s->pairs);
	free_list(&s->zombies);
	free_policies(&s->policies);
	free_policies(&s->policy_zombies);
	for (size_t i = 0; i < s->spis.n_buckets; i++) {
		struct hash_link *link = s->spis.buckets[i], *next;

		for (; link; link = next) {
			next = link->next;
			free(hash_entry(link, struct sad_spi, link));
		}
	}
	hash_done(&s->spis);
	hash_done(&s->handles);
	hash_done(&s->policy_handles);
}

static int reserve_spi(struct sad *s, uint32_t spi, struct sad_spi **out)
{
	struct sad_spi *r = calloc(1, sizeof(*r));

	if (!r)
		return E_NOMEM;
	r->spi = spi;
	hash_insert(&s->spis, &r->link);
	*out = r;
	return 0;
}

static void drop_spi(struct sad *s, struct sad_spi *r)
{
	hash_remove(&s->spis, &r->link);
	free(r);
}

int sad_alloc_spi(struct sad *s, uint32_t *out)
{
	for (int i = 0; i < SPI_TRIES; i++) {
		struct sad_spi *r;
		uint32_t spi;
		int err = s->random(s->random_ctx, &spi, sizeof(spi));

		if (err != 0)
			return err;
		spi = SPI_FIRST | (spi & SPI_MASK);
		if (find_spi(s, spi))
			continue;
		err = reserve_spi(s, spi, &r);
		if (err == 0)
			*out = spi;
		return err;
	}
	return E_FULL;
}

void sad_free_spi(struct sad *s, uint32_t spi)
{
	struct sad_spi *r = find_spi(s, spi);

	if (r && !r->installed)
		drop_spi(s, r);
}

static int make_seal(const struct ipsec_sa_params *p, bool out, struct seal **out_seal,
		     struct sad_format *format)
{
	const struct seal_params params = {
		.encr = p->encr,
		.key_bits = p->key_bits,
		.integ = p->integ,
		.key_e = out ? p->encr_out : p->encr_in,
		.key_a = out ? p->integ_out : p->integ_in,
	};
	int err = seal_new(&params, out_seal);

	if (err != 0)
		return err;
	*format = (struct sad_format){
		.iv_len = (uint8_t)seal_iv_len(*out_seal),
		.icv_len = (uint8_t)seal_icv_len(*out_seal),
		.align = seal_block(*out_seal) > 4 ? (uint8_t)seal_block(*out_seal) : 4,
		.iv_counter = seal_iv_is_counter(*out_seal),
		.aead = p->integ == NULL,
		.esn = p->esn,
	};
	return 0;
}

static int make_in(struct sad_pair *pair, const struct ipsec_sa_params *p)
{
	struct sa_in *in = calloc(1, sizeof(*in));
	int err;

	if (!in)
		return E_NOMEM;
	pair->in = in;
	in->pair = pair;
	err = replay_init(&in->replay, p->replay_window, p->esn);
	if (err == 0)
		err = make_seal(p, false, &in->seal, &in->format);
	return err;
}

static int make_out(struct sad_pair *pair, const struct ipsec_sa_params *p, struct sa_out **out)
{
	struct sa_out *sa = calloc(1, sizeof(*sa));
	int err;

	if (!sa)
		return E_NOMEM;
	sa->pair = pair;
	sa->spi = p->spi_out;
	err = make_seal(p, true, &sa->seal, &sa->format);
	if (err != 0) {
		free(sa);
		return err;
	}
	*out = sa;
	return 0;
}

static struct sad_path *make_path(const struct addr *local, const struct addr *remote)
{
	struct sad_path *path = calloc(1, sizeof(*path));

	if (path) {
		path->local = *local;
		path->remote = *remote;
	}
	return path;
}

static int fill_pair(struct sad_pair *pair, const struct ipsec_sa_params *p)
{
	int err;

	pair->soft_bytes = p->soft_bytes;
	pair->hard_bytes = p->hard_bytes;
	pair->soft_packets = p->soft_packets;
	pair->hard_packets = p->hard_packets;
	pair->priority = p->priority;
	pair->sels = spd_sels_new(p->ts_local, p->ts_remote);
	atomic_init(&pair->path, make_path(&p->local, &p->remote));
	if (!pair->sels || !atomic_load(&pair->path))
		return E_NOMEM;
	err = make_in(pair, p);
	if (err == 0 && p->spi_out != 0)
		err = make_out(pair, p, &pair->out);
	return err;
}

static uint32_t next_handle(struct sad *s)
{
	do
		s->last_handle++;
	while (s->last_handle == 0 || sad_find(s, s->last_handle) ||
	       sad_find_policy(s, s->last_handle));
	return s->last_handle;
}

int sad_install(struct sad *s, const struct ipsec_sa_params *p, uint32_t *out_handle)
{
	struct sad_spi *spi = find_spi(s, p->spi_in);
	struct sad_pair *pair;
	bool reserved_here = false;
	int err = 0;

	if (spi && spi->installed)
		return E_EXISTS;
	pair = calloc(1, sizeof(*pair));
	if (!pair)
		return E_NOMEM;
	if (!spi) {
		err = reserve_spi(s, p->spi_in, &spi);
		reserved_here = err == 0;
	}
	if (err == 0)
		err = fill_pair(pair, p);
	if (err == 0) {
		pair->handle = next_handle(s);
		pair->in->spi = spi;
		list_append(&s->pairs, &pair->link);
		err = publish(s);
		if (err != 0)
			list_remove(&pair->link);
	}
	if (err != 0) {
		if (reserved_here)
			drop_spi(s, spi);
		free_pair(pair);
		return err;
	}
	spi->installed = true;
	hash_insert(&s->handles, &pair->by_handle);
	*out_handle = pair->handle;
	return 0;
}

int sad_install_out(struct sad *s, uint32_t handle, const struct ipsec_sa_params *p)
{
	struct sad_pair *pair = sad_find(s, handle);
	struct sa_out *out;
	int err;

	if (!pair)
		return E_NOTFOUND;
	if (pair->out)
		return E_EXISTS;
	err = make_out(pair, p, &out);
	if (err != 0)
		return err;
	pair->out = out;
	atomic_fetch_and(&pair->flags, ~(unsigned)SAD_OUT_STOPPED);
	err = publish(s);
	if (err != 0) {
		pair->out = NULL;
		free_sa_out(out);
	}
	return err;
}

void sad_remove_out(struct sad *s, uint32_t handle)
{
	struct sad_pair *pair = sad_find(s, handle);
	struct sa_out *out;

	if (!pair || !pair->out)
		return;
	out = pair->out;
	pair->out = NULL;
	/*
	 * A worker with an older table goes on with the SA, for it may not know of the one that
	 * follows. Only without memory for a table must the flag stop it: it goes with the pair.
	 */
	if (publish(s) != 0) {
		atomic_fetch_or(&pair->flags, SAD_OUT_STOPPED);
		pair->out = out;
		return;
	}
	epoch_retire(&s->epoch, &out->item, retired_out);
	epoch_reclaim(&s->epoch);
}

void sad_remove(struct sad *s, uint32_t handle)
{
	struct sad_pair *pair = sad_find(s, handle);

	if (!pair)
		return;
	hash_remove(&s->handles, &pair->by_handle);
	drop_spi(s, pair->in->spi);
	pair->in->spi = NULL;
	list_remove(&pair->link);
	list_append(&s->zombies, &pair->link);
	/* Without memory for a table the old one stays; the flag keeps workers off the pair. */
	if (publish(s) != 0)
		atomic_fetch_or(&pair->flags, SAD_DEAD);
}

static enum spd_class class_of(enum ipsec_policy_kind kind)
{
	return kind == IPSEC_POLICY_PASS   ? SPD_PASS
	       : kind == IPSEC_POLICY_TRAP ? SPD_TRAP
					   : SPD_DROP;
}

int sad_install_policy(struct sad *s, const struct ipsec_policy_params *params,
		       uint32_t *out_handle)
{
	struct sad_policy *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return E_NOMEM;
	p->handle = next_handle(s);
	p->reqid = params->reqid;
	p->priority = params->priority;
	p->class = class_of(params->kind);
	p->sels = spd_sels_new(params->ts_local, params->ts_remote);
	list_append(&s->policies, &p->link);
	err = p->sels ? publish(s) : E_NOMEM;
	if (err != 0) {
		list_remove(&p->link);
		free_policy(p);
		return err;
	}
	hash_insert(&s->policy_handles, &p->by_handle);
	*out_handle = p->handle;
	return 0;
}

void sad_remove_policy(struct sad *s, uint32_t handle)
{
	struct sad_policy *p = sad_find_policy(s, handle);

	if (!p)
		return;
	hash_remove(&s->policy_handles, &p->by_handle);
	list_remove(&p->link);
	list_append(&s->policy_zombies, &p->link);
	/* Without memory for a table the old one stays, with this policy, until there is a next. */
	(void)!publish(s);
}

static void read_count(const struct sad_count *c, struct ipsec_count *out)
{
	out->bytes = atomic_load_explicit(&c->bytes, memory_order_relaxed);
	out->packets = atomic_load_explicit(&c->packets, memory_order_relaxed);
	out->last_use = atomic_load_explicit(&c->last_use, memory_order_relaxed);
}

int sad_query(const struct sad *s, uint32_t handle, struct ipsec_stats *out)
{
	const struct sad_pair *p = sad_find(s, handle);

	if (!p)
		return E_NOTFOUND;
	read_count(&p->in_count, &out->in);
	read_count(&p->out_count, &out->out);
	out->dropped_policy_in = atomic_load_explicit(&p->dropped_policy_in, memory_order_relaxed);
	out->dropped_policy_out =
		atomic_load_explicit(&p->dropped_policy_out, memory_order_relaxed);
	out->dropped_replay = atomic_load_explicit(&p->dropped_replay, memory_order_relaxed);
	out->dropped_auth = atomic_load_explicit(&p->dropped_auth, memory_order_relaxed);
	return 0;
}

int sad_update(struct sad *s, uint32_t handle, const struct addr *local, const struct addr *remote)
{
	struct sad_pair *p = sad_find(s, handle);
	struct sad_path *path, *old;

	if (!p)
		return E_NOTFOUND;
	path = make_path(local, remote);
	if (!path)
		return E_NOMEM;
	old = atomic_exchange(&p->path, path);
	epoch_retire(&s->epoch, &old->item, retired_path);
	epoch_reclaim(&s->epoch);
	return 0;
}
