/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/conn.h"
#include "conf/node.h"
#include "ike/engine.h"
#include "vici/cmd.h"
#include "vici/codec.h"
#include "vici/split.h"

/* ---- load and unload ------------------------------------------------------------------------ */

/* All errors on one line; the client says which connection they are about. */
static void refuse_config(struct server_call *call, const struct conf_errors *errs)
{
	struct wbuf w;
	struct view text;

	wbuf_init(&w, CODEC_MAX_VALUE);
	for (size_t i = 0; i < errs->count; i++) {
		if (i)
			wbuf_str(&w, "; ");
		wbuf_str(&w, errs->items[i].text);
	}
	text = wbuf_view(&w);
	cmd_fail(call, "%.*s, config discarded", (int)text.len, (const char *)text.ptr);
	wbuf_done(&w);
}

static int load(struct server_call *call, const struct conf_conn *conn)
{
	static const char *const words[] = {
		[IKE_CONN_ADDED] = "added",
		[IKE_CONN_UPDATED] = "updated",
		[IKE_CONN_REPLACED] = "replaced",
		[IKE_CONN_UNCHANGED] = "unchanged",
	};
	struct vici_context *c = cmd_context(call);
	enum ike_load_result result;
	char *why = NULL;
	int rc = ike_load_conn(c->ike, c->now(c->ctx), conn, &result, &why);

	if (rc)
		cmd_fail(call, "%s", why ? why : err_text(rc));
	else
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "%s vici connection: %s", words[result],
			  conn->name);
	free(why);
	return rc;
}

void cmd_conn_load(struct server_call *call)
{
	const struct conf_node *request = server_call_request(call);
	struct conf_errors errs = {.count = 0};
	struct conf_conn *conn;
	int rc = 0;

	if (request->n_sections == 0) {
		cmd_fail(call, "missing connection: expected a section with its name");
		return;
	}
	for (size_t i = 0; i < request->n_sections && rc == 0; i++) {
		rc = conf_conn_build(request->sections[i], &errs, &conn);
		if (rc) {
			refuse_config(call, &errs);
			break;
		}
		rc = load(call, conn);
		if (rc == 0)
			loaded_put(&cmd_context(call)->loaded, "connections", request->sections[i]);
		conf_conn_put(conn);
	}
	conf_errors_done(&errs);
	if (rc == 0)
		cmd_succeed(call);
}

void cmd_conn_unload(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *name = cmd_text(call, "name");
	int rc;

	if (!name) {
		cmd_fail(call, "unload: missing connection name");
		return;
	}
	rc = ike_unload_conn(c->ike, c->now(c->ctx), name);
	if (rc == E_NOTFOUND) {
		cmd_fail(call, "unload: connection '%s' not found", name);
		return;
	}
	if (rc == 0) {
		loaded_remove(&c->loaded, "connections", name);
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "removed vici connection: %s", name);
	}
	cmd_finish(call, rc);
}

static bool add_name(void *ctx, const struct ike_conn_info *info)
{
	codec_item(ctx, view_str(info->conf->name));
	return true;
}

void cmd_conn_get(struct server_call *call)
{
	struct wbuf *w = server_call_reply(call);

	codec_list(w, "conns");
	ike_each_conn(cmd_context(call)->ike, add_name, w);
	codec_list_end(w);
}

/* ---- list-conns ----------------------------------------------------------------------------- */

static void put_number(struct wbuf *w, const char *key, uint64_t n)
{
	codec_fmt(w, key, "%" PRIu64, n == CONF_UNSET ? 0 : n);
}

static const char *class_name(enum conf_auth_class cls)
{
	static const char *const names[] = {
		[CONF_AUTH_ANY] = "any",
		[CONF_AUTH_PUBKEY] = "public key",
		[CONF_AUTH_PSK] = "pre-shared key",
		[CONF_AUTH_EAP] = "EAP",
		[CONF_AUTH_XAUTH] = "XAuth",
	};

	return names[cls];
}

/* "EAP_TLS" of "tls". */
static void put_eap_type(struct wbuf *w, const char *method)
{
	char text[64] = "EAP_";
	size_t n = strlen(text);

	for (; *method && n < sizeof(text) - 1; method++)
		text[n++] = *method == '-' ? '_' : (char)toupper((unsigned char)*method);
	text[n] = '\0';
	codec_text(w, "eap-type", text);
}

static void put_auth(struct wbuf *w, const char *side, size_t n, const struct ike_auth_info *a)
{
	static const char *const revocation[] = {
		[CONF_REVOCATION_RELAXED] = NULL,
		[CONF_REVOCATION_IFURI] = "SKIPPED",
		[CONF_REVOCATION_STRICT] = "GOOD",
	};
	char name[32];

	snprintf(name, sizeof(name), "%s-%zu", side, n + 1);
	codec_section(w, name);
	codec_text(w, "class", class_name(a->conf->cls));
	if (a->conf->cls == CONF_AUTH_EAP && a->conf->eap_method)
		put_eap_type(w, a->conf->eap_method);
	codec_text(w, "revocation", revocation[a->conf->revocation]);
	codec_text(w, "id", a->id);
	codec_text(w, "ca_id", a->conf->ca_id);
	codec_text(w, "aaa_id", a->conf->aaa_id);
	codec_text(w, "eap_id", a->conf->eap_id);
	codec_text(w, "xauth_id", a->conf->xauth_id);
	codec_strs(w, "groups", &a->conf->groups);
	codec_strs(w, "cert_policy", &a->conf->cert_policy);
	codec_strs(w, "certs", a->certs);
	codec_strs(w, "cacerts", a->cacerts);
	codec_section_end(w);
}

