/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/xfrm.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "crypto/alg.h"
#include "ipsec/nlsock.h"
#include "ipsec/routing.h"
#include "ipsec/xfrm/kevent.h"
#include "ipsec/xfrm/ksa.h"
#include "ipsec/xfrm/kspd.h"
#include "ipsec/xfrm/kstale.h"
#include "ipsec/xfrm/kstat.h"

#define VIP_DEVICE "lo"
#define TABLE	   220
/* Our routes' and addresses' origin: a number that nobody has in iproute2's rt_protos. */
#define PROTOCOL 67

#define SPI_FIRST 0xc0000000u /* as many as strongSwan's: 28 bits */
#define SPI_MASK  0x0fffffffu
#define SPI_TRIES 64
#define PROBE_SPI 0xcfffffffu

struct spi {
	struct hash_link link;
	uint32_t spi;
};

/* An SA pair, or policies without one. */
struct item {
	struct hash_link link;
	struct list all;
	uint32_t handle;
	struct ksa sa;
	struct kspd_owner owner;
	struct spi *spi;		   /* the inbound one; NULL: policies */
	uint64_t soft_bytes, soft_packets; /* to look at when events were lost; 0 none */
	bool limited;			   /* there is any limit */
};

struct ipsec_xfrm {
	struct ipsec base; /* first */
	struct ipsec_xfrm_params p;
	struct nlsock *socket;
	int event_fd;
	struct kspd spd;
	bool have_spd;
	struct routing routing;
	bool have_routing;
	struct hash spis, items;
	bool have_spis, have_items;
	struct list all; /* items, oldest first */
	uint32_t last_handle;
	struct ipsec_drops before; /* counted before we were opened */
};

static struct ipsec_xfrm *xfrm_of(struct ipsec *self)
{
	return (struct ipsec_xfrm *)self;
}

static struct view spi_key(const struct hash_link *link)
{
	const struct spi *s = hash_entry(link, struct spi, link);

	return view_make(&s->spi, sizeof(s->spi));
}

static struct view item_key(const struct hash_link *link)
{
	const struct item *i = hash_entry(link, struct item, link);

	return view_make(&i->handle, sizeof(i->handle));
}

static struct item *find(const struct ipsec_xfrm *x, uint32_t handle)
{
	struct hash_link *l = hash_find(&x->items, view_make(&handle, sizeof(handle)));

	return l ? hash_entry(l, struct item, link) : NULL;
}

/* ---- SPIs ------------------------------------------------------------------------------------ */

static struct spi *find_spi(const struct ipsec_xfrm *x, uint32_t spi)
{
	struct hash_link *l = hash_find(&x->spis, view_make(&spi, sizeof(spi)));

	return l ? hash_entry(l, struct spi, link) : NULL;
}

/* The kernel could reserve one, but for an address, which is not known yet. */
static int xfrm_alloc_spi(struct ipsec *self, uint32_t *out)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	uint32_t number;
	struct spi *s;

	for (int i = 0; i < SPI_TRIES; i++) {
		if (RAND_bytes((unsigned char *)&number, sizeof(number)) != 1)
			return E_CRYPTO;
		number = SPI_FIRST | (number & SPI_MASK);
		if (number == PROBE_SPI || find_spi(x, number))
			continue;
		s = calloc(1, sizeof(*s));
		if (!s)
			return E_NOMEM;
		s->spi = number;
		hash_insert(&x->spis, &s->link);
		*out = number;
		return 0;
	}
	return E_FULL;
}

static void drop_spi(struct ipsec_xfrm *x, struct spi *s)
{
	hash_remove(&x->spis, &s->link);
	free(s);
}

static void xfrm_free_spi(struct ipsec *self, uint32_t spi)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	struct spi *s = find_spi(x, spi);

	if (s)
		drop_spi(x, s);
}

/* ---- items ----------------------------------------------------------------------------------- */

static struct item *item_new(struct ipsec_xfrm *x)
{
	struct item *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	list_init(&i->owner.uses);
	do
		x->last_handle++;
	while (x->last_handle == 0 || find(x, x->last_handle));
	i->handle = x->last_handle;
	hash_insert(&x->items, &i->link);
	list_append(&x->all, &i->all);
	return i;
}

