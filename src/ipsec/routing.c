/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/routing.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ipsec/rtnl.h"
#include "ipsec/subnets.h"
#include "net/route.h"

#define STALE_MAX 64 /* rules that crashed predecessors left; more means that none goes away */

struct vip {
	struct list link;
	struct addr addr;
	unsigned count;
};

/* Whose wish goes first where the routes themselves decide what is protected. */
enum use_rank { USE_DROP, USE_PAIR, USE_PASS };

/* A wish for a route: a pair's, a trap's, or a shunt's. */
struct use {
	struct list link;
	uint32_t handle;
	enum use_rank rank;
	struct addr dst;
	unsigned bits;
	struct addr src;
	struct rtnl_route way; /* interface and gateway, or elsewhere */
	struct addr local;     /* outer */
};

static const uint8_t families[2] = {AF_INET, AF_INET6};

static struct rtnl_rule rule_of(const struct routing *r, uint8_t family)
{
	return (struct rtnl_rule){
		.family = family,
		.table = r->table,
		.priority = r->priority,
		.not_mark = r->mark,
	};
}

/*
 * Rules are known by the mark, which nobody else uses; addresses and routes by their protocol,
 * where they do not vanish with a device.
 */
static void remove_stale(struct routing *r, const struct rtnl_rule *rule)
{
	for (int i = 0; i < STALE_MAX; i++)
		if (rtnl_rule(r->rtnl, false, rule) != 0)
			return;
}

int routing_init(struct routing *r)
{
	int err;

	list_init(&r->vips);
	list_init(&r->routes);
	err = rtnl_open(&r->rtnl);
	if (err == 0 && r->to_peer)
		rtnl_sweep(r->rtnl, r->table, r->protocol);
	for (int i = 0; err == 0 && i < 2; i++) {
		const struct rtnl_rule rule = rule_of(r, families[i]);

		remove_stale(r, &rule);
		if (!r->install_routes)
			continue;
		err = rtnl_rule(r->rtnl, true, &rule);
		r->rules[i] = err == 0;
		if (err == E_UNSUPPORTED && families[i] == AF_INET6)
			err = 0;
	}
	if (err != 0)
		routing_done(r);
	return err;
}

static bool same_route(const struct use *a, const struct use *b)
{
	return addr_equal(&a->src, &b->src) && a->way.ifindex == b->way.ifindex &&
	       a->way.elsewhere == b->way.elsewhere && addr_equal(&a->way.gateway, &b->way.gateway);
}

static bool same_destination(const struct use *a, const struct use *b)
{
	return a->bits == b->bits && addr_equal(&a->dst, &b->dst);
}

/*
 * Whether u is for destinations that a pass leads elsewhere. The kernel's IPsec has a policy for
 * that, and the narrower routes of others may be for other ports.
 */
static bool passes(const struct routing *r, const struct use *pass, const struct use *u)
{
	struct addr_range range;

	return !r->to_peer && pass->rank == USE_PASS && pass->dst.family == u->dst.family &&
	       pass->bits <= u->bits &&
	       addr_range_from_subnet(&range, &pass->dst, pass->bits) == 0 &&
	       addr_range_has(&range, &u->dst);
}

/* Whose wish decides the route to u's destination: of equal ones the last; NULL if nobody's. */
static const struct use *find_decider(const struct routing *r, const struct use *u)
{
	const struct use *found = NULL;
	bool wished = false;

	list_foreach(it, &r->routes) {
		const struct use *other = list_entry(it, struct use, link);
		const bool same = same_destination(u, other);

		wished |= same;
		if ((same || passes(r, other, u)) &&
		    (!found || r->to_peer || other->rank >= found->rank))
			found = other;
	}
	return wished ? found : NULL;
}

static int set_route(struct routing *r, bool add, const struct use *u, const struct use *decider)
{
	struct rtnl_route route = decider->way;

	route.table = r->table;
	route.protocol = r->protocol;
	route.dst = u->dst;
	route.bits = u->bits;
	route.src = decider->src;
	return rtnl_route(r->rtnl, add, &route);
}

/* A pass came or went: the routes to parts of its destination. */
static int refresh_within(struct routing *r, const struct use *pass)
{
	int err = 0;

	list_foreach(it, &r->routes) {
		const struct use *u = list_entry(it, struct use, link);

		if (err == 0 && passes(r, pass, u) && !same_destination(pass, u))
			err = set_route(r, true, u, find_decider(r, u));
	}
	return err;
}

static void drop_use(struct routing *r, struct use *u)
{
	const struct use *before = find_decider(r, u), *after;

	list_remove(&u->link);
	after = find_decider(r, u);
	if (!after)
		(void)!set_route(r, false, u, before);
	else if (!same_route(after, before))
		(void)!set_route(r, true, u, after);
	(void)!refresh_within(r, u);
	free(u);
}