static void put_selectors(struct wbuf *w, const char *key, size_t n, const struct conf_ts *ts)
{
	char text[TS_TEXT_MAX], dynamic[TS_TEXT_MAX + 8];

	codec_list(w, key);
	for (size_t i = 0; i < n; i++) {
		const char *shown = ts_text(&ts[i].ts, text);

		if (ts[i].dynamic) {
			/* The word stands for the address; protocol and ports follow. */
			const char *suffix = strchr(shown, '[');

			snprintf(dynamic, sizeof(dynamic), "dynamic%s", suffix ? suffix : "");
			shown = dynamic;
		}
		codec_item(w, view_str(shown));
	}
	codec_list_end(w);
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

/* strongSwan's names of the flags; both are shown as it prints a set of flags. */
static const char *action_name(unsigned action)
{
	static const char *const names[] = {"none", "trap", "start", "trap|start"};

	return names[action & 3];
}

static void put_child(struct wbuf *w, const struct conf_child *c)
{
	codec_section(w, c->name);
	codec_text(w, "mode", mode_name(c->mode));
	put_number(w, "rekey_time", c->rekey_time);
	put_number(w, "rekey_bytes", c->rekey_bytes);
	put_number(w, "rekey_packets", c->rekey_packets);
	codec_text(w, "dpd_action", action_name(c->dpd_action));
	codec_text(w, "close_action", action_name(c->close_action));
	put_selectors(w, "local-ts", c->n_local_ts, c->local_ts);
	put_selectors(w, "remote-ts", c->n_remote_ts, c->remote_ts);
	codec_text(w, "interface", c->interface);
	if (c->priority)
		codec_fmt(w, "priority", "%u", c->priority);
	codec_section_end(w);
}

static const char *unique_name(enum conf_unique unique)
{
	static const char *const names[] = {
		[CONF_UNIQUE_NO] = "UNIQUE_NO",
		[CONF_UNIQUE_NEVER] = "UNIQUE_NEVER",
		[CONF_UNIQUE_KEEP] = "UNIQUE_KEEP",
		[CONF_UNIQUE_REPLACE] = "UNIQUE_REPLACE",
	};

	return names[unique];
}

/* Up to where its children begin. */
static void put_conn(struct wbuf *w, const struct ike_conn_info *info)
{
	const struct conf_conn *c = info->conf;

	codec_section(w, c->name);
	codec_strs(w, "local_addrs", &c->local_addrs);
	codec_strs(w, "remote_addrs", &c->remote_addrs);
	codec_fmt(w, "local_port", "%u", c->local_port);
	codec_fmt(w, "remote_port", "%u", c->remote_port);
	/* Version 0 means either to strongSwan; here there is only one. */
	codec_text(w, "version", "IKEv2");
	put_number(w, "reauth_time", c->reauth_time);
	put_number(w, "rekey_time", c->rekey_time);
	codec_text(w, "unique", unique_name(c->unique));
	if (c->dpd_delay && c->dpd_delay != CONF_UNSET)
		put_number(w, "dpd_delay", c->dpd_delay);
	if (c->dpd_timeout && c->dpd_timeout != CONF_UNSET)
		put_number(w, "dpd_timeout", c->dpd_timeout);
	codec_text(w, "ppk_id", c->ppk_id);
	codec_yes(w, "ppk_required", c->ppk_required);
	for (size_t i = 0; i < info->n_local; i++)
		put_auth(w, "local", i, &info->local[i]);
	for (size_t i = 0; i < info->n_remote; i++)
		put_auth(w, "remote", i, &info->remote[i]);
	codec_section(w, "children");
}

struct list_ctx {
	struct server_call *call;
	const char *name; /* NULL: all */
};

static bool list_conn(void *ctx, const struct ike_conn_info *info)
{
	const struct list_ctx *l = ctx;
	struct split s;

	if (l->name && strcmp(l->name, info->conf->name) != 0)
		return true;
	split_init(&s, l->call, SERVER_EV_LIST_CONN);
	put_conn(&s.head, info);
	for (size_t i = 0; i < info->conf->n_children; i++) {
		put_child(&s.item, &info->conf->children[i]);
		split_add(&s);
	}
	split_done(&s);
	return true;
}

void cmd_conn_list(struct server_call *call)
{
	struct list_ctx l = {call, cmd_text(call, "ike")};

	ike_each_conn(cmd_context(call)->ike, list_conn, &l);
}
