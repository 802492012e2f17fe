/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/setup.h"

#include <linux/rtnetlink.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/node.h"
#include "conf/settings.h"
#include "cred/store.h"
#include "cygnet-config.h"
#include "daemon/daemon.h"
#include "daemon/backend.h"
#include "daemon/hooks.h"
#include "daemon/keylog.h"
#include "daemon/privilege.h"
#include "daemon/reload.h"
#include "daemon/resolver.h"
#include "daemon/scripts.h"
#include "daemon/settings_map.h"
#include "daemon/updown.h"
#include "ike/engine.h"
#include "ipsec/ipsec.h"
#include "net/watch.h"
#include "pool/pool.h"
#include "vici/server.h"
#include "vici/transport.h"

#define END_MS	   1000 /* patience with what still runs at the very end */
#define RESOLVCONF "/sbin/resolvconf"

/* ---- log and settings ------------------------------------------------------------------------ */

static void write_stderr(struct log_sink *sink, const struct log_line *line)
{
	(void)sink;
	fprintf(stderr, "cygnetd: %s\n", line->text);
}

/* Whoever starts a daemon that cannot run looks at the terminal, whatever the settings. */
static void begin_terminal(struct daemon *d)
{
	list_init(&d->terminal.link);
	log_sink_set_all(&d->terminal, LOG_AUDIT);
	d->terminal.write = write_stderr;
	if (!filelog_has_stderr(d->filelog))
		log_add_sink(d->log, &d->terminal);
}

/* A daemon that will not start leaves the files as they are: they may be another one's. */
static int begin_log(struct daemon *d, bool starts)
{
	const struct filelog_params params = {.log = d->log,
					      .settings = settings_root(d->settings),
					      .forced = &d->forced,
					      .reopen = !starts};
	int err = filelog_open(&params, &d->filelog);

	if (!err)
		begin_terminal(d);
	return err;
}

static void say_hello(struct daemon *d, const struct conf_errors *errs)
{
	struct utsname host;

	if (uname(&host) != 0)
		memset(&host, 0, sizeof(host));
	log_print(d->log, NULL, LOG_DMN, LOG_CTRL,
		  "Starting IKE charon daemon (cygnet " CYGNET_VERSION ", %s %s, %s)", host.sysname,
		  host.release, host.machine);
	if (!settings_found(d->settings))
		log_print(d->log, NULL, LOG_CFG, getenv("STRONGSWAN_CONF") ? LOG_AUDIT : LOG_CTRL,
			  "%s is not there: every option has its default", d->conf_path);
	reload_print_errors(d, errs);
	if (errs->count)
		log_print(d->log, NULL, LOG_CFG, LOG_AUDIT,
			  "%zu error(s) in %s: going on without these options", errs->count,
			  d->conf_path);
}

/* ---- what others can see --------------------------------------------------------------------- */

static int open_vici(struct daemon *d, struct log_notes *notes)
{
	const struct transport_params params = {
		.loop = &d->uv,
		.uri = settings_text(d->settings, "charon.plugins.vici.socket"),
		.log = d->log,
	};
	char *why = NULL;
	int err;

	err = transport_new(&params, &d->transport, &why);
	if (err)
		log_note(notes, LOG_DMN, LOG_AUDIT, "no control socket: %s",
			 why ? why : err_text(err));
	free(why);
	return err;
}

/*
 * Rights, and then the control socket, which tells whether another daemon is running; before that
 * nothing is touched, not even a log file. *out_start says how it went, once there is a log.
 */
static int begin(struct daemon *d, int *out_start)
{
	struct conf_errors errs = {.count = 0};
	struct log_notes notes = {.count = 0};
	int err;

	d->log = log_new();
	err = d->log ? settings_load(d->conf_path, &errs, &d->settings) : E_NOMEM;
	if (err == 0 || err == E_CONFIG) {
		*out_start = privilege_confine(&notes);
		if (*out_start == 0)
			*out_start = open_vici(d, &notes);
		err = begin_log(d, *out_start == 0);
	}
	if (err == 0)
		say_hello(d, &errs);
	log_flush_notes(d->log, NULL, &notes);
	conf_errors_done(&errs);
	return err;
}