/* The policies last: without them packets would leave unprotected. */
static void item_free(struct ipsec_xfrm *x, struct item *i)
{
	ksa_remove(&i->sa, x->socket, false);
	ksa_remove(&i->sa, x->socket, true);
	routing_remove(&x->routing, i->handle);
	kspd_remove(&x->spd, &i->owner);
	if (i->spi)
		drop_spi(x, i->spi);
	hash_remove(&x->items, &i->link);
	list_remove(&i->all);
	free(i);
}

static void set_labels(struct kspd_owner *o, const struct ipsec_labels *l)
{
	o->in = l->in;
	o->out = l->out;
	o->if_id_in = l->if_id_in;
	o->if_id_out = l->if_id_out;
}

static int set_interface(const struct ipsec_xfrm *x, struct kspd_owner *o, struct view interface,
			 struct view name)
{
	char text[IFNAMSIZ] = {0};

	if (interface.len == 0)
		return 0;
	if (interface.len < sizeof(text))
		memcpy(text, interface.ptr, interface.len);
	o->ifindex = text[0] ? if_nametoindex(text) : 0;
	if (o->ifindex)
		return 0;
	log_print(x->p.log, NULL, LOG_KNL, LOG_CTRL,
		  "%.*s: there is no interface '%.*s' to limit the policies to (interface)",
		  (int)name.len, (const char *)name.ptr, (int)interface.len,
		  (const char *)interface.ptr);
	return E_CONFIG;
}

static void log_policies(const struct ipsec_xfrm *x, int err, struct view name)
{
	const char *why = err == E_EXISTS  ? "there is one for these selectors that is not ours; "
					     "see 'ip xfrm policy'"
			  : err == E_LIMIT ? "the selectors are made of too many subnets and ports"
			  : err == E_UNSUPPORTED
				  ? "the kernel cannot tell packets whose ports are hidden (opaque)"
			  : err == E_IO ? strerror(errno)
					: err_text(err);

	log_print(x->p.log, NULL, LOG_KNL, LOG_CTRL, "%.*s: adding IPsec policies failed: %s",
		  (int)name.len, (const char *)name.ptr, why);
}

/* Policies for packets out, and the routes that lead there. */
static int add_out_policies(struct ipsec_xfrm *x, struct item *i, const struct ipsec_sa_params *p)
{
	const unsigned fwd = p->flags & IPSEC_POLICIES_FWD_OUT ? KSPD_FWD_OUT : 0;
	int err;

	if (p->flags & IPSEC_NO_POLICIES)
		return 0;
	err = kspd_add(&x->spd, &i->owner, KSPD_OUT | fwd, p->ts_local, p->ts_remote);
	if (err != 0)
		log_policies(x, err, p->name);
	else
		err = routing_add(&x->routing, i->handle, p);
	return err;
}

static int add_in_policies(struct ipsec_xfrm *x, struct item *i, const struct ipsec_sa_params *p)
{
	int err;

	if (p->flags & IPSEC_NO_POLICIES)
		return 0;
	err = kspd_add(&x->spd, &i->owner, KSPD_IN, p->ts_local, p->ts_remote);
	if (err != 0)
		log_policies(x, err, p->name);
	return err;
}

static int add_state(struct ipsec_xfrm *x, struct item *i, const struct ipsec_sa_params *p,
		     bool inbound)
{
	const struct kstate_new s = {.params = p, .id = ksa_id(p, inbound), .inbound = inbound};

	return ksa_install(&i->sa, x->socket, x->p.log, &s);
}

static void set_owner(struct item *i, const struct ipsec_sa_params *p)
{
	i->owner.class = KPOLICY_PROTECT;
	i->owner.mode = p->mode;
	i->owner.reqid = p->reqid;
	i->owner.priority = p->priority;
	i->owner.local = p->local;
	i->owner.remote = p->remote;
	set_labels(&i->owner, &p->labels);
	i->soft_bytes = p->soft_bytes;
	i->soft_packets = p->soft_packets;
	i->limited = p->soft_bytes || p->soft_packets || p->hard_bytes || p->hard_packets;
}

