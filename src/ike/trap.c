/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/trap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/child.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/labels.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ipsec/ipsec.h"

#define HOLD_MS 5000 /* after a failure, packets start nothing for so long */

struct trap {
	struct list link; /* ike->traps */
	struct ike *ike;
	struct conn *conn; /* a reference; keeps conf */
	const struct conf_child *conf;
	enum ipsec_policy_kind kind;
	uint32_t handle, reqid;
	struct ipsec_labels labels;
	struct ts_list ts_local, ts_remote;
	/* A packet came: its child is being set up. */
	bool pending;
	struct ts src, dst;
	struct ike_request *request;
	uint64_t hold_until; /* ms */
};

static struct trap *find(const struct ike *ike, const char *conn, const char *child)
{
	list_foreach(it, &ike->traps) {
		struct trap *t = list_entry(it, struct trap, link);

		if ((!conn || strcmp(t->conn->conf->name, conn) == 0) &&
		    strcmp(t->conf->name, child) == 0)
			return t;
	}
	return NULL;
}

static struct trap *find_reqid(const struct ike *ike, uint32_t reqid)
{
	list_foreach(it, &ike->traps) {
		struct trap *t = list_entry(it, struct trap, link);

		if (t->kind == IPSEC_POLICY_TRAP && t->reqid == reqid)
			return t;
	}
	return NULL;
}

static const char *kind_name(enum ipsec_policy_kind kind)
{
	return kind == IPSEC_POLICY_TRAP ? "trap" : kind == IPSEC_POLICY_PASS ? "pass" : "drop";
}

/* ---- selectors ---- */

static void add_any(const struct conf_ts *conf, struct ts_list *out)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < sizeof(families); i++) {
		struct addr any = {.family = families[i]};
		struct ts ts = conf->ts;

		if (addr_range_from_subnet(&ts.range, &any, 0) == 0)
			(void)!ts_add(out, &ts);
	}
}

/*
 * "dynamic" is the outer address; of a shunt, which has none, any address. False if the address is
 * needed and not known.
 */
static bool fill_ts(const struct conf_ts *conf, size_t n, const struct addr *outer,
		    struct ts_list *out)
{
	out->count = 0;
	for (size_t i = 0; i < n; i++) {
		struct ts ts = conf[i].ts;

		if (conf[i].dynamic && !outer) {
			add_any(&conf[i], out);
			continue;
		}
		if (conf[i].dynamic && outer->family == AF_UNSPEC)
			return false;
		if (conf[i].dynamic)
			ts.range = ts_from_addr(outer).range;
		(void)!ts_add(out, &ts); /* a list in a configuration is not longer */
	}
	return true;
}

/* The only address that is known before anybody is called: one that is written there. */
static bool first_address(const struct strs *l, struct addr *out)
{
	for (size_t i = 0; i < l->count; i++) {
		if (addr_parse(out, l->items[i]) == 0)
			return true;
	}
	return false;
}

/* Whether there is anybody to call when a packet comes. */
static bool has_peer(const struct conf_conn *c)
{
	struct addr_range range;

	for (size_t i = 0; i < c->remote_addrs.count; i++) {
		const char *text = c->remote_addrs.items[i];

		if (*text != '%' && (addr_range_parse(&range, text) || !strpbrk(text, "/-")))
			return true;
	}
	return false;
}

static void outer_addresses(struct ike *ike, const struct conf_conn *c, struct addr *local,
			    struct addr *remote)
{
	*local = *remote = (struct addr){0};
	if (!first_address(&c->remote_addrs, remote))
		return;
	if (!first_address(&c->local_addrs, local) &&
	    ike->hooks.source(ike->hooks.ctx, remote, local))
		*local = (struct addr){0};
	local->port = remote->port = 0;
}

/* ---- installing ---- */

static int say(char **out_why, int err, const char *text)
{
	if (out_why)
		*out_why = strdup(text);
	return err;
}

static int fill(struct trap *t, struct addr *local, struct addr *remote, char **out_why)
{
	const struct conf_child *f = t->conf;
	bool trap = t->kind == IPSEC_POLICY_TRAP;

	outer_addresses(t->ike, t->conn->conf, local, remote);
	if (trap && !has_peer(t->conn->conf))
		return say(out_why, E_CONFIG,
			   "remote_addrs names nobody to call when a packet comes");
	if (!fill_ts(f->local_ts, f->n_local_ts, trap ? local : NULL, &t->ts_local))
		return say(out_why, E_CONFIG,
			   "local_ts is dynamic, and our address towards the peer is not known");
	if (!fill_ts(f->remote_ts, f->n_remote_ts, trap ? remote : NULL, &t->ts_remote))
		return say(out_why, E_CONFIG,
			   "remote_ts is dynamic, and remote_addrs has no address but a name");
	return 0;
}

