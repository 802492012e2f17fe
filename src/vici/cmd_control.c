/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/engine.h"
#include "vici/cmd.h"
#include "vici/codec.h"

/* initiate and terminate: asked of the engine, answered when it is done or time is up; and what is
 * only asked for. */

/* A call that waits for the engine. */
struct control {
	struct server_call *call;
	struct vici_context *context;
	struct ike_request *request;
	bool starting; /* within ike_initiate() or ike_terminate() */
	bool answered;
	bool terminate;
	char *what; /* "CHILD_SA 'net'" */
	int64_t timeout_ms;
};

static void control_free(struct control *c)
{
	free(c->what);
	free(c);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void answer(struct control *c, const struct ike_request_result *r)
{
	struct wbuf *w = server_call_reply(c->call);

	codec_text(w, "success", r->err ? "no" : "yes");
	if (c->terminate) {
		codec_fmt(w, "matches", "%u", r->matches);
		codec_fmt(w, "terminated", "%u", r->terminated);
	}
	if (r->err && !c->terminate && r->message &&
	    strncmp(r->message, "establishing ", strlen("establishing ")) != 0)
		codec_fmt(w, "errmsg", "establishing %s failed: %s", c->what, r->message);
	else if (r->err && r->message)
		codec_text(w, "errmsg", r->message);
	else if (r->err && c->terminate)
		codec_text(w, "errmsg",
			   r->terminated ? "not all matching SAs could be terminated"
					 : "terminating SA failed");
	else if (r->err)
		codec_fmt(w, "errmsg", "establishing %s failed", c->what);
}

/* End the call; the log must not ask about it any more. */
static void finish(struct control *c)
{
	server_call_watch_log(c->call, LOG_SILENT, NULL, NULL);
	server_call_done(c->call);
	control_free(c);
}

/* From within an engine call; while starting, the starter still uses c. */
static void on_done(void *ctx, const struct ike_request_result *result)
{
	struct control *c = ctx;

	c->request = NULL;
	answer(c, result);
	c->answered = true;
	if (!c->starting)
		finish(c);
}

static void on_cancel(void *state)
{
	struct control *c = state;

	ike_request_cancel(c->context->ike, c->request);
	control_free(c);
}

static void on_expired(void *state)
{
	struct control *c = state;
	char text[CODEC_MAX_NAME + 64];

	snprintf(text, sizeof(text), "%.200s not %s after %" PRId64 "ms", c->what,
		 c->terminate ? "terminated" : "established", c->timeout_ms);
	codec_text(server_call_reply(c->call), "success", "no");
	codec_text(server_call_reply(c->call), "errmsg", text);
	ike_request_cancel(c->context->ike, c->request);
	finish(c);
}

static bool is_about(void *ctx, const struct log_line *line)
{
	const struct control *c = ctx;

	if (c->starting)
		return true;
	return c->request && line->tag.name && line->tag.uid == ike_request_sa(c->request);
}

/* ---- starting ------------------------------------------------------------------------------- */

static struct control *control_new(struct server_call *call, bool terminate)
{
	const char *child = cmd_text(call, "child"), *ike = cmd_text(call, "ike");
	struct control *c = calloc(1, sizeof(*c));
	int n;

	if (!c)
		return NULL;
	c->call = call;
	c->context = cmd_context(call);
	c->terminate = terminate;
	c->timeout_ms = cmd_number(call, "timeout", 0);
	if (child || ike)
		n = asprintf(&c->what, "%s_SA '%s'", child ? "CHILD" : "IKE", child ? child : ike);
	else
		n = asprintf(&c->what, "SA");
	if (n < 0) {
		free(c);
		return NULL;
	}
	return c;
}

/* What follows a start: an error, an answer that is there already, or waiting for one. */
static void wait_or_answer(struct control *c, int rc)
{
	struct server_call *call = c->call;

	c->starting = false;
	if (rc || c->answered || c->timeout_ms < 0) {
		server_call_watch_log(call, LOG_SILENT, NULL, NULL);
		control_free(c);
		return;
	}
	server_call_later(call, on_cancel, c);
	if (c->timeout_ms > 0)
		server_call_expire(call, (uint64_t)c->timeout_ms, on_expired);
}

static void begin(struct control *c)
{
	log_print(c->context->log, NULL, LOG_CFG, LOG_CTRL, "vici %s %s",
		  c->terminate ? "terminate" : "initiate", c->what);
	c->starting = true;
	server_call_watch_log(c->call, (int)cmd_number(c->call, "loglevel", LOG_CTRL), is_about, c);
}

static void refuse_unknown(struct server_call *call)
{
	const char *child = cmd_text(call, "child");

	cmd_fail(call, "%s_SA config '%s' not found", child ? "CHILD" : "IKE",
		 child ? child : cmd_text(call, "ike"));
}

void cmd_control_initiate(struct server_call *call)
{
	struct ike_initiate_params params = {
		.ike = cmd_text(call, "ike"), .child = cmd_text(call, "child"), .done = on_done};
	struct control *c;
	int rc;

	if (!params.ike && !params.child) {
		cmd_fail(call, "missing configuration name");
		return;
	}
	c = control_new(call, false);
	if (!c) {
		cmd_finish(call, E_NOMEM);
		return;
	}
	params.ctx = c;
	/* Nobody is told when nobody waits. */
	if (c->timeout_ms < 0)
		params.done = NULL;
	begin(c);
	rc = ike_initiate(c->context->ike, c->context->now(c->context->ctx), &params, &c->request);
	if (rc == E_NOTFOUND)
		refuse_unknown(call);
	else if (rc == E_LIMIT || rc == E_FULL)
		cmd_fail(call, "establishing %s not possible at the moment due to limits", c->what);
	else if (rc)
		cmd_fail(call, "establishing %s failed: %s", c->what, err_text(rc));
	else if (c->timeout_ms < 0)
		cmd_succeed(call);
	wait_or_answer(c, rc);
}

static void refuse_terminate(struct server_call *call, int rc)
{
	struct wbuf *w = server_call_reply(call);

	codec_text(w, "success", "no");
	codec_text(w, "matches", "0");
	codec_text(w, "terminated", "0");
	codec_text(w, "errmsg",
		   rc == E_CONFIG     ? "missing terminate selector"
		   : rc == E_NOTFOUND ? "no matching SAs to terminate found"
				      : "terminating SA failed");
}

void cmd_control_terminate(struct server_call *call)
{
	struct ike_terminate_params params = {
		.ike = cmd_text(call, "ike"),
		.child = cmd_text(call, "child"),
		.ike_id = (uint32_t)cmd_number(call, "ike-id", 0),
		.child_id = (uint32_t)cmd_number(call, "child-id", 0),
		.force = cmd_flag(call, "force"),
		.done = on_done,
	};
	struct control *c = control_new(call, true);
	int rc;

	if (!c) {
		cmd_finish(call, E_NOMEM);
		return;
	}
	params.ctx = c;
	if (c->timeout_ms < 0)
		params.done = NULL;
	begin(c);
	rc = ike_terminate(c->context->ike, c->context->now(c->context->ctx), &params, &c->request);
	if (rc)
		refuse_terminate(call, rc);
	else if (c->timeout_ms < 0)
		cmd_succeed(call);
	wait_or_answer(c, rc);
}

/* ---- asked for, and not waited for ---------------------------------------------------------- */

static void answer_matches(struct server_call *call, int rc, unsigned matches, const char *why)
{
	struct wbuf *w = server_call_reply(call);

	codec_text(w, "success", rc ? "no" : "yes");
	codec_fmt(w, "matches", "%u", matches);
	if (rc)
		codec_text(w, "errmsg", why ? why : err_text(rc));
}

void cmd_control_rekey(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const struct ike_rekey_params params = {
		.ike = cmd_text(call, "ike"),
		.child = cmd_text(call, "child"),
		.ike_id = (uint32_t)cmd_number(call, "ike-id", 0),
		.child_id = (uint32_t)cmd_number(call, "child-id", 0),
		.reauth = cmd_flag(call, "reauth"),
	};
	unsigned matches = 0;
	int rc = ike_rekey(c->ike, c->now(c->ctx), &params, &matches);

	answer_matches(call, rc, matches,
		       rc == E_CONFIG	  ? "missing rekey selector"
		       : rc == E_NOTFOUND ? "no matching SAs to rekey found"
					  : NULL);
}

void cmd_control_redirect(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const struct ike_redirect_params params = {
		.ike = cmd_text(call, "ike"),
		.ike_id = (uint32_t)cmd_number(call, "ike-id", 0),
		.peer_ip = cmd_text(call, "peer-ip"),
		.peer_id = cmd_text(call, "peer-id"),
		.gateway = cmd_text(call, "gateway"),
	};
	unsigned matches = 0;
	char *why = NULL;
	int rc;

	if (!params.gateway) {
		answer_matches(call, E_CONFIG, 0, "missing target gateway");
		return;
	}
	rc = ike_redirect(c->ike, c->now(c->ctx), &params, &matches, &why);
	answer_matches(call, rc, matches, why);
	free(why);
}
