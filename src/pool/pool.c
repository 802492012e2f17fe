/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/list.h"
#include "pool/leasedb.h"

/* An address that belongs to an identity, whether it is online or not. */
struct lease {
	struct hash_link by_addr;
	struct hash_link by_id; /* while offline */
	struct list all;	/* of the pool */
	struct list offline;	/* oldest first, while offline */
	struct addr addr;
	char *identity;
	bool online;
};

struct pool {
	struct list link;
	char *name;
	struct addr_range range;
	struct addr base;
	struct pool_attr *attrs;
	size_t n_attrs;
	uint64_t size;
	uint64_t start; /* offset in the range of the first address to hand out */
	uint64_t
		tried; /* so many addresses from there on (around the end) are not fresh any more */
	struct hash by_addr;
	struct hash by_id; /* offline leases only */
	struct list all;
	struct list offline;
	uint64_t n_leases, n_online;
};

struct pool_set {
	struct list pools;  /* in load order */
	struct leasedb *db; /* NULL: in memory only */
	uint64_t turn;	    /* counts changes: the order of leases across a restart */
};

static struct view key_by_addr(const struct hash_link *link)
{
	return addr_view(&hash_entry(link, struct lease, by_addr)->addr);
}

static struct view key_by_id(const struct hash_link *link)
{
	return view_str(hash_entry(link, struct lease, by_id)->identity);
}

/* ip + n, in place; ip has len bytes. */
static void add_offset(uint8_t *ip, size_t len, uint64_t n)
{
	for (size_t i = len; i-- > 0 && n > 0; n >>= 8) {
		n += ip[i];
		ip[i] = (uint8_t)n;
	}
}

/* to - from, at most POOL_SIZE_MAX. */
static uint64_t distance(const uint8_t *from, const uint8_t *to, size_t len)
{
	uint64_t n = 0;
	int borrow = 0;

	/* The low eight bytes hold any distance that matters; the others say whether it fits. */
	for (size_t i = len; i-- > 0;) {
		int d = to[i] - from[i] - borrow;
		uint8_t byte = (uint8_t)d;

		borrow = d < 0;
		if (len - 1 - i < sizeof(n))
			n |= (uint64_t)byte << (8 * (len - 1 - i));
		else if (byte)
			return POOL_SIZE_MAX;
	}
	return n < POOL_SIZE_MAX ? n : POOL_SIZE_MAX;
}

static uint64_t range_size(const struct addr_range *r)
{
	uint64_t n = distance(r->first, r->last, addr_len(r->family)) + 1;

	return n < POOL_SIZE_MAX ? n : POOL_SIZE_MAX;
}

/* A range that is larger ends early: its addresses are counted in 31 bits, as strongSwan does. */
static void limit_range(struct addr_range *r)
{
	size_t len = addr_len(r->family);

	if (distance(r->first, r->last, len) < POOL_SIZE_MAX)
		return;
	memcpy(r->last, r->first, len);
	add_offset(r->last, len, POOL_SIZE_MAX - 1);
}

/* The usable part of a subnet that was written with this address. */
static int trim_subnet(struct addr_range *r, const struct addr *written)
{
	size_t len = addr_len(r->family);
	unsigned bits;

	if (!addr_range_is_subnet(r, &bits))
		return E_MALFORMED;
	if (len * 8 - bits >= 2) {
		add_offset(r->first, len, 1);
		r->last[len - 1]--; /* all ones: no borrow */
	}
	if (memcmp(written->ip, r->first, len) > 0)
		memcpy(r->first, written->ip, len);
	return memcmp(r->first, r->last, len) <= 0 ? 0 : E_MALFORMED;
}

int pool_parse_addrs(const char *text, struct pool_params *out)
{
	struct addr_range range;
	struct addr base, first = {0};
	char written[ADDR_TEXT_MAX];
	size_t n = strcspn(text, "/-");

	if (n >= sizeof(written) || addr_range_parse(&range, text))
		return E_MALFORMED;
	memcpy(written, text, n);
	written[n] = '\0';
	if (addr_parse(&base, written))
		return E_MALFORMED;
	if (text[n] != '-') {
		if (memcmp(base.ip, range.first, addr_len(base.family)) != 0)
			first = base;
		if (trim_subnet(&range, &base))
			return E_MALFORMED;
	}
	limit_range(&range);
	out->range = range;
	out->base = base;
	out->first = first;
	return 0;
}

