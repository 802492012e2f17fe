/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ike/engine.h"
#include "vici/cmd.h"
#include "vici/codec.h"
#include "vici/report.h"
#include "vici/split.h"

struct filter {
	struct server_call *call;
	const char *ike, *child;
	int64_t ike_id, child_id; /* 0: any */
	bool trace;		  /* with the exchanges that they came by */
};

static bool wants_child(const struct filter *f, const struct ike_child_info *c)
{
	if (f->child && strcmp(f->child, c->name) != 0)
		return false;
	return !f->child_id || f->child_id == c->uid;
}

static bool wants_sa(const struct filter *f, const struct ike_sa_info *sa)
{
	if (f->ike && strcmp(f->ike, sa->name) != 0)
		return false;
	if (f->ike_id && f->ike_id != sa->uid)
		return false;
	if (!f->child && !f->child_id)
		return true;
	for (size_t i = 0; i < sa->n_children; i++) {
		if (wants_child(f, &sa->children[i]))
			return true;
	}
	return false;
}

static bool list_sa(void *ctx, const struct ike_sa_info *sa)
{
	const struct filter *f = ctx;
	struct split s;

	if (!wants_sa(f, sa))
		return true;
	split_init(&s, f->call, f->trace ? SERVER_EV_TRACE_SA : SERVER_EV_LIST_SA);
	codec_section(&s.head, sa->name);
	report_sa(&s.head, sa);
	if (f->trace) {
		report_ladder(&s.head, "exchanges", sa->rungs);
		report_ladder(&s.head, "rekey-exchanges", sa->rekey_rungs);
	}
	codec_section(&s.head, "child-sas");
	for (size_t i = 0; i < sa->n_children; i++) {
		if (!wants_child(f, &sa->children[i]))
			continue;
		report_child_section(&s.item, &sa->children[i], f->trace);
		split_add(&s);
	}
	split_done(&s);
	return true;
}

/* Nothing here waits for a busy SA, so `noblock` changes nothing. */
static void list(struct server_call *call, bool trace)
{
	struct vici_context *c = cmd_context(call);
	struct filter f = {
		.call = call,
		.ike = cmd_text(call, "ike"),
		.child = cmd_text(call, "child"),
		.ike_id = cmd_number(call, "ike-id", 0),
		.child_id = cmd_number(call, "child-id", 0),
		.trace = trace,
	};

	ike_each_sa(c->ike, c->now(c->ctx), list_sa, &f);
}

void cmd_sa_list(struct server_call *call)
{
	list(call, false);
}

/* A command of its own: strongSwan's swanctl stumbles over sections of list-sa that it does not
 * know. */
void cmd_sa_trace(struct server_call *call)
{
	list(call, true);
}
