/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/user.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "ipsec/user/outer.h"
#include "ipsec/routing.h"
#include "ipsec/user/sad.h"
#include "ipsec/user/tun.h"
#include "ipsec/user/worker.h"
#include "net/udp.h"

#define TUN_NAME      "ipsec0"
#define TUN_MTU	      1400
#define OUTER_MTU     1500
#define TABLE	      220
#define WORKER_NUMBER 1 /* thread 0 is the engine's */

struct ipsec_user {
	struct ipsec base; /* first */
	struct ipsec_user_params p;
	struct sad sad;
	bool have_sad;
	struct tun tun;
	struct routing routing;
	bool have_routing;
	struct udp *udp4, *udp6; /* our own; NULL: we send by the daemon's */
	bool receive;
	int event_fd;
	struct worker *worker;
	uint64_t behind; /* packets handed over for which there was no room */
};

static struct ipsec_user *user_of(struct ipsec *self)
{
	return (struct ipsec_user *)self;
}

static int default_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	return RAND_bytes(out, (int)len) == 1 ? 0 : E_CRYPTO;
}

static uint64_t default_now(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int user_alloc_spi(struct ipsec *self, uint32_t *out)
{
	return sad_alloc_spi(&user_of(self)->sad, out);
}

static void user_free_spi(struct ipsec *self, uint32_t spi)
{
	sad_free_spi(&user_of(self)->sad, spi);
}

static int refuse(const struct ipsec_user *u, const struct ipsec_sa_params *p, const char *what)
{
	log_print(u->p.log, NULL, LOG_KNL, LOG_CTRL,
		  "%.*s: %s in user space; the kernel's IPsec (xfrm) has it", (int)p->name.len,
		  (const char *)p->name.ptr, what);
	return E_UNSUPPORTED;
}

static int check_supported(const struct ipsec_user *u, const struct ipsec_sa_params *p)
{
	if (p->mode != IPSEC_TUNNEL)
		return refuse(u, p, "there is no transport mode (mode = transport)");
	if (!p->encap)
		return refuse(u, p, "there is no ESP without UDP encapsulation (encap = no)");
	if (p->labels.in.mask || p->labels.out.mask)
		return refuse(u, p, "there are no marks (mark_in, mark_out)");
	if (p->labels.if_id_in || p->labels.if_id_out)
		return refuse(u, p, "there are no interface ids (if_id_in, if_id_out)");
	if (p->replay_window > REPLAY_WINDOW_MAX)
		return refuse(u, p, "the replay window ends at 4096 (replay_window)");
	return 0;
}

static int user_install(struct ipsec *self, const struct ipsec_sa_params *p, uint32_t *out_handle)
{
	struct ipsec_user *u = user_of(self);
	uint32_t handle;
	int err = check_supported(u, p);

	if (err == 0)
		err = sad_install(&u->sad, p, &handle);
	if (err != 0)
		return err;
	if (p->spi_out != 0)
		err = routing_add(&u->routing, handle, p);
	if (err != 0) {
		sad_remove(&u->sad, handle);
		return err;
	}
	worker_look(u->worker);
	*out_handle = handle;
	return 0;
}

static int user_install_out(struct ipsec *self, uint32_t handle, const struct ipsec_sa_params *p)
{
	struct ipsec_user *u = user_of(self);
	int err = check_supported(u, p);

	if (err == 0)
		err = sad_install_out(&u->sad, handle, p);
	if (err != 0)
		return err;
	routing_remove(&u->routing, handle);
	err = routing_add(&u->routing, handle, p);
	if (err != 0)
		sad_remove_out(&u->sad, handle);
	else
		worker_look(u->worker);
	return err;
}

/* The routes stay until the pair goes: without them packets would leave unprotected. */
static void user_remove_out(struct ipsec *self, uint32_t handle)
{
	sad_remove_out(&user_of(self)->sad, handle);
}

static void user_remove(struct ipsec *self, uint32_t handle)
{
	struct ipsec_user *u = user_of(self);

	sad_remove(&u->sad, handle);
	routing_remove(&u->routing, handle);
}

static bool is_whole(const struct ts *ts)
{
	return ts->protocol == 0 && ts->port_first == 0 && ts->port_last == 65535;
}

/* Whether one of the selectors is every address of the family. */
static bool has_all_of(const struct ts_list *l, uint8_t family)
{
	const struct addr any = {.family = family};
	struct addr_range all;

	if (addr_range_from_subnet(&all, &any, 0) != 0)
		return false;
	for (unsigned i = 0; i < l->count; i++)
		if (is_whole(&l->t[i]) && addr_range_equal(&l->t[i].range, &all))
			return true;
	return false;
}

/* Shunts are routes, which know a destination and nothing else; those of a pass go before all. */
static bool is_route(const struct ipsec_policy_params *p)
{
	if (p->kind == IPSEC_POLICY_PASS && p->priority != 0)
		return false;
	for (unsigned i = 0; i < p->ts_remote->count; i++) {
		const struct ts *remote = &p->ts_remote->t[i];

		if (!is_whole(remote) || !has_all_of(p->ts_local, remote->range.family))
			return false;
	}
	return true;
}

static int user_install_policy(struct ipsec *self, const struct ipsec_policy_params *p,
			       uint32_t *out_handle)
{
	struct ipsec_user *u = user_of(self);
	uint32_t handle;
	int err;

	if (p->kind != IPSEC_POLICY_TRAP && !is_route(p)) {
		log_print(
			u->p.log, NULL, LOG_KNL, LOG_CTRL,
			"%.*s: in user space mode = pass and drop go by the addresses of remote_ts"
			" alone: there must be no local_ts, no protocols and ports, and no"
			" priority of pass; the kernel's IPsec (xfrm) has them",
			(int)p->name.len, (const char *)p->name.ptr);
		return E_UNSUPPORTED;
	}
	err = sad_install_policy(&u->sad, p, &handle);
	if (err != 0)
		return err;
	err = routing_add_policy(&u->routing, handle, p);
	if (err != 0) {
		sad_remove_policy(&u->sad, handle);
		return err;
	}
	*out_handle = handle;
	return 0;
}

static void user_remove_policy(struct ipsec *self, uint32_t handle)
{
	struct ipsec_user *u = user_of(self);

	sad_remove_policy(&u->sad, handle);
	routing_remove(&u->routing, handle);
}

static unsigned user_features(struct ipsec *self)
{
	(void)self;
	return 0;
}

static int user_query(struct ipsec *self, uint32_t handle, struct ipsec_stats *out)
{
	return sad_query(&user_of(self)->sad, handle, out);
}

static int user_update(struct ipsec *self, uint32_t handle, const struct addr *local,
		       const struct addr *remote, bool encap)
{
	if (!encap)
		return E_UNSUPPORTED;
	return sad_update(&user_of(self)->sad, handle, local, remote);
}

static int user_add_vip(struct ipsec *self, const struct addr *vip)
{
	return routing_add_vip(&user_of(self)->routing, vip);
}

static void user_del_vip(struct ipsec *self, const struct addr *vip)
{
	routing_del_vip(&user_of(self)->routing, vip);
}

static bool user_has_vip(struct ipsec *self, const struct addr *a)
{
	return routing_has_vip(&user_of(self)->routing, a);
}

static bool user_needs_encap(struct ipsec *self)
{
	(void)self;
	return true;
}

/* Workers first, for they read everything else; the TUN device last of what routes name. */
static void user_close(struct ipsec *self)
{
	struct ipsec_user *u = user_of(self);

	worker_stop(u->worker);
	if (u->have_routing)
		routing_done(&u->routing);
	if (u->have_sad)
		sad_done(&u->sad);
	udp_free(u->udp4);
	udp_free(u->udp6);
	tun_done(&u->tun);
	if (u->event_fd >= 0)
		close(u->event_fd);
	free(u);
}

static const struct ipsec_ops user_ops = {
	.name = "user",
	.alloc_spi = user_alloc_spi,
	.free_spi = user_free_spi,
	.install = user_install,
	.install_out = user_install_out,
	.remove_out = user_remove_out,
	.remove = user_remove,
	.install_policy = user_install_policy,
	.remove_policy = user_remove_policy,
	.features = user_features,
	.query = user_query,
	.drops = ipsec_user_drops,
	.update = user_update,
	.add_vip = user_add_vip,
	.del_vip = user_del_vip,
	.needs_encap = user_needs_encap,
	.has_vip = user_has_vip,
	.event_fd = ipsec_user_event_fd,
	.dispatch = ipsec_user_dispatch,
	.close = user_close,
};

static int open_socket(uint8_t family, uint16_t port, enum udp_share share, struct udp **out)
{
	const struct udp_params params = {
		.family = family,
		.port = port,
		.share = share,
		.mark = IPSEC_USER_MARK,
	};
	int err = udp_open(&params, out);

	if (err != 0)
		return err;
	err = outer_prepare(udp_fd(*out), family);
	if (err == 0 && share == UDP_JOIN)
		err = udp_steer_esp(*out);
	if (err != 0) {
		udp_free(*out);
		*out = NULL;
	}
	return err;
}

/* Without the daemon's sockets the port is ours alone. A host may lack IPv6. */
static int open_alone(struct ipsec_user *u)
{
	int err = open_socket(AF_INET, u->p.port_nat_t, UDP_ALONE, &u->udp4);

	if (err == 0)
		err = open_socket(AF_INET6, udp_port(u->udp4), UDP_ALONE, &u->udp6);
	return err == E_UNSUPPORTED ? 0 : err;
}

static int open_sockets(struct ipsec_user *u)
{
	const struct ipsec_user_params *p = &u->p;
	int err = 0;

	u->receive = true;
	if (!p->ike4 && !p->ike6) {
		err = open_alone(u);
		if (err != 0)
			log_print(p->log, NULL, LOG_NET, LOG_AUDIT,
				  "opening UDP port %u for ESP failed: %s", p->port_nat_t,
				  err_text(err));
		return err;
	}
	if (p->ike4)
		err = open_socket(AF_INET, udp_port(p->ike4), UDP_JOIN, &u->udp4);
	if (err == 0 && p->ike6)
		err = open_socket(AF_INET6, udp_port(p->ike6), UDP_JOIN, &u->udp6);
	if (err == 0)
		return 0;
	log_print(p->log, NULL, LOG_NET, LOG_CTRL,
		  "ESP gets no socket of its own (%s): it shares the daemon's, more slowly",
		  err_text(err));
	udp_free(u->udp4);
	udp_free(u->udp6);
	u->udp4 = u->udp6 = NULL;
	u->receive = false;
	return 0;
}

static int fd_of(const struct udp *own, const struct udp *daemons)
{
	const struct udp *s = own ? own : daemons;

	return s ? udp_fd(s) : -1;
}

static int open_routing(struct ipsec_user *u)
{
	int err;

	u->routing = (struct routing){
		.log = u->p.log,
		.device = u->tun.name,
		.ifindex = u->tun.ifindex,
		.table = u->p.table,
		.priority = u->p.table_prio,
		.mark = IPSEC_USER_MARK,
		.protocol = RTPROT_STATIC,
		.install_routes = u->p.install_routes,
	};
	err = routing_init(&u->routing);
	u->have_routing = err == 0;
	if (err != 0)
		log_print(
			u->p.log, NULL, LOG_KNL, LOG_AUDIT,
			"setting up routing table %u failed: %s; install_routes = no leaves routing"
			" alone",
			u->p.table, err == E_IO ? strerror(errno) : err_text(err));
	return err;
}

static int start_worker(struct ipsec_user *u)
{
	const struct worker_params params = {
		.log = u->p.log,
		.sad = &u->sad,
		.number = WORKER_NUMBER,
		.tun_fd = u->tun.fd,
		.udp4_fd = fd_of(u->udp4, u->p.ike4),
		.udp6_fd = fd_of(u->udp6, u->p.ike6),
		.receive = u->receive,
		.event_fd = u->event_fd,
		.outer_mtu = u->p.outer_mtu,
		.hook_ctx = u->p.hook_ctx,
		.random = u->p.random,
		.now = u->p.now,
	};

	return worker_start(&params, &u->worker);
}

static void fill_defaults(struct ipsec_user_params *p)
{
	p->tun_name = p->tun_name ? p->tun_name : TUN_NAME;
	p->mtu = p->mtu ? p->mtu : TUN_MTU;
	p->outer_mtu = p->outer_mtu ? p->outer_mtu : OUTER_MTU;
	p->table = p->table ? p->table : TABLE;
	p->table_prio = p->table_prio ? p->table_prio : TABLE;
	p->random = p->random ? p->random : default_random;
	p->now = p->now ? p->now : default_now;
}

static int set_up(struct ipsec_user *u)
{
	int err;

	u->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (u->event_fd < 0)
		return E_IO;
	err = sad_init(&u->sad, u->p.random, u->p.hook_ctx);
	u->have_sad = err == 0;
	if (err == 0)
		err = tun_open(u->p.tun_name, u->p.log, &u->tun);
	if (err == 0)
		err = tun_up(&u->tun, u->p.mtu, u->p.log);
	if (err == 0)
		err = open_sockets(u);
	if (err == 0)
		err = open_routing(u);
	if (err == 0)
		err = start_worker(u);
	return err;
}

int ipsec_user_open(const struct ipsec_user_params *params, struct ipsec **out)
{
	struct ipsec_user *u = calloc(1, sizeof(*u));
	int err;

	if (!u)
		return E_NOMEM;
	u->base.ops = &user_ops;
	u->p = *params;
	u->tun.fd = u->event_fd = -1;
	fill_defaults(&u->p);
	err = set_up(u);
	u->p.tun_name = u->tun.name; /* the caller's string need not stay */
	if (err != 0) {
		user_close(&u->base);
		return err;
	}
	*out = &u->base;
	return 0;
}

int ipsec_user_event_fd(struct ipsec *self)
{
	return user_of(self)->event_fd;
}

static struct ts ts_of(uint8_t family, struct packet_ip ip, const struct packet_key *k,
		       uint16_t port)
{
	struct addr a = {.family = family};
	struct ts ts;

	packet_ip_to_bytes(ip, a.ip, addr_len(family));
	ts = ts_from_addr(&a);
	ts.protocol = k->proto;
	if (k->has_ports)
		ts.port_first = ts.port_last = port;
	return ts;
}

static void acquire(const struct ipsec_user *u, const struct notice *n)
{
	const struct sad_policy *trap = sad_find_policy(&u->sad, n->handle);
	const struct packet_key *k = &n->packet;
	const struct ts src = ts_of(k->family, k->src, k, k->sport);
	const struct ts dst = ts_of(k->family, k->dst, k, k->dport);

	if (trap && u->p.events.acquire)
		u->p.events.acquire(u->p.events.ctx, trap->reqid, &src, &dst);
}

static void deliver(const struct ipsec_events *e, const struct notice *n)
{
	if (n->kind == NOTICE_MAPPING) {
		if (e->mapping)
			e->mapping(e->ctx, n->handle, &n->remote);
	} else if (e->expire) {
		e->expire(e->ctx, n->handle, n->kind == NOTICE_HARD);
	}
}

/* A notice about a pair that was removed meanwhile is of no interest any more. */
void ipsec_user_dispatch(struct ipsec *self)
{
	struct ipsec_user *u = user_of(self);
	struct notice n;
	uint64_t count;

	(void)!read(u->event_fd, &count, sizeof(count));
	while (worker_notice(u->worker, &n))
		if (n.kind == NOTICE_ACQUIRE)
			acquire(u, &n);
		else if (sad_find(&u->sad, n.handle))
			deliver(&u->p.events, &n);
	epoch_reclaim(&u->sad.epoch);
}

const char *ipsec_user_tun_name(struct ipsec *self)
{
	return user_of(self)->tun.name;
}

void ipsec_user_input(struct ipsec *self, struct view esp, const struct addr *local,
		      const struct addr *remote)
{
	struct ipsec_user *u = user_of(self);

	if (!worker_input(u->worker, esp, local, remote))
		u->behind++;
}

static uint64_t value_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void ipsec_user_drops(struct ipsec *self, struct ipsec_drops *out)
{
	const struct ipsec_user *u = user_of(self);
	const struct esp_drops *d = worker_drops(u->worker);

	*out = (struct ipsec_drops){
		.no_policy = value_of(&d->no_policy),
		.unknown_spi = value_of(&d->unknown_spi),
		.malformed = value_of(&d->malformed),
		.ecn = value_of(&d->ecn),
		.crypto = value_of(&d->crypto),
		.too_big = value_of(&d->too_big),
		.tun = value_of(&d->tun),
		.socket = value_of(&d->socket),
		.behind = u->behind,
	};
}