static int put_into_datapath(struct trap *t, char **out_why)
{
	struct ike *ike = t->ike;
	struct ipsec_policy_params p = {
		.kind = t->kind,
		.reqid = t->reqid,
		.mode = t->conf->mode == CONF_MODE_TRANSPORT ? IPSEC_TRANSPORT : IPSEC_TUNNEL,
		.ts_local = &t->ts_local,
		.ts_remote = &t->ts_remote,
		.labels = t->labels,
		.priority = t->conf->priority,
		.flags = labels_flags(t->conf),
		.name = view_str(t->conf->name),
	};
	int err = fill(t, &p.local, &p.remote, out_why);

	if (err)
		return err;
	err = ike->ipsec->ops->install_policy(ike->ipsec, &p, &t->handle);
	return err ? say(out_why, err, err_text(err)) : 0;
}

static void log_line(const struct trap *t, const char *what)
{
	struct log_tag tag = {t->conn->conf->name, 0};
	struct wbuf l, r;

	wbuf_init(&l, 0);
	wbuf_init(&r, 0);
	ts_list_text(&t->ts_local, &l);
	ts_list_text(&t->ts_remote, &r);
	log_print(t->ike->log, &tag, LOG_CHD, LOG_CTRL, "%s %s policy '%s' for TS %.*s === %.*s",
		  what, kind_name(t->kind), t->conf->name, (int)l.len, (char *)l.data, (int)r.len,
		  (char *)r.data);
	wbuf_done(&l);
	wbuf_done(&r);
}

static enum ipsec_policy_kind kind_of(const struct conf_child *conf)
{
	return conf->mode == CONF_MODE_PASS   ? IPSEC_POLICY_PASS
	       : conf->mode == CONF_MODE_DROP ? IPSEC_POLICY_DROP
					      : IPSEC_POLICY_TRAP;
}

static int install(struct ike *ike, struct conn *conn, const struct conf_child *conf,
		   char **out_why)
{
	struct trap *t = calloc(1, sizeof(*t));
	uint32_t if_ids[2];
	int err;

	if (!t)
		return E_NOMEM;
	t->ike = ike;
	t->conn = conn_get(conn);
	t->conf = conf;
	t->kind = kind_of(conf);
	labels_make_if_ids(ike, conn->conf->if_id_in, conn->conf->if_id_out, if_ids);
	labels_make(ike, conf, if_ids, &t->labels);
	if (t->kind == IPSEC_POLICY_TRAP)
		t->reqid = conf->reqid ? conf->reqid : ++ike->next_reqid;
	err = put_into_datapath(t, out_why);
	if (err) {
		conn_put(t->conn);
		free(t);
		return err;
	}
	list_append(&ike->traps, &t->link);
	log_line(t, "installed");
	return 0;
}

static void uninstall(struct trap *t)
{
	struct ipsec *ipsec = t->ike->ipsec;

	log_line(t, "removed");
	if (t->request)
		ike_request_cancel(t->ike, t->request);
	ipsec->ops->remove_policy(ipsec, t->handle);
	list_remove(&t->link);
	conn_put(t->conn);
	free(t);
}

/* Whether the configuration alone asks for a policy. */
static bool wanted(const struct conf_child *c)
{
	return kind_of(c) != IPSEC_POLICY_TRAP || (c->start_action & CONF_ACTION_TRAP);
}

/* The same policy is asked for by the new configuration: it stays as it is, and packets held. */
static bool keep(struct trap *t, struct conn *fresh, bool same_ike)
{
	const struct conf_child *conf = conf_conn_child(fresh->conf, t->conf->name);

	if (!same_ike || !conf || !conf_child_equal(t->conf, conf))
		return false;
	conn_put(t->conn);
	t->conn = conn_get(fresh);
	t->conf = conf;
	return true;
}

static void install_wanted(struct ike *ike, struct conn *conn, const struct conf_child *conf)
{
	struct log_tag tag = {conn->conf->name, 0};
	char *why = NULL;
	int err = install(ike, conn, conf, &why);

	if (err)
		log_print(ike->log, &tag, LOG_CFG, LOG_AUDIT,
			  "installing %s policy '%s' failed: %s", kind_name(kind_of(conf)),
			  conf->name, why ? why : err_text(err));
	free(why);
}

void trap_load(struct ike *ike, struct conn *old, struct conn *fresh)
{
	bool same_ike = old && conf_conn_equal_ike(old->conf, fresh->conf);

	list_foreach_safe(it, &ike->traps) {
		struct trap *t = list_entry(it, struct trap, link);

		if (old && t->conn == old && !keep(t, fresh, same_ike))
			uninstall(t);
	}
	for (size_t i = 0; i < fresh->conf->n_children; i++) {
		const struct conf_child *c = &fresh->conf->children[i];

		if (wanted(c) && !find(ike, fresh->conf->name, c->name))
			install_wanted(ike, fresh, c);
	}
}