static void free_lease(struct lease *l)
{
	free(l->identity);
	free(l);
}

static void free_pool(struct pool *p)
{
	list_foreach_safe(it, &p->all)
		free_lease(list_entry(it, struct lease, all));
	hash_done(&p->by_addr);
	hash_done(&p->by_id);
	free(p->attrs);
	free(p->name);
	free(p);
}

static struct lease *find_lease(const struct pool *p, const struct addr *a)
{
	struct hash_link *link = NULL;

	if (addr_range_has(&p->range, a))
		link = hash_find(&p->by_addr, addr_view(a));
	return link ? hash_entry(link, struct lease, by_addr) : NULL;
}

static void go_offline(struct pool *p, struct lease *l)
{
	l->online = false;
	p->n_online--;
	list_append(&p->offline, &l->offline);
	hash_insert(&p->by_id, &l->by_id);
}

static void go_online(struct pool *p, struct lease *l)
{
	hash_remove(&p->by_id, &l->by_id);
	list_remove(&l->offline);
	l->online = true;
	p->n_online++;
}

/* A lease of an address that has none, online. NULL if out of memory. */
static struct lease *new_lease(struct pool *p, const struct addr *a, const char *identity)
{
	struct lease *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->identity = strdup(identity);
	if (!l->identity) {
		free(l);
		return NULL;
	}
	l->addr = *a;
	l->addr.port = 0;
	l->online = true;
	list_append(&p->all, &l->all);
	list_init(&l->offline);
	hash_insert(&p->by_addr, &l->by_addr);
	p->n_leases++;
	p->n_online++;
	return l;
}

int pool_open(const char *path, struct log_notes *notes, struct pool_set **out)
{
	struct pool_set *s = calloc(1, sizeof(*s));
	int err = 0;

	*out = NULL;
	if (!s)
		return E_NOMEM;
	list_init(&s->pools);
	if (path)
		err = leasedb_open(path, notes, &s->db);
	if (err) {
		free(s);
		return err;
	}
	s->turn = s->db ? leasedb_last_turn(s->db) : 0;
	*out = s;
	return 0;
}

void pool_close(struct pool_set *s)
{
	if (!s)
		return;
	list_foreach_safe(it, &s->pools)
		free_pool(list_entry(it, struct pool, link));
	leasedb_close(s->db);
	free(s);
}

