/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ike/engine.h"
#include "ipsec/ipsec.h"
#include "vici/cmd.h"
#include "vici/codec.h"
#include "wire/ts.h"

/* Policies without an SA: traps and shunts. */

void cmd_policy_install(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *child = cmd_text(call, "child");
	char *why = NULL;
	int rc;

	if (!child) {
		cmd_fail(call, "missing configuration name");
		return;
	}
	log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "vici installing '%s'", child);
	rc = ike_install(c->ike, c->now(c->ctx), cmd_text(call, "ike"), child, &why);
	if (rc == E_NOTFOUND)
		cmd_fail(call, "CHILD_SA config '%s' not found", child);
	else if (rc && why)
		cmd_fail(call, "installing '%s' failed: %s", child, why);
	else
		cmd_finish(call, rc);
	free(why);
}

void cmd_policy_uninstall(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *child = cmd_text(call, "child");
	int rc;

	if (!child) {
		cmd_fail(call, "missing configuration name");
		return;
	}
	log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "vici uninstalling '%s'", child);
	rc = ike_uninstall(c->ike, c->now(c->ctx), cmd_text(call, "ike"), child);
	if (rc == E_NOTFOUND)
		cmd_fail(call, "policy '%s' not found", child);
	else
		cmd_finish(call, rc);
}

/* ---- list-policies -------------------------------------------------------------------------- */

struct filter {
	struct server_call *call;
	const char *ike, *child;
	bool kinds[3]; /* by enum ipsec_policy_kind */
};

static bool is_wanted(const struct filter *f, const struct ike_policy_info *p)
{
	return f->kinds[p->kind] && (!f->ike || strcmp(f->ike, p->conn) == 0) &&
	       (!f->child || strcmp(f->child, p->child) == 0);
}

static const char *mode_name(enum conf_mode mode)
{
	static const char *const names[] = {
		[CONF_MODE_TUNNEL] = "TUNNEL",
		[CONF_MODE_TRANSPORT] = "TRANSPORT",
		[CONF_MODE_PASS] = "PASS",
		[CONF_MODE_DROP] = "DROP",
	};

	return names[mode];
}

static void put_selectors(struct wbuf *w, const char *key, const struct ts_list *l)
{
	char text[TS_TEXT_MAX];

	codec_list(w, key);
	for (unsigned i = 0; i < l->count; i++)
		codec_item(w, view_str(ts_text(&l->t[i], text)));
	codec_list_end(w);
}

static bool list_policy(void *ctx, const struct ike_policy_info *p)
{
	const struct filter *f = ctx;
	char name[CODEC_MAX_NAME + 1];
	struct wbuf w;

	if (!is_wanted(f, p))
		return true;
	snprintf(name, sizeof(name), "%.120s/%.120s", p->conn, p->child);
	wbuf_init(&w, CODEC_MAX_MESSAGE);
	codec_section(&w, name);
	codec_text(&w, "child", p->child);
	codec_fmt(&w, "reqid", "%u", p->reqid);
	codec_text(&w, "ike", p->conn);
	codec_text(&w, "mode", mode_name(p->mode));
	put_selectors(&w, "local-ts", p->ts_local);
	put_selectors(&w, "remote-ts", p->ts_remote);
	codec_section_end(&w);
	if (wbuf_err(&w) == 0)
		server_call_stream(f->call, SERVER_EV_LIST_POLICY, wbuf_view(&w));
	wbuf_done(&w);
	return true;
}

void cmd_policy_list(struct server_call *call)
{
	struct filter f = {
		.call = call,
		.ike = cmd_text(call, "ike"),
		.child = cmd_text(call, "child"),
		.kinds = {[IPSEC_POLICY_TRAP] = cmd_flag(call, "trap"),
			  [IPSEC_POLICY_PASS] = cmd_flag(call, "pass"),
			  [IPSEC_POLICY_DROP] = cmd_flag(call, "drop")},
	};

	/* None named: all of them. */
	if (!f.kinds[0] && !f.kinds[1] && !f.kinds[2])
		f.kinds[0] = f.kinds[1] = f.kinds[2] = true;
	ike_each_policy(cmd_context(call)->ike, list_policy, &f);
}