void trap_unload(struct ike *ike, const struct conn *conn)
{
	list_foreach_safe(it, &ike->traps) {
		struct trap *t = list_entry(it, struct trap, link);

		if (t->conn == conn)
			uninstall(t);
	}
}

void trap_free_all(struct ike *ike)
{
	list_foreach_safe(it, &ike->traps)
		uninstall(list_entry(it, struct trap, link));
}

void trap_again(struct ike *ike, const char *conn, const char *child)
{
	struct conn *c = conn_find(ike, conn);
	const struct conf_child *conf = c ? conf_conn_child(c->conf, child) : NULL;

	if (conf && !ike->stopping && !find(ike, conn, child))
		install_wanted(ike, c, conf);
}

/* ---- commands ---- */

int ike_install(struct ike *ike, uint64_t now, const char *name, const char *child, char **out_why)
{
	struct conn *conn = name ? conn_find(ike, name) : conn_find_child(ike, child);
	const struct conf_child *conf = conn ? conf_conn_child(conn->conf, child) : NULL;

	ike->now = now;
	*out_why = NULL;
	if (!conf)
		return E_NOTFOUND;
	return find(ike, conn->conf->name, child) ? 0 : install(ike, conn, conf, out_why);
}

int ike_uninstall(struct ike *ike, uint64_t now, const char *conn, const char *child)
{
	struct trap *t = find(ike, conn, child);

	ike->now = now;
	if (!t)
		return E_NOTFOUND;
	uninstall(t);
	return 0;
}

void ike_each_policy(const struct ike *ike, bool (*fn)(void *ctx, const struct ike_policy_info *),
		     void *ctx)
{
	list_foreach(it, &ike->traps) {
		const struct trap *t = list_entry(it, struct trap, link);

		if (!fn(ctx, &(struct ike_policy_info){
				     .kind = t->kind,
				     .conn = t->conn->conf->name,
				     .child = t->conf->name,
				     .reqid = t->reqid,
				     .mode = t->conf->mode,
				     .ts_local = &t->ts_local,
				     .ts_remote = &t->ts_remote,
			     }))
			return;
	}
}

/* ---- packets ---- */

static void on_over(void *ctx, const struct ike_request_result *result)
{
	struct trap *t = ctx;

	t->pending = false;
	t->request = NULL;
	if (result->err)
		t->hold_until = t->ike->now + HOLD_MS;
}

static bool list_has(const struct ts_list *l, const struct ts *ts)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (ts_contains(&l->t[i], ts))
			return true;
	}
	return false;
}

/* The packet was on its way to us while the SA came that it is for. */
static bool is_served(const struct trap *t, const struct ts *src, const struct ts *dst)
{
	list_foreach(s, &t->ike->sas) {
		struct ike_sa *sa = list_entry(s, struct ike_sa, link);

		list_foreach(it, &sa->children) {
			const struct child *c = list_entry(it, struct child, link);

			if (c->handle && c->state == CHILD_S_INSTALLED && c->reqid == t->reqid &&
			    list_has(&c->ts_local, src) && list_has(&c->ts_remote, dst))
				return true;
		}
	}
	return false;
}

void ike_datapath_acquire(struct ike *ike, uint64_t now, uint32_t reqid, const struct ts *src,
			  const struct ts *dst)
{
	struct trap *t = find_reqid(ike, reqid);
	char from[TS_TEXT_MAX], to[TS_TEXT_MAX];
	struct ike_initiate_params p;
	struct ike_request *request;
	int err;

	ike->now = now;
	if (!t || t->pending || now < t->hold_until || ike->stopping || is_served(t, src, dst))
		return;
	log_print(ike->log, &(struct log_tag){t->conn->conf->name, 0}, LOG_KNL, LOG_CTRL,
		  "creating acquire job for policy %s === %s with reqid {%u}", ts_text(src, from),
		  ts_text(dst, to), reqid);
	t->pending = true;
	t->src = *src;
	t->dst = *dst;
	p = (struct ike_initiate_params){.child = t->conf->name, .done = on_over, .ctx = t};
	err = control_initiate(ike, t->conn, &p, &request);
	if (err)
		on_over(t, &(struct ike_request_result){.err = err});
	else if (t->pending)
		t->request = request;
}

void trap_dress(struct child *c)
{
	struct ike *ike = c->sa->ike;
	const struct trap *t = find(ike, c->conn->conf->name, c->conf->name);

	if (!t || t->kind != IPSEC_POLICY_TRAP) {
		labels_make(ike, c->conf, sa_if_ids(c->sa), &c->labels);
		return;
	}
	c->reqid = t->reqid;
	c->labels = t->labels;
	c->has_packet = c->initiator && t->pending && !ike->settings.ignore_acquire_ts;
	c->packet_src = t->src;
	c->packet_dst = t->dst;
}
