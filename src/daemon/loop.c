/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/loop.h"

#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "conf/node.h"
#include "conf/settings.h"
#include "daemon/busy.h"
#include "daemon/daemon.h"
#include "daemon/backend.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "daemon/scripts.h"
#include "daemon/updown.h"
#include "ike/engine.h"
#include "ipsec/ipsec.h"
#include "net/watch.h"

#define BATCHES		4     /* of udp_recv() at a time, so that timers are not late */
#define BATCH		64    /* datagrams: udp_recv() may have left some */
#define STOP_SCRIPTS_MS 10000 /* patience with charon.stop-scripts */
#define DRAIN_MS	2000  /* patience with answers to deletes */
#define START_ALIVE_MS	5000  /* how often the service manager hears of start scripts */
#define START_EXTENSION 30    /* seconds */
#define ROAM_MS		100   /* changes of the network come in groups */
#define THREAD_CONTROL	0     /* of log lines */
#define THREAD_ENGINE	1

static void control_line(struct daemon *d, const char *text)
{
	log_set_thread(THREAD_CONTROL);
	log_print(d->log, NULL, LOG_DMN, LOG_CTRL, "%s", text);
	log_set_thread(THREAD_ENGINE);
}

/* ---- packets --------------------------------------------------------------------------------- */

static void take_message(struct daemon *d, struct view data, const struct addr *local,
			 const struct addr *remote)
{
	const uint64_t since = busy_begin();

	ike_input(d->ike, jobs_now(), local, remote, data);
	busy_end(since, &d->vici.busy.message);
}

static void take_ike(void *ctx, struct view data, const struct addr *local,
		     const struct addr *remote)
{
	take_message(ctx, data, local, remote);
}

static void take_natt(void *ctx, struct view data, const struct addr *local,
		      const struct addr *remote)
{
	struct daemon *d = ctx;

	switch (sockets_sort(&data)) {
	case SOCKETS_IKE:
		take_message(d, data, local, remote);
		break;
	case SOCKETS_ESP: /* where the kernel does not steer it to the datapath's own socket */
		backend_input(d, data, local, remote);
		break;
	case SOCKETS_NOISE:
		break;
	}
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;
	struct udp *u = d->loop.udp[poll - d->loop.sockets];
	udp_recv_fn *take = sockets_is_natt(&d->sockets, u) ? take_natt : take_ike;
	int n = BATCH;

	(void)status;
	(void)events;
	for (int i = 0; i < BATCHES && n == BATCH; i++)
		n = udp_recv(u, take, d);
	if (n < 0)
		log_print(d->log, NULL, LOG_NET, LOG_CTRL, "receiving on UDP port %u failed: %s",
			  udp_port(u), err_text(n));
}

static void on_datapath(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;

	(void)status;
	(void)events;
	d->ipsec->ops->dispatch(d->ipsec);
}

static void on_roam(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	ike_addresses_changed(d->ike, jobs_now());
}