static int xfrm_install(struct ipsec *self, const struct ipsec_sa_params *p, uint32_t *out_handle)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	struct item *i = item_new(x);
	int err;

	if (!i)
		return E_NOMEM;
	set_owner(i, p);
	err = set_interface(x, &i->owner, p->labels.interface, p->name);
	if (err == 0)
		err = add_state(x, i, p, true);
	if (err == 0 && p->spi_out)
		err = add_state(x, i, p, false);
	if (err == 0)
		err = add_in_policies(x, i, p);
	if (err == 0 && p->spi_out)
		err = add_out_policies(x, i, p);
	if (err != 0) {
		item_free(x, i);
		return err;
	}
	i->spi = find_spi(x, p->spi_in);
	*out_handle = i->handle;
	return 0;
}

static int xfrm_install_out(struct ipsec *self, uint32_t handle, const struct ipsec_sa_params *p)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	struct item *i = find(x, handle);
	int err;

	if (!i)
		return E_NOTFOUND;
	if (i->sa.out.spi)
		return E_EXISTS;
	err = add_state(x, i, p, false);
	if (err == 0)
		err = add_out_policies(x, i, p);
	if (err != 0)
		ksa_remove(&i->sa, x->socket, false);
	return err;
}

/* The policies stay until the pair goes: without them packets would leave unprotected. */
static void xfrm_remove_out(struct ipsec *self, uint32_t handle)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	struct item *i = find(x, handle);

	if (i)
		ksa_remove(&i->sa, x->socket, false);
}

static void xfrm_remove(struct ipsec *self, uint32_t handle)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	struct item *i = find(x, handle);

	if (i)
		item_free(x, i);
}

/* ---- policies alone -------------------------------------------------------------------------- */

static int xfrm_install_policy(struct ipsec *self, const struct ipsec_policy_params *p,
			       uint32_t *out_handle)
{
	static const enum kpolicy_class classes[] = {
		[IPSEC_POLICY_TRAP] = KPOLICY_PROTECT,
		[IPSEC_POLICY_PASS] = KPOLICY_PASS,
		[IPSEC_POLICY_DROP] = KPOLICY_DROP,
	};
	const bool trap = p->kind == IPSEC_POLICY_TRAP;
	const unsigned fwd = p->flags & IPSEC_POLICIES_FWD_OUT || !trap ? KSPD_FWD_OUT : 0;
	struct ipsec_xfrm *x = xfrm_of(self);
	struct item *i = item_new(x);
	int err;

	if (!i)
		return E_NOMEM;
	i->owner.class = classes[p->kind];
	i->owner.trap = trap;
	i->owner.mode = p->mode;
	i->owner.reqid = p->reqid;
	i->owner.priority = p->priority;
	i->owner.local = p->local;
	i->owner.remote = p->remote;
	set_labels(&i->owner, &p->labels);
	err = set_interface(x, &i->owner, p->labels.interface, p->name);
	if (err == 0) {
		err = kspd_add(&x->spd, &i->owner, KSPD_IN | KSPD_OUT | fwd, p->ts_local,
			       p->ts_remote);
		if (err != 0)
			log_policies(x, err, p->name);
	}
	if (err == 0)
		err = routing_add_policy(&x->routing, i->handle, p);
	if (err != 0) {
		item_free(x, i);
		return err;
	}
	*out_handle = i->handle;
	return 0;
}

static unsigned xfrm_features(struct ipsec *self)
{
	(void)self;
	return IPSEC_HAS_MARKS | IPSEC_HAS_IF_ID | IPSEC_HAS_INTERFACE | IPSEC_HAS_TRANSPORT |
	       IPSEC_HAS_BARE_SA | IPSEC_HAS_FWD_OUT | IPSEC_HAS_TFC | IPSEC_HAS_SHA256_96 |
	       IPSEC_HAS_COPYING;
}