void routing_remove(struct routing *r, uint32_t handle)
{
	list_foreach_safe(it, &r->routes) {
		struct use *u = list_entry(it, struct use, link);

		if (u->handle == handle)
			drop_use(r, u);
	}
}

static struct vip *find_vip(const struct routing *r, const struct addr *a)
{
	list_foreach(it, &r->vips) {
		struct vip *v = list_entry(it, struct vip, link);

		if (addr_equal(&v->addr, a))
			return v;
	}
	return NULL;
}

bool routing_has_vip(const struct routing *r, const struct addr *a)
{
	return find_vip(r, a) != NULL;
}

int routing_add_vip(struct routing *r, const struct addr *vip)
{
	struct vip *v = find_vip(r, vip);
	char text[ADDR_TEXT_MAX];
	int err;

	if (v) {
		v->count++;
		return 0;
	}
	v = calloc(1, sizeof(*v));
	if (!v)
		return E_NOMEM;
	v->addr = *vip;
	v->count = 1;
	err = rtnl_addr(r->rtnl, true, r->ifindex, r->protocol, vip);
	if (err != 0) {
		log_print(r->log, NULL, LOG_KNL, LOG_CTRL, "adding virtual IP %s to %s failed: %s",
			  addr_text(vip, text), r->device, strerror(errno));
		free(v);
		return err;
	}
	list_append(&r->vips, &v->link);
	return 0;
}

static void drop_vip(struct routing *r, struct vip *v)
{
	list_remove(&v->link);
	(void)!rtnl_addr(r->rtnl, false, r->ifindex, r->protocol, &v->addr);
	free(v);
}

void routing_del_vip(struct routing *r, const struct addr *vip)
{
	struct vip *v = find_vip(r, vip);

	if (v && --v->count == 0)
		drop_vip(r, v);
}

void routing_done(struct routing *r)
{
	list_foreach_safe(it, &r->routes)
		drop_use(r, list_entry(it, struct use, link));
	list_foreach_safe(it, &r->vips)
		drop_vip(r, list_entry(it, struct vip, link));
	for (int i = 0; i < 2; i++) {
		const struct rtnl_rule rule = rule_of(r, families[i]);

		if (r->rules[i])
			(void)!rtnl_rule(r->rtnl, false, &rule);
		r->rules[i] = false;
	}
	rtnl_free(r->rtnl);
	r->rtnl = NULL;
}

static bool has_address(const struct ts_list *l, const struct addr *a)
{
	for (unsigned i = 0; i < l->count; i++)
		if (addr_range_has(&l->t[i].range, a))
			return true;
	return false;
}

/*
 * A source that the policy lets through: a virtual IP, the outer address, or another of this host,
 * in this order. AF_UNSPEC if there is none (a gateway that only forwards).
 */
static struct addr choose_source(struct routing *r, const struct ipsec_sa_params *p, uint8_t family)
{
	struct addr chosen = {0};
	struct route_addrs mine;

	list_foreach(it, &r->vips) {
		const struct vip *v = list_entry(it, struct vip, link);

		if (v->addr.family == family && has_address(p->ts_local, &v->addr))
			return v->addr;
	}
	if (route_local_addrs(r->device, &mine) != 0)
		return chosen;
	for (size_t i = 0; i < mine.count; i++) {
		const struct addr *a = &mine.items[i];

		if (a->family != family || !has_address(p->ts_local, a))
			continue;
		if (chosen.family == AF_UNSPEC || addr_equal(a, &p->local))
			chosen = *a;
	}
	route_addrs_done(&mine);
	return chosen;
}

static int add_use(struct routing *r, const struct use *wanted)
{
	struct use *u = malloc(sizeof(*u));
	const struct use *before, *after;
	int err = 0;

	if (!u)
		return E_NOMEM;
	*u = *wanted;
	before = find_decider(r, u);
	list_append(&r->routes, &u->link);
	after = find_decider(r, u);
	if (!before || !same_route(before, after))
		err = set_route(r, true, u, after);
	if (err != 0) {
		char text[ADDR_TEXT_MAX];

		log_print(r->log, NULL, LOG_KNL, LOG_CTRL,
			  "installing route to %s/%u by %s in table %u failed: %s",
			  addr_text(&u->dst, text), u->bits, r->device, r->table, strerror(errno));
		list_remove(&u->link);
		free(u);
		return err;
	}
	return refresh_within(r, u);
}

static int add_range(struct routing *r, struct use *u, const struct addr_range *wanted)
{
	struct subnets walk;
	int err = 0;

	subnets_init(&walk, wanted);
	while (err == 0 && subnets_next(&walk, &u->dst, &u->bits))
		err = add_use(r, u);
	return err;
}

