/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/updown.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/conn.h"
#include "daemon/process.h"
#include "daemon/updown_env.h"
#include "ike/report.h"
#include "wire/ts.h"

#define RUNNING_MAX 16	  /* commands beside one another */
#define WAITING_MAX 10000 /* commands; more means that none of them ever ends */
#define TIMEOUT_MS  30000 /* for a command to end */

/* A command that runs or waits. */
struct run {
	struct list link;
	struct updown *owner;
	char *who; /* runs of the same child and peer keep their order */
	char *name, *command;
	struct strs env;
	struct process *process; /* NULL: it waits */
};

struct updown {
	struct uv_loop_s *loop;
	struct log *log;
	struct list runs; /* in order of their events */
	unsigned n, n_running;
};

int updown_new(struct uv_loop_s *loop, struct log *log, struct updown **out)
{
	struct updown *u = calloc(1, sizeof(*u));

	if (!u)
		return E_NOMEM;
	u->loop = loop;
	u->log = log;
	list_init(&u->runs);
	*out = u;
	return 0;
}

static void free_run(struct run *r)
{
	strs_done(&r->env);
	free(r->who);
	free(r->name);
	free(r->command);
	free(r);
}

static void drop(struct run *r)
{
	struct updown *u = r->owner;

	list_remove(&r->link);
	u->n--;
	free_run(r);
}

void updown_free(struct updown *u)
{
	if (!u)
		return;
	if (u->n)
		log_print(u->log, NULL, LOG_DMN, LOG_CTRL,
			  "%u updown script(s) have not ended: going on without them", u->n);
	list_foreach_safe(it, &u->runs) {
		struct run *r = list_entry(it, struct run, link);

		if (r->process)
			process_forget(r->process, false);
		drop(r);
	}
	free(u);
}

bool updown_idle(const struct updown *u)
{
	return !u || u->n == 0;
}

static void run_next(struct updown *u);

static void on_ended(void *ctx)
{
	struct run *r = ctx;
	struct updown *u = r->owner;

	u->n_running--;
	drop(r);
	run_next(u);
}

/* Whether an earlier run is for the same child of the same peer. */
static bool must_wait(const struct updown *u, const struct run *r)
{
	list_foreach(it, &u->runs) {
		const struct run *other = list_entry(it, struct run, link);

		if (other == r)
			return false;
		if (strcmp(other->who, r->who) == 0)
			return true;
	}
	return false;
}

static int start(struct updown *u, struct run *r)
{
	const struct process_params params = {
		.loop = u->loop,
		.log = u->log,
		.kind = "updown",
		.name = r->name,
		.command = r->command,
		.env = &r->env,
		.timeout_ms = TIMEOUT_MS,
		.done = on_ended,
		.ctx = r,
	};

	return process_start(&params, &r->process);
}

static void run_next(struct updown *u)
{
	list_foreach_safe(it, &u->runs) {
		struct run *r = list_entry(it, struct run, link);

		if (u->n_running == RUNNING_MAX)
			return;
		if (r->process || must_wait(u, r))
			continue;
		if (start(u, r) == 0) {
			u->n_running++;
			continue;
		}
		log_print(u->log, NULL, LOG_DMN, LOG_AUDIT,
			  "executing the updown script of '%s' (%s) failed", r->name, r->command);
		drop(r);
	}
}

/* The interface that has this address, in buf; NULL if none has. */
static const char *interface_of(const struct addr *a, char buf[IFNAMSIZ])
{
	const char *found = NULL;
	struct ifaddrs *all;
	struct addr one;

	if (getifaddrs(&all) != 0)
		return NULL;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		if (i->ifa_addr && addr_from_sockaddr(&one, i->ifa_addr) == 0 &&
		    addr_equal(&one, a)) {
			snprintf(buf, IFNAMSIZ, "%s", i->ifa_name);
			found = buf;
		}
	}
	freeifaddrs(all);
	return found;
}

static int add_run(struct updown *u, const struct updown_env *e)
{
	struct run *r;
	int err;

	if (u->n == WAITING_MAX)
		return E_FULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return E_NOMEM;
	r->owner = u;
	r->name = strdup(e->child->name);
	r->command = strdup(e->conf->updown);
	if (asprintf(&r->who, "%s/%s/%s", e->sa->name, e->child->name, e->sa->remote_id) < 0)
		r->who = NULL;
	err = r->name && r->command && r->who ? updown_env_add(e, &r->env) : E_NOMEM;
	if (err) {
		free_run(r);
		return err;
	}
	list_append(&u->runs, &r->link);
	u->n++;
	return 0;
}

/* Selectors of one family that may occur in one packet. */
static bool fit(const struct ts *local, const struct ts *remote)
{
	return local->range.family == remote->range.family &&
	       (!local->protocol || !remote->protocol || local->protocol == remote->protocol);
}

static int add_runs(struct updown *u, struct updown_env *e)
{
	const struct ts_list *local = e->child->ts_local, *remote = e->child->ts_remote;
	int err = 0;

	for (unsigned i = 0; i < local->count; i++) {
		for (unsigned j = 0; j < remote->count && !err; j++) {
			e->local = &local->t[i];
			e->remote = &remote->t[j];
			if (fit(e->local, e->remote))
				err = add_run(u, e);
		}
	}
	return err;
}

void updown_event(struct updown *u, const struct ike_event *event)
{
	const struct conf_child *conf;
	char interface[IFNAMSIZ];
	struct updown_env e;
	int err;

	if (!u || event->type != IKE_EV_CHILD_UPDOWN || !event->child || !event->sa || !event->conf)
		return;
	conf = conf_conn_child(event->conf, event->child->name);
	if (!conf || !conf->updown)
		return;
	e = (struct updown_env){
		.up = event->up,
		.sa = event->sa,
		.child = event->child,
		.conf = conf,
		.interface = interface_of(&event->sa->local, interface),
	};
	err = add_runs(u, &e);
	if (err)
		log_print(u->log, NULL, LOG_DMN, LOG_AUDIT,
			  "the updown script of '%s' is not run for every selector: %s", conf->name,
			  err_text(err));
	run_next(u);
}