/* ---- asking and moving ----------------------------------------------------------------------- */

static uint64_t now_of(const struct ipsec_xfrm *x)
{
	struct timespec t;

	if (x->p.now)
		return x->p.now(x->p.now_ctx);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int xfrm_query(struct ipsec *self, uint32_t handle, struct ipsec_stats *out)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	const struct item *i = find(x, handle);

	return i ? ksa_query(&i->sa, x->socket, now_of(x), out) : E_NOTFOUND;
}

static void xfrm_drops(struct ipsec *self, struct ipsec_drops *out)
{
	const struct ipsec_drops *before = &xfrm_of(self)->before;

	kstat_read(out);
	out->no_policy -= before->no_policy;
	out->unknown_spi -= before->unknown_spi;
	out->malformed -= before->malformed;
	out->crypto -= before->crypto;
	out->behind -= before->behind;
}

static struct kstate_id moved(const struct kstate_id *id, const struct addr *src,
			      const struct addr *dst, bool encap)
{
	struct kstate_id to = *id;

	to.src = *src;
	to.dst = *dst;
	to.encap = encap;
	return to;
}

static int xfrm_update(struct ipsec *self, uint32_t handle, const struct addr *local,
		       const struct addr *remote, bool encap)
{
	struct ipsec_xfrm *x = xfrm_of(self);
	struct item *i = find(x, handle);
	struct ksa to, stale;
	int err;

	if (!i)
		return E_NOTFOUND;
	to.in = moved(&i->sa.in, remote, local, encap);
	to.out = moved(&i->sa.out, local, remote, encap);
	err = ksa_move(&i->sa, x->socket, &to, &stale);
	if (err == E_PERM)
		log_print(x->p.log, NULL, LOG_KNL, LOG_CTRL,
			  "moving SAs to other addresses failed: the kernel is locked down and "
			  "keeps their keys to itself");
	i->owner.local = *local;
	i->owner.remote = *remote;
	if (err == 0)
		err = kspd_move(&x->spd, &i->owner);
	routing_move(&x->routing, handle, local, remote);
	ksa_remove(&stale, x->socket, true);
	ksa_remove(&stale, x->socket, false);
	return err;
}

static int xfrm_add_vip(struct ipsec *self, const struct addr *vip)
{
	return routing_add_vip(&xfrm_of(self)->routing, vip);
}

static void xfrm_del_vip(struct ipsec *self, const struct addr *vip)
{
	routing_del_vip(&xfrm_of(self)->routing, vip);
}

static bool xfrm_has_vip(struct ipsec *self, const struct addr *a)
{
	return routing_has_vip(&xfrm_of(self)->routing, a);
}