static struct pool *find_pool(const struct pool_set *s, const char *name)
{
	list_foreach(it, &s->pools) {
		struct pool *p = list_entry(it, struct pool, link);

		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

bool pool_exists(const struct pool_set *s, const char *name)
{
	return find_pool(s, name) != NULL;
}

static int set_attrs(struct pool *p, const struct pool_params *params)
{
	struct pool_attr *attrs = NULL;

	if (params->n_attrs) {
		attrs = calloc(params->n_attrs, sizeof(*attrs));
		if (!attrs)
			return E_NOMEM;
		memcpy(attrs, params->attrs, params->n_attrs * sizeof(*attrs));
	}
	free(p->attrs);
	p->attrs = attrs;
	p->n_attrs = params->n_attrs;
	p->base = params->base;
	return 0;
}

static int new_pool(const struct pool_params *params, struct pool **out)
{
	struct pool *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return E_NOMEM;
	list_init(&p->all);
	list_init(&p->offline);
	p->range = params->range;
	limit_range(&p->range);
	p->size = range_size(&p->range);
	if (addr_range_has(&p->range, &params->first))
		p->start = distance(p->range.first, params->first.ip, addr_len(p->range.family));
	p->name = strdup(params->name);
	err = p->name ? set_attrs(p, params) : E_NOMEM;
	if (!err)
		err = hash_init(&p->by_addr, key_by_addr);
	if (!err)
		err = hash_init(&p->by_id, key_by_id);
	if (err)
		free_pool(p);
	else
		*out = p;
	return err;
}

/* Leases beyond the range stay in the file: it may be widened again. */
static int restore_lease(void *ctx, const struct leasedb_row *row)
{
	struct pool *p = ctx;
	struct lease *l;

	if (!addr_range_has(&p->range, &row->addr))
		return 0;
	l = new_lease(p, &row->addr, row->identity);
	if (!l)
		return E_NOMEM;
	go_offline(p, l);
	return 0;
}

int pool_load(struct pool_set *s, const struct pool_params *params, uint64_t *out_size)
{
	struct pool *old = find_pool(s, params->name);
	struct addr_range range = params->range;
	struct pool *p = NULL;
	int err;

	if (addr_len(range.family) == 0 ||
	    memcmp(range.first, range.last, addr_len(range.family)) > 0)
		return E_MALFORMED;
	limit_range(&range);
	*out_size = range_size(&range);
	if (old && addr_range_equal(&old->range, &range))
		return set_attrs(old, params);
	if (old && old->n_online > 0)
		return E_BUSY;
	err = new_pool(params, &p);
	if (!err && s->db)
		err = leasedb_each(s->db, p->name, restore_lease, p);
	if (err) {
		if (p)
			free_pool(p);
		return err;
	}
	list_append(old ? &old->link : &s->pools, &p->link);
	if (old) {
		list_remove(&old->link);
		free_pool(old);
	}
	return 0;
}

int pool_unload(struct pool_set *s, const char *name)
{
	struct pool *p = find_pool(s, name);

	if (!p)
		return E_NOTFOUND;
	if (p->n_online > 0)
		return E_BUSY;
	list_remove(&p->link);
	free_pool(p);
	return 0;
}

static void note_new(const struct pool_request *req, struct log_notes *notes)
{
	log_note(notes, LOG_CFG, LOG_CTRL, "assigning new lease to '%s'", req->identity);
}

static void note_own(const struct pool_request *req, struct log_notes *notes)
{
	log_note(notes, LOG_CFG, LOG_CTRL, "reassigning offline lease to '%s'", req->identity);
}

/*
 * The rules, in this order over all pools of a request. Each takes a pool and gives an online
 * lease, or leaves *out alone if it does not apply.
 */

/* The address the peer asks for, if nobody has it, or only it had. */
static int take_wanted(struct pool *p, const struct pool_request *req, struct log_notes *notes,
		       struct lease **out)
{
	struct lease *l;

	if (addr_is_any(&req->wanted) || !addr_range_has(&p->range, &req->wanted))
		return 0;
	l = find_lease(p, &req->wanted);
	if (l && (l->online || strcmp(l->identity, req->identity) != 0))
		return 0;
	if (l) {
		note_own(req, notes);
		go_online(p, l);
	} else {
		l = new_lease(p, &req->wanted, req->identity);
		if (!l)
			return E_NOMEM;
		note_new(req, notes);
	}
	*out = l;
	return 0;
}

static int take_own(struct pool *p, const struct pool_request *req, struct log_notes *notes,
		    struct lease **out)
{
	struct hash_link *link = hash_find(&p->by_id, view_str(req->identity));

	if (!link)
		return 0;
	*out = hash_entry(link, struct lease, by_id);
	note_own(req, notes);
	go_online(p, *out);
	return 0;
}

static int take_fresh(struct pool *p, const struct pool_request *req, struct log_notes *notes,
		      struct lease **out)
{
	size_t len = addr_len(p->range.family);

	/* Leased addresses never become fresh again, so this passes each of them once. */
	for (; p->tried < p->size; p->tried++) {
		struct addr a = {.family = p->range.family};

		memcpy(a.ip, p->range.first, len);
		add_offset(a.ip, len, (p->start + p->tried) % p->size);
		if (find_lease(p, &a))
			continue;
		*out = new_lease(p, &a, req->identity);
		if (!*out)
			return E_NOMEM;
		note_new(req, notes);
		return 0;
	}
	return 0;
}

static int take_oldest(struct pool *p, const struct pool_request *req, struct log_notes *notes,
		       struct lease **out)
{
	struct lease *l;
	char *identity;

	if (list_empty(&p->offline))
		return 0;
	identity = strdup(req->identity);
	if (!identity)
		return E_NOMEM;
	l = list_entry(p->offline.next, struct lease, offline);
	log_note(notes, LOG_CFG, LOG_CTRL, "reassigning existing offline lease by '%s' to '%s'",
		 l->identity, identity);
	go_online(p, l); /* before its key by identity changes */
	free(l->identity);
	l->identity = identity;
	*out = l;
	return 0;
}

static void record(struct pool_set *s, const struct pool *p, const struct lease *l,
		   struct log_notes *notes)
{
	s->turn++;
	if (s->db)
		leasedb_put(s->db, &(struct leasedb_row){p->name, l->addr, l->identity, s->turn},
			    notes);
}

static struct pool *usable_pool(const struct pool_set *s, const struct pool_request *req, size_t i)
{
	struct pool *p = find_pool(s, req->pools->items[i]);

	return p && p->range.family == req->family ? p : NULL;
}

int pool_acquire(struct pool_set *s, const struct pool_request *req, struct log_notes *notes,
		 struct addr *out)
{
	static int (*const rules[])(struct pool *, const struct pool_request *, struct log_notes *,
				    struct lease **) = {take_wanted, take_own, take_fresh,
							take_oldest};
	struct lease *l = NULL;
	bool any = false;

	for (size_t rule = 0; rule < sizeof(rules) / sizeof(rules[0]); rule++) {
		for (size_t i = 0; i < req->pools->count; i++) {
			struct pool *p = usable_pool(s, req, i);
			int err = p ? rules[rule](p, req, notes, &l) : 0;

			any |= p != NULL;
			if (err)
				return err;
			if (l) {
				record(s, p, l, notes);
				*out = l->addr;
				return 0;
			}
		}
	}
	for (size_t i = 0; i < req->pools->count; i++) {
		if (usable_pool(s, req, i))
			log_note(notes, LOG_CFG, LOG_CTRL,
				 "pool '%s' is full, unable to assign address (pools.%s.addrs has "
				 "no more)",
				 req->pools->items[i], req->pools->items[i]);
		else if (!pool_exists(s, req->pools->items[i]))
			log_note(notes, LOG_CFG, LOG_CTRL,
				 "pool '%s' is not loaded: 'pools' of the connection names it",
				 req->pools->items[i]);
	}
	return any ? E_FULL : E_NOTFOUND;
}

void pool_release(struct pool_set *s, const struct addr *a, const char *identity,
		  struct log_notes *notes)
{
	char text[ADDR_TEXT_MAX];

	list_foreach(it, &s->pools) {
		struct pool *p = list_entry(it, struct pool, link);
		struct lease *l = find_lease(p, a);

		if (!l || !l->online || strcmp(l->identity, identity) != 0)
			continue;
		go_offline(p, l);
		log_note(notes, LOG_CFG, LOG_CTRL, "lease %s by '%s' went offline",
			 addr_text(a, text), identity);
		record(s, p, l, notes);
		return;
	}
}

const struct pool_attr *pool_attrs(const struct pool_set *s, const struct addr *a, size_t *out_n)
{
	*out_n = 0;
	list_foreach(it, &s->pools) {
		const struct pool *p = list_entry(it, struct pool, link);
		const struct lease *l = find_lease(p, a);

		if (l && l->online) {
			*out_n = p->n_attrs;
			return p->attrs;
		}
	}
	return NULL;
}

void pool_each(const struct pool_set *s, bool (*fn)(void *ctx, const struct pool_info *), void *ctx)
{
	list_foreach(it, &s->pools) {
		const struct pool *p = list_entry(it, struct pool, link);
		struct pool_info info = {
			.name = p->name,
			.base = p->base,
			.size = p->size,
			.online = p->n_online,
			.offline = p->n_leases - p->n_online,
		};

		if (!fn(ctx, &info))
			return;
	}
}

static int compare_leases(const void *a, const void *b)
{
	const struct lease *x = *(const struct lease *const *)a;
	const struct lease *y = *(const struct lease *const *)b;

	return memcmp(x->addr.ip, y->addr.ip, sizeof(x->addr.ip));
}

void pool_each_lease(const struct pool_set *s, const char *name,
		     bool (*fn)(void *ctx, const struct pool_lease *), void *ctx)
{
	const struct pool *p = find_pool(s, name);
	const struct lease **sorted;
	size_t n = 0;

	if (!p || p->n_leases == 0)
		return;
	sorted = calloc(p->n_leases, sizeof(*sorted));
	if (!sorted)
		return;
	list_foreach(it, &p->all)
		sorted[n++] = list_entry(it, struct lease, all);
	qsort(sorted, n, sizeof(*sorted), compare_leases);
	for (size_t i = 0; i < n; i++) {
		struct pool_lease lease = {sorted[i]->addr, sorted[i]->identity, sorted[i]->online};

		if (!fn(ctx, &lease))
			break;
	}
	free(sorted);
}
