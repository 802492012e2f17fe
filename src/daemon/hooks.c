/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hooks.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/log.h"
#include "conf/settings.h"
#include "daemon/daemon.h"
#include "daemon/backend.h"
#include "daemon/keylog.h"
#include "daemon/resolver.h"
#include "daemon/settings_map.h"
#include "daemon/updown.h"
#include "ike/engine.h"
#include "ipsec/ipsec.h"
#include "ipsec/user/user.h"
#include "net/route.h"
#include "vici/report.h"

static void report_send(struct daemon *d, int err, const struct addr *remote)
{
	char text[ADDR_TEXT_MAX];

	if (err)
		log_print(d->log, NULL, LOG_NET, LOG_CTRL, "sending a packet to %s failed: %s",
			  addr_text_port(remote, text),
			  err == E_IO ? strerror(errno) : err_text(err));
}

static void hook_send(void *ctx, const struct addr *local, const struct addr *remote,
		      struct view message)
{
	struct daemon *d = ctx;

	report_send(d, sockets_send(&d->sockets, local, remote, message), remote);
}

static void hook_keepalive(void *ctx, const struct addr *local, const struct addr *remote)
{
	struct daemon *d = ctx;

	report_send(d, sockets_keepalive(&d->sockets, local, remote), remote);
}

static int hook_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	return RAND_bytes(out, (int)len) == 1 ? 0 : E_IO;
}

static void hook_submit(void *ctx, struct ike_job *job)
{
	jobs_submit(&((struct daemon *)ctx)->jobs, job);
}

/* The interfaces that tunnels may use outside. */
static struct route_filter interfaces(const struct daemon *d)
{
	return (struct route_filter){
		.skip = backend_interface(d),
		.use = settings_text(d->settings, "charon.interfaces_use"),
		.ignore = settings_text(d->settings, "charon.interfaces_ignore"),
	};
}

static bool is_filtered(const struct route_filter *f)
{
	return f->use || f->ignore;
}

static bool counts(const struct route_addrs *l, const struct addr *a)
{
	for (size_t i = 0; i < l->count; i++) {
		if (addr_equal(&l->items[i], a))
			return true;
	}
	return false;
}

/* Where routing prefers an interface that does not count, another one may have a way. */
static int hook_source(void *ctx, const struct addr *remote, struct addr *out)
{
	const struct route_filter f = interfaces(ctx);
	struct route_addrs l;
	int err = route_source(remote, IPSEC_USER_MARK, out);

	if (err || !is_filtered(&f) || route_filtered_addrs(&f, &l) != 0)
		return err;
	err = counts(&l, out) ? 0 : E_NOTFOUND;
	for (size_t i = 0; err && i < l.count; i++) {
		if (!route_usable(&l.items[i], remote, IPSEC_USER_MARK))
			continue;
		*out = l.items[i];
		err = 0;
	}
	route_addrs_done(&l);
	return err;
}

static bool hook_usable(void *ctx, const struct addr *local, const struct addr *remote)
{
	const struct route_filter f = interfaces(ctx);
	struct route_addrs l;
	bool ok = route_usable(local, remote, IPSEC_USER_MARK);

	if (!ok || !is_filtered(&f) || route_filtered_addrs(&f, &l) != 0)
		return ok;
	ok = counts(&l, local);
	route_addrs_done(&l);
	return ok;
}

static size_t hook_addresses(void *ctx, struct addr *out, size_t max)
{
	struct daemon *d = ctx;
	const struct route_filter f = interfaces(d);
	struct route_addrs l;
	size_t n = 0;

	if (route_filtered_addrs(&f, &l) != 0)
		return 0;
	for (size_t i = 0; i < l.count && n < max; i++)
		if (!d->ipsec->ops->has_vip(d->ipsec, &l.items[i]))
			out[n++] = l.items[i];
	route_addrs_done(&l);
	return n;
}

static void hook_dns(void *ctx, const struct addr *server, bool add)
{
	resolver_change(((struct daemon *)ctx)->resolver, server, add);
}

static int64_t hook_wall(void *ctx)
{
	(void)ctx;
	return time(NULL);
}

static uint64_t hook_micros(void *ctx)
{
	(void)ctx;
	return uv_hrtime() / 1000;
}

static void hook_event(void *ctx, const struct ike_event *event)
{
	struct daemon *d = ctx;

	updown_event(d->updown, event);
	/* At the very end SAs go when nobody can listen any more. */
	if (d->server)
		report_event(d->server, event);
}

static void hook_keys(void *ctx, const struct ike_keylog *keys)
{
	struct daemon *d = ctx;
	const char *dir = settings_map_keylog(d->settings);
	int err = dir ? keylog_write(dir, keys) : 0;

	if (err == E_UNSUPPORTED)
		log_print(d->log, NULL, LOG_DMN, LOG_CTRL,
			  "save-keys: Wireshark has no name for the algorithms of this %s SA, its "
			  "keys are not written",
			  keys->is_ike ? "IKE" : "ESP");
	else if (err)
		log_print(d->log, NULL, LOG_DMN, LOG_AUDIT,
			  "save-keys: writing to %s "
			  "(charon.plugins.save-keys.wireshark_keys) failed: %s",
			  dir, err == E_IO ? strerror(errno) : err_text(err));
}

void hooks_fill(struct daemon *d, struct ike_hooks *out)
{
	*out = (struct ike_hooks){
		.ctx = d,
		.send = hook_send,
		.keepalive = hook_keepalive,
		.random = hook_random,
		.submit = hook_submit,
		.source = hook_source,
		.addresses = hook_addresses,
		.usable = hook_usable,
		.dns = hook_dns,
		.wall = hook_wall,
		.micros = hook_micros,
		.event = hook_event,
		.keys = hook_keys,
	};
}

static void on_expire(void *ctx, uint32_t handle, bool hard)
{
	ike_datapath_expire(((struct daemon *)ctx)->ike, jobs_now(), handle, hard);
}

static void on_mapping(void *ctx, uint32_t handle, const struct addr *remote)
{
	ike_datapath_mapping(((struct daemon *)ctx)->ike, jobs_now(), handle, remote);
}

static void on_acquire(void *ctx, uint32_t reqid, const struct ts *src, const struct ts *dst)
{
	ike_datapath_acquire(((struct daemon *)ctx)->ike, jobs_now(), reqid, src, dst);
}

void hooks_fill_events(struct daemon *d, struct ipsec_events *out)
{
	*out = (struct ipsec_events){
		.ctx = d,
		.expire = on_expire,
		.acquire = on_acquire,
		.mapping = on_mapping,
	};
}
