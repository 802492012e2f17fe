/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "ike/counters.h"
#include "ike/engine.h"
#include "vici/cmd.h"
#include "vici/codec.h"

/* Of one connection, or of the engine, whose name is "". */
static int put_counters(struct wbuf *w, const struct ike *ike, const char *conn)
{
	uint64_t n[COUNTERS_N];
	int rc = counters_read(ike, conn, n);

	if (rc)
		return rc;
	codec_section(w, conn ? conn : "");
	for (unsigned i = 0; i < COUNTERS_N; i++)
		codec_fmt(w, counters_name(i), "%" PRIu64, n[i]);
	codec_section_end(w);
	return 0;
}

struct get {
	struct wbuf *w;
	const struct ike *ike;
};

static bool put_conn(void *ctx, const struct ike_conn_info *info)
{
	const struct get *g = ctx;

	return put_counters(g->w, g->ike, info->conf->name) == 0;
}

static void answer(struct server_call *call, int rc)
{
	if (rc == E_NOTFOUND)
		cmd_fail(call, "no counters found for this connection");
	else
		cmd_finish(call, rc);
}

void cmd_counters_get(struct server_call *call)
{
	struct get g = {server_call_reply(call), cmd_context(call)->ike};
	int rc = 0;

	codec_section(g.w, "counters");
	if (cmd_flag(call, "all"))
		ike_each_conn(g.ike, put_conn, &g);
	else
		rc = put_counters(g.w, g.ike, cmd_text(call, "name"));
	codec_section_end(g.w);
	answer(call, rc);
}

static bool reset_conn(void *ctx, const struct ike_conn_info *info)
{
	return counters_reset(ctx, info->conf->name) == 0;
}

void cmd_counters_reset(struct server_call *call)
{
	struct ike *ike = cmd_context(call)->ike;
	int rc = 0;

	if (cmd_flag(call, "all"))
		ike_each_conn(ike, reset_conn, ike);
	else
		rc = counters_reset(ike, cmd_text(call, "name"));
	answer(call, rc);
}