static void open_watch(struct daemon *d)
{
	const uint32_t table = (uint32_t)settings_u64(d->settings, "charon.routing_table");
	/* In the main table there are others' routes too. */
	int err = watch_open(table == RT_TABLE_MAIN ? 0 : table, &d->watch);

	if (err)
		log_print(d->log, NULL, LOG_KNL, LOG_AUDIT,
			  "changes of addresses and routes will not be seen (rtnetlink): %s",
			  err_text(err));
}

static int open_outside(struct daemon *d)
{
	int err = backend_choose(d);

	open_watch(d);
	if (!err)
		err = sockets_open(d->settings, d->log, &d->sockets);
	return err ? err : backend_open(d);
}

/* ---- inside ---------------------------------------------------------------------------------- */

static int add_provider(OSSL_PROVIDER *provider, void *names)
{
	wbuf_fmt(names, " %s", OSSL_PROVIDER_get0_name(provider));
	return 1;
}

static void list_providers(struct daemon *d)
{
	struct view text;
	struct wbuf w;

	wbuf_init(&w, 0);
	OSSL_PROVIDER_do_all(NULL, add_provider, &w);
	text = wbuf_view(&w);
	log_print(d->log, NULL, LOG_LIB, LOG_CTRL, "providers loaded by OpenSSL:%.*s",
		  (int)text.len, (const char *)text.ptr);
	wbuf_done(&w);
}

static int open_resolver(struct daemon *d)
{
	const struct settings *s = d->settings;
	struct resolver_params params = {
		.loop = &d->uv,
		.log = d->log,
		.file = settings_text(s, "charon.plugins.resolve.file"),
		.resolvconf = settings_text(s, "charon.plugins.resolve.resolvconf.path"),
		.interface = backend_interface(d),
	};

	if (!settings_bool(s, "charon.plugins.resolve.load"))
		return 0;
	if (!params.resolvconf && access(RESOLVCONF, X_OK) == 0)
		params.resolvconf = RESOLVCONF;
	return resolver_new(&params, &d->resolver);
}

static void list_parts(struct daemon *d)
{
	const char *keys = settings_map_keylog(d->settings);

	log_print(d->log, NULL, LOG_LIB, LOG_CTRL,
		  "loaded plugins: cygnet openssl %s socket-default%s%s vici", d->ipsec->ops->name,
		  d->resolver ? " resolve" : "", keys ? " save-keys" : "");
	if (keys)
		log_print(d->log, NULL, LOG_DMN, LOG_AUDIT,
			  "!!! WARNING: save-keys writes the keys of %s to %s: whoever reads these "
			  "files reads all traffic; set charon.plugins.save-keys.load = no !!!",
			  !d->engine.save_keys_esp   ? "IKE SAs"
			  : !d->engine.save_keys_ike ? "ESP SAs"
						     : "IKE and ESP SAs",
			  keys);
	else if (settings_bool(d->settings, "charon.plugins.save-keys.load"))
		log_print(d->log, NULL, LOG_CFG, LOG_CTRL,
			  "charon.plugins.save-keys writes nothing: it needs wireshark_keys (a "
			  "directory), and ike = yes or esp = yes");
}

static int open_pools(struct daemon *d)
{
	const char *path = settings_text(d->settings, "charon.leases.database");
	struct log_notes notes = {.count = 0};
	int err = pool_open(path, &notes, &d->pools);

	log_flush_notes(d->log, NULL, &notes);
	if (err == E_IO && path) {
		log_print(d->log, NULL, LOG_DMN, LOG_AUDIT,
			  "leases cannot be kept in %s (charon.leases.database): they are lost "
			  "when the daemon ends",
			  path);
		err = pool_open(NULL, &notes, &d->pools);
		log_notes_done(&notes);
	}
	return err;
}

static int make_engine(struct daemon *d)
{
	struct ike_params params = {
		.log = d->log, .creds = d->creds, .pools = d->pools, .ipsec = d->ipsec};
	int err;

	params.settings = d->engine;
	hooks_fill(d, &params.hooks);
	d->jobs.loop = &d->uv;
	d->jobs.log = d->log;
	d->jobs.busy = &d->vici.busy.result;
	err = ike_new(&params, &d->ike);
	d->jobs.ike = d->ike;
	return err;
}

static int vici_reload(void *ctx, char **out_why)
{
	return reload_settings(ctx, out_why);
}

