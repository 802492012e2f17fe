/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "daemon/filelog.h"
#include "daemon/jobs.h"
#include "daemon/sockets.h"
#include "ike/settings.h"
#include "vici/cmd.h"

struct cred_store;
struct ike;
struct ipsec;
struct log;
struct pool_set;
struct resolver;
struct scripts;
struct server;
struct settings;
struct transport;
struct updown;
struct watch;

/* The handles of the daemon's loop; loop.c's. */
struct loop {
	uv_prepare_t prepare;	/* before the loop sleeps */
	uv_timer_t engine;	/* ike_deadline() */
	uv_timer_t end;		/* the patience of a phase of the end is over */
	uv_timer_t alive;	/* signs of life to the service manager */
	uv_signal_t signals[3]; /* SIGTERM, SIGINT, SIGHUP */
	uv_poll_t sockets[SOCKETS_MAX];
	struct udp *udp[SOCKETS_MAX]; /* theirs */
	size_t n_sockets;
	uv_poll_t datapath;
	uv_poll_t watch; /* addresses, links and routes of the host */
	uv_timer_t roam; /* they have changed; perhaps that was not all */
	enum { LOOP_STARTING, LOOP_RUNNING, LOOP_SCRIPTS, LOOP_DRAINING } phase;
	bool reload_again; /* SIGHUP came while scripts ran */
};

/* Everything the process has; all-zero is empty. */
struct daemon {
	uv_loop_t uv;
	struct loop loop;
	struct log *log;
	struct filelog *filelog;
	struct log_sink terminal; /* for errors while it starts, if the log does not go to stderr */
	struct filelog_levels forced; /* by the command line */
	const char *conf_path;	      /* of strongswan.conf */
	struct settings *settings;
	struct ike_settings engine; /* made from them */
	struct cred_store *creds;
	struct pool_set *pools;
	struct sockets sockets;
	enum { DAEMON_ESP_USER, DAEMON_ESP_KERNEL } esp; /* which datapath `ipsec` is */
	struct watch *watch;				 /* NULL: the kernel does not tell */
	struct ipsec *ipsec;
	struct jobs jobs;
	struct ike *ike;
	struct transport *transport;
	struct server *server;
	struct vici_context vici;
	struct resolver *resolver;
	struct scripts *scripts;
	struct updown *updown;
};

#endif
