/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/node.h"
#include "conf/value.h"
#include "vici/codec.h"

static void refuse_tokens(struct server_call *call)
{
	cmd_fail(call, "PKCS#11 tokens and other modules are not supported: load keys from files");
}

static const struct server_command rows[] = {
	{"version", cmd_info_version},
	{"stats", cmd_info_stats},
	{"reload-settings", cmd_info_reload},
	{"get-algorithms", cmd_info_algorithms},
	{"get-counters", cmd_counters_get},
	{"reset-counters", cmd_counters_reset},
	{"initiate", cmd_control_initiate},
	{"terminate", cmd_control_terminate},
	{"rekey", cmd_control_rekey},
	{"redirect", cmd_control_redirect},
	{"install", cmd_policy_install},
	{"uninstall", cmd_policy_uninstall},
	{"list-sas", cmd_sa_list},
	{"list-policies", cmd_policy_list},
	{"load-conn", cmd_conn_load},
	{"unload-conn", cmd_conn_unload},
	{"get-conns", cmd_conn_get},
	{"list-conns", cmd_conn_list},
	/* Cygnet's own */
	{"diff", cmd_diff},
	{"trace", cmd_sa_trace},
	{"load-cert", cmd_cred_load_cert},
	{"load-key", cmd_cred_load_key},
	{"unload-key", cmd_cred_unload_key},
	{"get-keys", cmd_cred_get_keys},
	{"load-token", refuse_tokens},
	{"load-shared", cmd_cred_load_shared},
	{"unload-shared", cmd_cred_unload_shared},
	{"get-shared", cmd_cred_get_shared},
	{"clear-creds", cmd_cred_clear},
	{"flush-certs", cmd_cred_flush},
	{"list-certs", cmd_cred_list_certs},
	{"load-pool", cmd_pool_load},
	{"unload-pool", cmd_pool_unload},
	{"get-pools", cmd_pool_get},
	{"load-authority", cmd_authority_load},
	{"unload-authority", cmd_authority_unload},
	{"get-authorities", cmd_authority_get},
	{"list-authorities", cmd_authority_list},
};

const struct server_command *cmd_table(size_t *out_n)
{
	*out_n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

void cmd_context_init(struct vici_context *c)
{
	list_init(&c->authorities);
	loaded_init(&c->loaded);
}

void cmd_context_done(struct vici_context *c)
{
	cmd_authority_clear(c);
	loaded_done(&c->loaded);
}

struct vici_context *cmd_context(const struct server_call *call)
{
	return server_call_context(call);
}

struct view cmd_bytes(const struct server_call *call, const char *key)
{
	const struct conf_value *v = conf_node_value(server_call_request(call), key);

	if (!v || v->is_list || v->count != 1)
		return view_str(NULL);
	return view_make(v->items[0].data, v->items[0].len);
}

const char *cmd_text(const struct server_call *call, const char *key)
{
	return (const char *)cmd_bytes(call, key).ptr;
}

bool cmd_flag(const struct server_call *call, const char *key)
{
	const char *text = cmd_text(call, key);
	bool flag;

	return text && value_bool(text, &flag) == 0 && flag;
}

int64_t cmd_number(const struct server_call *call, const char *key, int64_t fallback)
{
	const char *text = cmd_text(call, key);
	char *end;
	long long n;

	if (!text || !*text)
		return fallback;
	n = strtoll(text, &end, 10);
	return *end ? fallback : n;
}

void cmd_succeed(struct server_call *call)
{
	codec_text(server_call_reply(call), "success", "yes");
}

void cmd_fail(struct server_call *call, const char *fmt, ...)
{
	struct wbuf *w = server_call_reply(call);
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	codec_text(w, "success", "no");
	if (n < 0) {
		codec_text(w, "errmsg", err_text(E_NOMEM));
		return;
	}
	codec_text(w, "errmsg", text);
	free(text);
}

void cmd_finish(struct server_call *call, int err)
{
	if (err)
		cmd_fail(call, "%s", err_text(err));
	else
		cmd_succeed(call);
}