static uint64_t vici_now(void *ctx)
{
	(void)ctx;
	return jobs_now();
}

static int make_vici(struct daemon *d)
{
	struct server_params params = {
		.context = &d->vici,
		.log = d->log,
		.wake = transport_wake,
		.wake_ctx = d->transport,
		.now = vici_now,
	};
	int err;

	d->vici = (struct vici_context){
		.ike = d->ike,
		.creds = d->creds,
		.pools = d->pools,
		.log = d->log,
		.ctx = d,
		.now = vici_now,
		.reload = vici_reload,
		.started = time(NULL),
		.workers = (unsigned)settings_u64(d->settings, "charon.threads"),
		.backend = d->ipsec->ops->name,
	};
	cmd_context_init(&d->vici);
	params.commands = cmd_table(&params.n_commands);
	err = server_new(&params, &d->server);
	if (!err)
		transport_serve(d->transport, d->server);
	return err;
}

static int make_inside(struct daemon *d)
{
	const unsigned threads = (unsigned)settings_u64(d->settings, "charon.threads");
	int err;

	settings_map_engine(d->settings, d->log, &d->engine);
	d->engine.port = d->sockets.port;
	d->engine.port_natt = d->sockets.port_natt;
	list_providers(d);
	err = open_resolver(d);
	if (!err)
		list_parts(d);
	if (!err)
		err = open_pools(d);
	if (!err)
		err = (d->creds = cred_new()) ? 0 : E_NOMEM;
	if (!err)
		err = make_engine(d);
	if (!err)
		err = make_vici(d);
	if (!err)
		err = scripts_new(&d->uv, d->log, &d->scripts);
	if (!err)
		err = updown_new(&d->uv, d->log, &d->updown);
	if (err) {
		log_print(d->log, NULL, LOG_DMN, LOG_AUDIT, "starting failed: %s", err_text(err));
		return err;
	}
	log_print(d->log, NULL, LOG_JOB, LOG_CTRL, "spawning %u worker threads", threads);
	jobs_set_threads(threads);
	return 0;
}

int setup_daemon(struct daemon *d)
{
	int start = 0;
	int err = begin(d, &start);

	if (err) {
		fprintf(stderr, "cygnetd: %s\n", err_text(err));
		return err;
	}
	if (!start)
		start = open_outside(d);
	if (!start)
		start = make_inside(d);
	log_remove_sink(d->log, &d->terminal);
	return start;
}

/* ---- taking down ----------------------------------------------------------------------------- */

static void on_late(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Let the loop finish what it has, but not for ever. */
static void finish(uv_loop_t *loop, const unsigned *only)
{
	uv_timer_t guard;
	bool late = false;

	uv_timer_init(loop, &guard);
	guard.data = &late;
	uv_timer_start(&guard, on_late, END_MS, 0);
	uv_unref((uv_handle_t *)&guard);
	while (!late && (only ? *only > 0 : uv_loop_alive(loop)))
		uv_run(loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

/* Clients go before the engine, which their requests point to. */
static void close_vici(struct daemon *d)
{
	if (d->transport)
		transport_close(d->transport, NULL, NULL);
	server_free(d->server);
	d->server = NULL;
	if (d->vici.log)
		cmd_context_done(&d->vici);
}

bool setup_undo(struct daemon *d)
{
	bool stuck;

	scripts_free(d->scripts);
	updown_free(d->updown);
	d->updown = NULL;
	close_vici(d);
	finish(&d->uv, &d->jobs.out);
	stuck = d->jobs.out > 0;
	/* Jobs that are out look at keys and certificates, and nobody may free their engine. */
	if (!stuck) {
		ike_free(d->ike);
		cred_free(d->creds);
	}
	d->jobs.ike = NULL;
	resolver_free(d->resolver);
	if (d->ipsec)
		d->ipsec->ops->close(d->ipsec);
	if (d->pools)
		pool_close(d->pools);
	sockets_done(&d->sockets);
	watch_free(d->watch);
	if (!stuck)
		finish(&d->uv, NULL);
	stuck |= uv_loop_close(&d->uv) != 0;
	settings_free(d->settings);
	filelog_close(d->filelog);
	log_free(d->log);
	return !stuck;
}