/* A setting of the kernel's reverse path filter: 0 off, 1 strict, 2 loose; -1 if unknown. */
static int path_filter(const char *interface)
{
	char path[64 + IFNAMSIZ];
	char digit = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, &digit, 1) != 1)
		digit = '0' - 1;
	close(fd);
	return digit - '0';
}

/*
 * Where a tunnel covers its own peer, the way back to it seems to lead into the tunnel: the strict
 * filter (RFC 3704) does not know our mark and drops what the peer sends. The larger of the two
 * settings holds.
 */
static void warn_of_path_filter(struct routing *r, const struct ipsec_sa_params *p)
{
	struct ifaddrs *all;
	struct addr a;
	char text[ADDR_TEXT_MAX];

	if (p->remote.family != AF_INET || !has_address(p->ts_remote, &p->remote) ||
	    getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		int own, common;

		if (!i->ifa_addr || addr_from_sockaddr(&a, i->ifa_addr) != 0 ||
		    !addr_equal(&a, &p->local))
			continue;
		own = path_filter(i->ifa_name);
		common = path_filter("all");
		if ((own > common ? own : common) == 1)
			log_print(
				r->log, NULL, LOG_KNL, LOG_AUDIT,
				"%.*s: nothing will arrive from %s, because the tunnel covers this"
				" address and net.ipv4.conf.%s.rp_filter is 1 (strict): set it to"
				" 2 (loose)",
				(int)p->name.len, (const char *)p->name.ptr,
				addr_text(&p->remote, text), i->ifa_name);
	}
	freeifaddrs(all);
}

/* Without a way to the peer there is nothing a route could add: its packets go nowhere. */
static bool find_way(struct routing *r, const struct addr *remote, struct rtnl_route *out)
{
	if (!r->to_peer)
		*out = (struct rtnl_route){.ifindex = r->ifindex};
	return !r->to_peer ||
	       (!addr_is_any(remote) && rtnl_lookup(r->rtnl, remote, r->mark, out) == 0);
}

int routing_add(struct routing *r, uint32_t handle, const struct ipsec_sa_params *p)
{
	struct use u = {.handle = handle, .rank = USE_PAIR, .local = p->local};
	struct rtnl_route way;
	int err = 0;

	if (!r->install_routes || !find_way(r, &p->remote, &way))
		return 0;
	warn_of_path_filter(r, p);
	for (unsigned i = 0; err == 0 && i < p->ts_remote->count; i++) {
		const struct addr_range *range = &p->ts_remote->t[i].range;

		u.way = way;
		/* The peer's gateway is none for the other family, which never leaves as such. */
		if (way.gateway.family != range->family)
			u.way.gateway = (struct addr){0};
		u.src = choose_source(r, p, range->family);
		err = add_range(r, &u, range);
	}
	if (err != 0)
		routing_remove(r, handle);
	return err;
}

static int add_shunt(struct routing *r, struct use *u, const struct ts_list *remote)
{
	int err = 0;

	if (!r->install_routes)
		return 0;
	for (unsigned i = 0; err == 0 && i < remote->count; i++)
		err = add_range(r, u, &remote->t[i].range);
	if (err != 0)
		routing_remove(r, u->handle);
	return err;
}

int routing_add_policy(struct routing *r, uint32_t handle, const struct ipsec_policy_params *p)
{
	const struct ipsec_sa_params like = {
		.local = p->local,
		.remote = p->remote,
		.ts_local = p->ts_local,
		.ts_remote = p->ts_remote,
		.name = p->name,
	};
	struct use pass = {.handle = handle, .rank = USE_PASS, .way = {.elsewhere = true}};
	struct use drop = {.handle = handle, .rank = USE_DROP, .way = {.ifindex = r->ifindex}};

	switch (p->kind) {
	case IPSEC_POLICY_TRAP:
		return routing_add(r, handle, &like);
	case IPSEC_POLICY_PASS:
		return add_shunt(r, &pass, p->ts_remote);
	default:
		return r->to_peer ? 0 : add_shunt(r, &drop, p->ts_remote);
	}
}

void routing_move(struct routing *r, uint32_t handle, const struct addr *local,
		  const struct addr *remote)
{
	struct rtnl_route way;

	if (!r->to_peer || !find_way(r, remote, &way))
		return;
	list_foreach(it, &r->routes) {
		struct use *u = list_entry(it, struct use, link);

		if (u->handle != handle || u->way.elsewhere)
			continue;
		u->way = way;
		if (way.gateway.family != u->dst.family)
			u->way.gateway = (struct addr){0};
		if (addr_equal(&u->src, &u->local))
			u->src = *local;
		u->src.port = 0;
		u->local = *local;
		if (find_decider(r, u) == u)
			(void)!set_route(r, true, u, u);
	}
}