static bool xfrm_needs_encap(struct ipsec *self)
{
	(void)self;
	return false;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Which pair a state belongs to: an SPI of ours is unique, a peer's is with its address. */
static struct item *find_state(const struct ipsec_xfrm *x, const struct kevent *e)
{
	list_foreach(it, &x->all) {
		struct item *i = list_entry(it, struct item, all);

		if (i->spi && ((i->sa.in.spi == e->spi && addr_equal(&i->sa.in.dst, &e->dst)) ||
			       (i->sa.out.spi == e->spi && addr_equal(&i->sa.out.dst, &e->dst))))
			return i;
	}
	return NULL;
}

static void report_expire(struct ipsec_xfrm *x, uint32_t handle, bool hard)
{
	if (x->p.events.expire)
		x->p.events.expire(x->p.events.ctx, handle, hard);
}

/* What a lost event may have told: look whether a limit was reached. */
static void look_at(struct ipsec_xfrm *x, const struct item *i)
{
	struct ipsec_stats s = {0};
	const int err = ksa_query(&i->sa, x->socket, now_of(x), &s);
	const uint64_t bytes = s.in.bytes > s.out.bytes ? s.in.bytes : s.out.bytes;
	const uint64_t packets = s.in.packets > s.out.packets ? s.in.packets : s.out.packets;

	if (err == E_NOTFOUND)
		report_expire(x, i->handle, true);
	else if (err == 0 && ((i->soft_bytes && bytes >= i->soft_bytes) ||
			      (i->soft_packets && packets >= i->soft_packets)))
		report_expire(x, i->handle, false);
}

static void look_at_all(struct ipsec_xfrm *x)
{
	struct rbuf r;
	struct wbuf handles;
	uint32_t handle;

	log_print(x->p.log, NULL, LOG_KNL, LOG_CTRL,
		  "the kernel had more to tell than the socket holds: looking at all limits");
	wbuf_init(&handles, 0);
	list_foreach(it, &x->all)
		if (list_entry(it, struct item, all)->limited)
			wbuf_u32(&handles, list_entry(it, struct item, all)->handle);
	rbuf_init(&r, wbuf_view(&handles));
	while (rbuf_u32(&r, &handle) == 0) {
		const struct item *i = find(x, handle); /* the engine may have removed it */

		if (i)
			look_at(x, i);
	}
	wbuf_done(&handles);
}

static void on_event(void *ctx, const struct kevent *e)
{
	struct ipsec_xfrm *x = ctx;
	const struct ipsec_events *to = &x->p.events;
	const struct item *i;

	switch (e->kind) {
	case KEVENT_EXPIRE:
		i = find_state(x, e);
		if (i)
			report_expire(x, i->handle, e->hard);
		break;
	case KEVENT_MAPPING:
		i = find_state(x, e);
		if (i && to->mapping)
			to->mapping(to->ctx, i->handle, &e->remote);
		break;
	case KEVENT_ACQUIRE:
		if (to->acquire)
			to->acquire(to->ctx, e->reqid, &e->flow_src, &e->flow_dst);
		break;
	case KEVENT_LOST:
		look_at_all(x);
		break;
	}
}

static int xfrm_event_fd(struct ipsec *self)
{
	return xfrm_of(self)->event_fd;
}

static void xfrm_dispatch(struct ipsec *self)
{
	kevent_dispatch(xfrm_of(self)->event_fd, on_event, self);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void free_spis(struct ipsec_xfrm *x)
{
	for (size_t b = 0; b < x->spis.n_buckets; b++) {
		struct hash_link *next;

		for (struct hash_link *l = x->spis.buckets[b]; l; l = next) {
			next = l->next;
			free(hash_entry(l, struct spi, link));
		}
	}
	hash_done(&x->spis);
}

static void xfrm_close(struct ipsec *self)
{
	struct ipsec_xfrm *x = xfrm_of(self);

	list_foreach_safe(it, &x->all)
		item_free(x, list_entry(it, struct item, all));
	if (x->have_spis)
		free_spis(x);
	if (x->have_items)
		hash_done(&x->items);
	if (x->have_spd)
		kspd_done(&x->spd);
	if (x->have_routing)
		routing_done(&x->routing);
	if (x->event_fd >= 0)
		close(x->event_fd);
	nlsock_free(x->socket);
	free(x);
}

static const struct ipsec_ops xfrm_ops = {
	.name = "xfrm",
	.alloc_spi = xfrm_alloc_spi,
	.free_spi = xfrm_free_spi,
	.install = xfrm_install,
	.install_out = xfrm_install_out,
	.remove_out = xfrm_remove_out,
	.remove = xfrm_remove,
	.install_policy = xfrm_install_policy,
	.remove_policy = xfrm_remove,
	.features = xfrm_features,
	.query = xfrm_query,
	.drops = xfrm_drops,
	.update = xfrm_update,
	.add_vip = xfrm_add_vip,
	.del_vip = xfrm_del_vip,
	.needs_encap = xfrm_needs_encap,
	.has_vip = xfrm_has_vip,
	.event_fd = xfrm_event_fd,
	.dispatch = xfrm_dispatch,
	.close = xfrm_close,
};

static int open_routing(struct ipsec_xfrm *x)
{
	const char *device = x->p.vip_device ? x->p.vip_device : VIP_DEVICE;
	int err;

	x->routing = (struct routing){
		.log = x->p.log,
		.device = device,
		.ifindex = if_nametoindex(device),
		.table = x->p.table ? x->p.table : TABLE,
		.priority = x->p.table_prio ? x->p.table_prio : TABLE,
		.mark = x->p.mark,
		.protocol = PROTOCOL,
		.to_peer = true,
		.install_routes = x->p.install_routes,
	};
	if (x->routing.ifindex == 0) {
		log_print(x->p.log, NULL, LOG_KNL, LOG_AUDIT,
			  "there is no interface '%s' for virtual IPs "
			  "(charon.install_virtual_ip_on)",
			  device);
		return E_NOTFOUND;
	}
	err = routing_init(&x->routing);
	x->have_routing = err == 0;
	if (err != 0)
		log_print(x->p.log, NULL, LOG_KNL, LOG_AUDIT,
			  "setting up routing table %u failed: %s; install_routes = no leaves "
			  "routing alone",
			  x->routing.table, err == E_IO ? strerror(errno) : err_text(err));
	return err;
}

static int set_up(struct ipsec_xfrm *x)
{
	unsigned stale;
	int err = nlsock_open(NETLINK_XFRM, &x->socket);

	if (err != 0)
		return err;
	stale = kstale_remove(x->socket);
	if (stale)
		log_print(x->p.log, NULL, LOG_KNL, LOG_CTRL,
			  "removed %u SAs and policies that an earlier run left in the kernel",
			  stale);
	x->event_fd = kevent_open();
	if (x->event_fd < 0)
		return x->event_fd;
	err = hash_init(&x->spis, spi_key);
	x->have_spis = err == 0;
	if (err == 0)
		err = hash_init(&x->items, item_key);
	x->have_items = x->have_spis && err == 0;
	if (err == 0)
		err = kspd_init(&x->spd, x->socket, x->p.log);
	x->have_spd = x->have_items && err == 0;
	return err ? err : open_routing(x);
}

int ipsec_xfrm_open(const struct ipsec_xfrm_params *params, struct ipsec **out)
{
	struct ipsec_xfrm *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return E_NOMEM;
	x->base.ops = &xfrm_ops;
	x->p = *params;
	x->event_fd = -1;
	list_init(&x->all);
	kstat_read(&x->before);
	err = set_up(x);
	if (err != 0) {
		xfrm_close(&x->base);
		return err;
	}
	*out = &x->base;
	return 0;
}

/* ---- probing --------------------------------------------------------------------------------- */

static int try_state(struct nlsock *n)
{
	static const uint8_t key[36];
	const struct ipsec_sa_params p = {
		.mode = IPSEC_TUNNEL,
		.spi_in = PROBE_SPI,
		.local = {.family = AF_INET, .ip = {127, 0, 0, 1}},
		.remote = {.family = AF_INET, .ip = {127, 0, 0, 1}},
		.encr = alg_keyword_find("aes256gcm16")
				? alg_find(ALG_ENCR, alg_keyword_find("aes256gcm16")->id)
				: NULL,
		.encr_in = view_make(key, sizeof(key)),
	};
	const struct kstate_new s = {.params = &p, .id = ksa_id(&p, true), .inbound = true};
	struct ksa k = {.in.spi = 0};
	int err;

	if (!p.encr)
		return E_UNSUPPORTED;
	err = ksa_install(&k, n, NULL, &s);
	ksa_remove(&k, n, true);
	return err;
}

int ipsec_xfrm_probe(const char **out_why)
{
	struct nlsock *n;
	int err = nlsock_open(NETLINK_XFRM, &n);

	if (err != 0) {
		*out_why = err == E_UNSUPPORTED ? "the kernel has no IPsec (CONFIG_XFRM_USER)"
						: strerror(errno);
		return err;
	}
	err = try_state(n);
	nlsock_free(n);
	/* One that an earlier probe left, which was interrupted: it works. */
	if (err == E_EXISTS)
		err = 0;
	if (err == E_PERM)
		*out_why = "the kernel's IPsec needs CAP_NET_ADMIN";
	else if (err != 0)
		*out_why = "the kernel has no ESP (CONFIG_INET_ESP; modprobe esp4)";
	return err;
}
