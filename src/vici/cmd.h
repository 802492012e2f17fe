/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_CMD_H
#define VICI_CMD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "vici/loaded.h"
#include "vici/server.h"

/* The vici commands: a row each, and what they act upon. */

struct cred_store;
struct ike;
struct log;
struct pool_set;

/* The longest single steps of the engine's thread since the start, microseconds. */
struct vici_busy {
	uint64_t message; /* one datagram taken in */
	uint64_t result;  /* what a job has found, and the answer to it */
	uint64_t timer;
};

/* The context of the server's commands (server_params.context). Everything is borrowed. */
struct vici_context {
	struct ike *ike;
	struct cred_store *creds;
	struct pool_set *pools;
	struct log *log;
	void *ctx; /* of the functions */
	/* The engine's clock, milliseconds. */
	uint64_t (*now)(void *ctx);
	/* Read strongswan.conf again. E_CONFIG: *out_why (to free) says what is wrong. */
	int (*reload)(void *ctx, char **out_why);
	int64_t started;       /* when the daemon did, seconds since the epoch */
	unsigned workers;      /* threads of the job pool */
	struct vici_busy busy; /* kept up by the daemon */
	const char *backend;   /* name of the IPsec backend: "user" */
	/* cmd_context_init() makes these, cmd_context_done() frees them. */
	struct list authorities;
	struct loaded loaded;
};

void cmd_context_init(struct vici_context *c);
void cmd_context_done(struct vici_context *c);
/* All rows, for server_params. */
const struct server_command *cmd_table(size_t *out_n);

/* ---- for the files of the commands ---------------------------------------------------------- */

struct vici_context *cmd_context(const struct server_call *call);
/* Text of a key of the request, or NULL. */
const char *cmd_text(const struct server_call *call, const char *key);
/* Its bytes; empty if it is not there. */
struct view cmd_bytes(const struct server_call *call, const char *key);
/* "yes" and the like; false if it is not there. */
bool cmd_flag(const struct server_call *call, const char *key);
/* A decimal number, or fallback. */
int64_t cmd_number(const struct server_call *call, const char *key, int64_t fallback);
/* success=yes */
void cmd_succeed(struct server_call *call);
/* success=no, errmsg=... */
void cmd_fail(struct server_call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* cmd_succeed() for 0, else cmd_fail() with the error's text. */
void cmd_finish(struct server_call *call, int err);

/* The rows' functions, by file. */
void cmd_info_version(struct server_call *call);
void cmd_info_stats(struct server_call *call);
void cmd_info_reload(struct server_call *call);
void cmd_info_algorithms(struct server_call *call);

void cmd_counters_get(struct server_call *call);
void cmd_counters_reset(struct server_call *call);

void cmd_policy_install(struct server_call *call);
void cmd_policy_uninstall(struct server_call *call);
void cmd_policy_list(struct server_call *call);

void cmd_control_initiate(struct server_call *call);
void cmd_control_terminate(struct server_call *call);
void cmd_control_rekey(struct server_call *call);
void cmd_control_redirect(struct server_call *call);

void cmd_sa_list(struct server_call *call);
void cmd_sa_trace(struct server_call *call);

void cmd_conn_load(struct server_call *call);
void cmd_conn_unload(struct server_call *call);
void cmd_conn_get(struct server_call *call);
void cmd_conn_list(struct server_call *call);

void cmd_cred_load_cert(struct server_call *call);
void cmd_cred_load_key(struct server_call *call);
void cmd_cred_unload_key(struct server_call *call);
void cmd_cred_get_keys(struct server_call *call);
void cmd_cred_load_shared(struct server_call *call);
void cmd_cred_unload_shared(struct server_call *call);
void cmd_cred_get_shared(struct server_call *call);
void cmd_cred_clear(struct server_call *call);
void cmd_cred_flush(struct server_call *call);
void cmd_cred_list_certs(struct server_call *call);

void cmd_diff(struct server_call *call);

void cmd_pool_load(struct server_call *call);
void cmd_pool_unload(struct server_call *call);
void cmd_pool_get(struct server_call *call);

void cmd_authority_load(struct server_call *call);
void cmd_authority_unload(struct server_call *call);
void cmd_authority_get(struct server_call *call);
void cmd_authority_list(struct server_call *call);
/* Forget all authorities. */
void cmd_authority_clear(struct vici_context *c);

#endif