static void on_network(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;

	(void)status;
	(void)events;
	if (watch_read(d->watch) && !uv_is_active((uv_handle_t *)&d->loop.roam))
		uv_timer_start(&d->loop.roam, on_roam, ROAM_MS, 0);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void on_engine(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	const uint64_t since = busy_begin();

	ike_tick(d->ike, jobs_now());
	busy_end(since, &d->vici.busy.timer);
}

/* Whatever has happened in this turn of the loop, the engine may want another time now. */
static void on_prepare(uv_prepare_t *prepare)
{
	struct daemon *d = prepare->data;
	const uint64_t deadline = ike_deadline(d->ike), now = jobs_now();

	if (deadline == UINT64_MAX)
		uv_timer_stop(&d->loop.engine);
	else
		uv_timer_start(&d->loop.engine, on_engine, deadline > now ? deadline - now : 0, 0);
	filelog_flush(d->filelog);
	if (d->loop.phase == LOOP_DRAINING && ike_is_idle(d->ike) && updown_idle(d->updown))
		uv_stop(&d->uv);
}

static void on_alive(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	notify_alive();
	if (d->loop.phase == LOOP_STARTING)
		notify_extend_start(START_EXTENSION);
}

static void arm_alive(struct daemon *d)
{
	uint64_t every = notify_watchdog_ms();

	if (d->loop.phase == LOOP_STARTING && (!every || every > START_ALIVE_MS))
		every = START_ALIVE_MS;
	if (every)
		uv_timer_start(&d->loop.alive, on_alive, every, every);
	else
		uv_timer_stop(&d->loop.alive);
}

/* ---- scripts --------------------------------------------------------------------------------- */

static void run_scripts(struct daemon *d, const char *kind, void (*done)(void *ctx))
{
	const struct conf_node *charon = conf_node_section(settings_root(d->settings), "charon");
	struct scripts_job job = {.kind = kind, .done = done, .ctx = d};
	int err;

	if (charon && d->loop.phase == LOOP_SCRIPTS)
		job.section = conf_node_section(charon, "stop-scripts");
	else if (charon)
		job.section = conf_node_section(charon, "start-scripts");
	err = scripts_run(d->scripts, &job);
	if (err) {
		log_print(d->log, NULL, LOG_DMN, LOG_AUDIT, "running %s scripts failed: %s", kind,
			  err_text(err));
		done(d);
	}
}

static void reload(struct daemon *d);

/* After the start, or after a reload. */
static void on_started(void *ctx)
{
	struct daemon *d = ctx;

	if (d->loop.phase == LOOP_STARTING) {
		d->loop.phase = LOOP_RUNNING;
		arm_alive(d);
	}
	notify_ready();
	if (d->loop.reload_again)
		reload(d);
}

/*
 * Settings, and by the start scripts what they load: connections, credentials, pools. What is wrong
 * with the settings does not keep the scripts from running.
 */
static void reload(struct daemon *d)
{
	char *why = NULL;

	if (scripts_busy(d->scripts)) {
		d->loop.reload_again = true;
		return;
	}
	d->loop.reload_again = false;
	notify_reloading();
	log_set_thread(THREAD_CONTROL);
	if (reload_settings(d, &why) == E_NOMEM)
		log_print(d->log, NULL, LOG_DMN, LOG_AUDIT, "reload failed: %s", err_text(E_NOMEM));
	log_set_thread(THREAD_ENGINE);
	free(why);
	run_scripts(d, "start", on_started);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void on_drain_over(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	control_line(d, d->jobs.out
				? "some work takes too long: ending without it"
				: "not every peer has answered our deletes: ending all the same");
	uv_stop(&d->uv);
}

static void drain(void *ctx)
{
	struct daemon *d = ctx;

	d->loop.phase = LOOP_DRAINING;
	uv_timer_start(&d->loop.end, on_drain_over, DRAIN_MS, 0);
	ike_shutdown(d->ike, jobs_now());
}

static void on_scripts_over(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	control_line(d, "the stop scripts take too long: going on without them");
	scripts_cancel(d->scripts);
	drain(d);
}

static void end(struct daemon *d)
{
	if (d->loop.phase > LOOP_RUNNING) {
		control_line(d, "ending at once");
		uv_stop(&d->uv);
		return;
	}
	notify_stopping();
	d->loop.phase = LOOP_SCRIPTS;
	d->loop.reload_again = false;
	scripts_cancel(d->scripts);
	uv_timer_start(&d->loop.end, on_scripts_over, STOP_SCRIPTS_MS, 0);
	run_scripts(d, "stop", drain);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	if (number == SIGHUP) {
		control_line(d, "SIGHUP received, reloading");
		if (d->loop.phase <= LOOP_RUNNING)
			reload(d);
		return;
	}
	control_line(d, number == SIGTERM ? "SIGTERM received, shutting down"
					  : "SIGINT received, shutting down");
	end(d);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int begin_poll(struct daemon *d, uv_poll_t *poll, int fd, uv_poll_cb cb)
{
	if (uv_poll_init(&d->uv, poll, fd) != 0)
		return E_IO;
	poll->data = d;
	return uv_poll_start(poll, UV_READABLE, cb) == 0 ? 0 : E_IO;
}

static const int signals[3] = {SIGTERM, SIGINT, SIGHUP};

void loop_hold_signals(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static int begin_signals(struct daemon *d)
{

	for (int i = 0; i < 3; i++) {
		uv_signal_t *s = &d->loop.signals[i];

		if (uv_signal_init(&d->uv, s) != 0)
			return E_IO;
		s->data = d;
		if (uv_signal_start(s, on_signal, signals[i]) != 0)
			return E_IO;
	}
	return 0;
}

static int begin(struct daemon *d)
{
	struct loop *l = &d->loop;
	struct udp *list[SOCKETS_MAX];
	size_t n = sockets_list(&d->sockets, list);
	int err = 0;

	uv_timer_init(&d->uv, &l->engine);
	uv_timer_init(&d->uv, &l->end);
	uv_timer_init(&d->uv, &l->alive);
	uv_timer_init(&d->uv, &l->roam);
	uv_prepare_init(&d->uv, &l->prepare);
	l->engine.data = l->end.data = l->alive.data = l->roam.data = l->prepare.data = d;
	uv_prepare_start(&l->prepare, on_prepare);
	for (size_t i = 0; i < n && !err; i++) {
		l->udp[i] = list[i];
		err = begin_poll(d, &l->sockets[i], udp_fd(list[i]), on_datagrams);
	}
	if (!err)
		err = begin_poll(d, &l->datapath, d->ipsec->ops->event_fd(d->ipsec), on_datapath);
	if (!err && d->watch)
		err = begin_poll(d, &l->watch, watch_fd(d->watch), on_network);
	return err ? err : begin_signals(d);
}

/* Only our own handles: those of others point to what frees them. */
static void close_own(uv_handle_t *handle, void *ctx)
{
	struct loop *l = ctx;
	const char *at = (const char *)handle;

	if (at >= (const char *)l && at < (const char *)(l + 1) && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

int loop_run(struct daemon *d)
{
	int err = begin(d);

	if (!err) {
		log_set_thread(THREAD_ENGINE);
		arm_alive(d);
		run_scripts(d, "start", on_started);
		loop_hold_signals(false);
		uv_run(&d->uv, UV_RUN_DEFAULT);
		loop_hold_signals(true);
		log_set_thread(THREAD_CONTROL);
	} else {
		log_print(d->log, NULL, LOG_DMN, LOG_AUDIT, "starting the event loop failed: %s",
			  err_text(err));
	}
	uv_walk(&d->uv, close_own, &d->loop);
	return err;
}
