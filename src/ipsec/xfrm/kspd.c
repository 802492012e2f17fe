/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kspd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipsec/nlsock.h"
#include "ipsec/xfrm/kselector.h"

#define INDEX_MASK 0x1ffffu /* numbers that fit between KPOLICY_OURS and the direction */

struct policy {
	struct hash_link link;
	struct kpolicy_key key;
	uint32_t index;
	struct list uses; /* the first is what the kernel has */
};

/* An owner's wish for a policy. */
struct use {
	struct list by_owner, by_policy;
	struct kspd_owner *owner;
	struct policy *policy;
	bool outbound; /* from local to remote */
};

static struct view key_of(const struct hash_link *link)
{
	const struct policy *p = hash_entry(link, struct policy, link);

	return view_make(&p->key, sizeof(p->key));
}

int kspd_init(struct kspd *s, struct nlsock *socket, struct log *log)
{
	s->socket = socket;
	s->log = log;
	s->next = 0;
	return hash_init(&s->policies, key_of);
}

void kspd_done(struct kspd *s)
{
	hash_done(&s->policies);
}

static unsigned rank(const struct kspd_owner *o)
{
	return 2 * (unsigned)o->class + (o->trap ? 1 : 0);
}

static struct kpolicy wish(const struct use *u)
{
	const struct kspd_owner *o = u->owner;
	const struct policy *p = u->policy;

	return (struct kpolicy){
		.key = p->key,
		.index = p->index,
		.priority = o->priority ? o->priority
					: kpolicy_priority(o->class, &p->key.selector, o->trap),
		.class = o->class,
		.mode = o->mode,
		.reqid = o->reqid,
		.src = u->outbound ? o->local : o->remote,
		.dst = u->outbound ? o->remote : o->local,
		/* What is forwarded into the tunnel came without IPsec. */
		.optional = u->outbound && p->key.dir == XFRM_POLICY_FWD,
	};
}

static struct use *first_use(const struct policy *p)
{
	return list_empty(&p->uses) ? NULL : list_entry(p->uses.next, struct use, by_policy);
}

/* Make the kernel have what the first use wants. */
static int publish(struct kspd *s, const struct policy *p, bool fresh)
{
	_Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];
	const struct use *first = first_use(p);
	struct kpolicy k;

	if (!first)
		return nlsock_talk(s->socket, kpolicy_put_delete(buffer, &p->key));
	k = wish(first);
	return nlsock_talk(s->socket, kpolicy_put_set(buffer, &k, fresh));
}

/* ---- one policy ------------------------------------------------------------------------------ */

/* Padding counts: a key is compared octet by octet. */
static void set_key(struct kpolicy_key *out, const struct kpolicy_key *from)
{
	const struct xfrm_selector *s = &from->selector;

	memset(out, 0, sizeof(*out));
	out->selector.daddr = s->daddr;
	out->selector.saddr = s->saddr;
	out->selector.dport = s->dport;
	out->selector.dport_mask = s->dport_mask;
	out->selector.sport = s->sport;
	out->selector.sport_mask = s->sport_mask;
	out->selector.family = s->family;
	out->selector.prefixlen_d = s->prefixlen_d;
	out->selector.prefixlen_s = s->prefixlen_s;
	out->selector.proto = s->proto;
	out->selector.ifindex = s->ifindex;
	out->mark.value = from->mark.value;
	out->mark.mask = from->mark.mask;
	out->if_id = from->if_id;
	out->dir = from->dir;
}

static struct policy *find(const struct kspd *s, const struct kpolicy_key *key)
{
	struct hash_link *l = hash_find(&s->policies, view_make(key, sizeof(*key)));

	return l ? hash_entry(l, struct policy, link) : NULL;
}

static struct policy *policy_new(struct kspd *s, const struct kpolicy_key *key)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	set_key(&p->key, key);
	p->index = KPOLICY_OURS | (s->next++ & INDEX_MASK) << 3 | key->dir;
	list_init(&p->uses);
	hash_insert(&s->policies, &p->link);
	return p;
}

static void policy_free(struct kspd *s, struct policy *p)
{
	hash_remove(&s->policies, &p->link);
	free(p);
}

/* Before all that have no better claim: of the same class the youngest goes first. */
static void insert(struct policy *p, struct use *u)
{
	struct list *at = p->uses.next;

	while (at != &p->uses &&
	       rank(list_entry(at, struct use, by_policy)->owner) < rank(u->owner))
		at = at->next;
	list_append(at, &u->by_policy);
}

