/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "conf/conn.h"
#include "conf/node.h"
#include "pool/pool.h"
#include "vici/cmd.h"
#include "vici/codec.h"

/* ---- load and unload ------------------------------------------------------------------------ */

static int add_pool(struct server_call *call, const struct conf_pool *conf,
		    const struct pool_params *params)
{
	struct vici_context *c = cmd_context(call);
	bool known = pool_exists(c->pools, conf->name);
	char base[ADDR_TEXT_MAX];
	uint64_t size;
	int rc = pool_load(c->pools, params, &size);

	if (rc == E_BUSY)
		cmd_fail(call, "vici pool %s has online leases, unable to replace", conf->name);
	else if (rc)
		cmd_fail(call, "loading pool '%s' failed: %s", conf->name, err_text(rc));
	else
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL,
			  "%s vici pool %s: %s, %" PRIu64 " entries", known ? "updated" : "added",
			  conf->name, addr_text(&params->base, base), size);
	return rc;
}

static int load_conf(struct server_call *call, const struct conf_pool *conf)
{
	struct pool_params params;
	struct pool_attr *attrs = calloc(conf->n_attrs + 1, sizeof(*attrs));
	int rc;

	if (!attrs) {
		cmd_finish(call, E_NOMEM);
		return E_NOMEM;
	}
	for (size_t i = 0; i < conf->n_attrs; i++) {
		attrs[i].cp_type = conf->attrs[i].cp_type;
		attrs[i].len = conf->attrs[i].len;
		memcpy(attrs[i].value, conf->attrs[i].value, sizeof(attrs[i].value));
	}
	rc = pool_parse_addrs(conf->addrs, &params);
	if (rc) {
		cmd_fail(call,
			 "invalid addrs value: %s (expected a subnet or a range from-to), "
			 "pool discarded",
			 conf->addrs);
	} else {
		params.name = conf->name;
		params.attrs = attrs;
		params.n_attrs = conf->n_attrs;
		rc = add_pool(call, conf, &params);
	}
	free(attrs);
	return rc;
}

static int load_section(struct server_call *call, const struct conf_node *node)
{
	struct conf_errors errs = {.count = 0};
	struct conf_pool conf;
	int rc = E_CONFIG;

	if (!conf_node_value(node, "addrs")) {
		cmd_fail(call, "missing addrs for pool '%s'", node->name);
	} else if (conf_pool_build(node, &errs, &conf)) {
		cmd_fail(call, "%s, pool discarded",
			 errs.count ? errs.items[0].text : err_text(E_CONFIG));
	} else {
		rc = load_conf(call, &conf);
		conf_pool_done(&conf);
	}
	conf_errors_done(&errs);
	return rc;
}

void cmd_pool_load(struct server_call *call)
{
	const struct conf_node *request = server_call_request(call);

	if (request->n_sections == 0) {
		cmd_fail(call, "missing pool: expected a section with its name");
		return;
	}
	for (size_t i = 0; i < request->n_sections; i++) {
		if (load_section(call, request->sections[i]))
			return;
		loaded_put(&cmd_context(call)->loaded, "pools", request->sections[i]);
	}
	cmd_succeed(call);
}

void cmd_pool_unload(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *name = cmd_text(call, "name");
	int rc;

	if (!name) {
		cmd_fail(call, "missing pool name to unload");
		return;
	}
	rc = pool_unload(c->pools, name);
	if (rc == 0) {
		loaded_remove(&c->loaded, "pools", name);
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "unloaded vici pool %s", name);
	}
	if (rc == E_BUSY)
		cmd_fail(call, "%s has online leases, unable to unload", name);
	else if (rc == E_NOTFOUND)
		cmd_fail(call, "%s not found", name);
	else
		cmd_finish(call, rc);
}

/* ---- get-pools ------------------------------------------------------------------------------ */

struct get {
	struct wbuf *w;
	const struct pool_set *pools;
	const char *name; /* NULL: all */
	bool leases;
	unsigned n_leases;
};

static bool put_lease(void *ctx, const struct pool_lease *lease)
{
	struct get *g = ctx;
	char text[ADDR_TEXT_MAX];

	snprintf(text, sizeof(text), "%u", g->n_leases++);
	codec_section(g->w, text);
	codec_text(g->w, "address", addr_text(&lease->addr, text));
	codec_text(g->w, "identity", lease->identity);
	codec_text(g->w, "status", lease->online ? "online" : "offline");
	codec_section_end(g->w);
	return true;
}

static bool put_pool(void *ctx, const struct pool_info *info)
{
	struct get *g = ctx;
	char text[ADDR_TEXT_MAX];

	if (g->name && strcmp(g->name, info->name) != 0)
		return true;
	codec_section(g->w, info->name);
	codec_text(g->w, "base", addr_text(&info->base, text));
	codec_fmt(g->w, "size", "%" PRIu64, info->size);
	codec_fmt(g->w, "online", "%" PRIu64, info->online);
	codec_fmt(g->w, "offline", "%" PRIu64, info->offline);
	if (g->leases) {
		g->n_leases = 0;
		codec_section(g->w, "leases");
		pool_each_lease(g->pools, info->name, put_lease, g);
		codec_section_end(g->w);
	}
	codec_section_end(g->w);
	return true;
}

void cmd_pool_get(struct server_call *call)
{
	struct get g = {
		.w = server_call_reply(call),
		.pools = cmd_context(call)->pools,
		.name = cmd_text(call, "name"),
		.leases = cmd_flag(call, "leases"),
	};

	pool_each(g.pools, put_pool, &g);
}