static int use_policy(struct kspd *s, struct kspd_owner *o, const struct kpolicy_key *wanted,
		      bool outbound)
{
	struct kpolicy_key key;
	struct use *u = calloc(1, sizeof(*u));
	struct policy *p;
	bool fresh;
	int err = 0;

	set_key(&key, wanted);
	p = find(s, &key);
	fresh = !p;
	if (u && fresh)
		p = policy_new(s, &key);
	if (!u || !p) {
		free(u);
		return E_NOMEM;
	}
	*u = (struct use){.owner = o, .policy = p, .outbound = outbound};
	insert(p, u);
	if (first_use(p) == u)
		err = publish(s, p, fresh);
	if (err != 0) {
		list_remove(&u->by_policy);
		if (fresh)
			policy_free(s, p);
		free(u);
		return err;
	}
	list_append(&o->uses, &u->by_owner);
	return 0;
}

static void log_failure(const struct kspd *s, const char *what)
{
	log_print(s->log, NULL, LOG_KNL, LOG_CTRL, "%s an IPsec policy failed: %s", what,
		  strerror(errno));
}

static void drop_use(struct kspd *s, struct use *u)
{
	struct policy *p = u->policy;
	const bool first = first_use(p) == u;
	int err = 0;

	list_remove(&u->by_owner);
	list_remove(&u->by_policy);
	free(u);
	if (first)
		err = publish(s, p, false);
	if (err != 0 && err != E_NOTFOUND)
		log_failure(s, "removing");
	if (list_empty(&p->uses))
		policy_free(s, p);
}

/* ---- all of an owner ------------------------------------------------------------------------- */

struct adding {
	struct kspd *s;
	struct kspd_owner *o;
	uint32_t dir;
	bool outbound;
	unsigned *count;
};

static int add_one(void *ctx, const struct xfrm_selector *selector)
{
	const struct adding *a = ctx;
	const struct kpolicy_key key = {
		.selector = *selector,
		.mark = a->outbound ? a->o->out : a->o->in,
		.if_id = a->outbound ? a->o->if_id_out : a->o->if_id_in,
		.dir = a->dir,
	};

	if (++*a->count > KSELECTOR_MAX)
		return E_LIMIT;
	return use_policy(a->s, a->o, &key, a->outbound);
}

static int add_pair(struct adding *a, const struct ts *local, const struct ts *remote)
{
	return kselector_each(a->outbound ? local : remote, a->outbound ? remote : local,
			      a->o->ifindex, add_one, a);
}

static int add_direction(struct adding *a, const struct ts_list *local,
			 const struct ts_list *remote)
{
	int err = 0;

	for (unsigned i = 0; err == 0 && i < local->count; i++)
		for (unsigned j = 0; err == 0 && j < remote->count; j++)
			err = add_pair(a, &local->t[i], &remote->t[j]);
	return err;
}

int kspd_add(struct kspd *s, struct kspd_owner *o, unsigned dirs, const struct ts_list *local,
	     const struct ts_list *remote)
{
	const bool tunnel = o->class != KPOLICY_PROTECT || o->mode == IPSEC_TUNNEL;
	const struct {
		bool wanted;
		struct adding adding;
	} steps[] = {
		{dirs & KSPD_IN, {s, o, XFRM_POLICY_IN, false, NULL}},
		{dirs & KSPD_IN && tunnel, {s, o, XFRM_POLICY_FWD, false, NULL}},
		{dirs & KSPD_FWD_OUT, {s, o, XFRM_POLICY_FWD, true, NULL}},
		{dirs & KSPD_OUT, {s, o, XFRM_POLICY_OUT, true, NULL}},
	};
	unsigned count = 0;
	int err = 0;

	for (size_t i = 0; err == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct adding a = steps[i].adding;

		a.count = &count;
		if (steps[i].wanted)
			err = add_direction(&a, local, remote);
	}
	if (err != 0)
		kspd_remove(s, o);
	return err;
}

void kspd_remove(struct kspd *s, struct kspd_owner *o)
{
	list_foreach_safe(it, &o->uses)
		drop_use(s, list_entry(it, struct use, by_owner));
}

int kspd_move(struct kspd *s, struct kspd_owner *o)
{
	int err = 0;

	list_foreach(it, &o->uses) {
		struct use *u = list_entry(it, struct use, by_owner);

		if (first_use(u->policy) == u && err == 0)
			err = publish(s, u->policy, false);
	}
	return err;
}
