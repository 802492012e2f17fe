/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/node.h"
#include "cygnet-config.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/dump.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/show.h"
#include "tools/ctl/show_cert.h"
#include "tools/ctl/show_status.h"
#include "tools/ctl/verb.h"
#include "vici/client.h"
#include "vici/codec.h"

/* Verbs that only look. */

typedef void show_fn(const struct conf_node *message, struct wbuf *out);

static void print_with(show_fn *show, const struct conf_node *message)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	show(message, &w);
	ctl_print(&w);
	wbuf_done(&w);
}

/* A stream of events, each printed by `show`. */
static void print_event(struct ctl *ctl, const struct conf_node *event, void *ctx)
{
	show_fn *const *show = ctx;

	(void)ctl;
	print_with(*show, event);
}

static int read_stream(struct ctl *ctl, const char *command, const char *event, show_fn *show)
{
	const struct ctl_request request = {
		.command = command, .event = event, .on_event = print_event, .ctx = &show};

	return ctl_call_options(ctl, &request, NULL);
}

static void print_status(const struct conf_node *event, struct wbuf *out)
{
	const struct screen s = screen_of_stdout();

	show_status(&s, event, out);
}

int read_sas(struct ctl *ctl)
{
	if (ctl->plain)
		return read_stream(ctl, "trace", "trace-sa", print_status);
	return read_stream(ctl, "list-sas", "list-sa", show_sa);
}

int read_policies(struct ctl *ctl)
{
	return read_stream(ctl, "list-policies", "list-policy", show_policy);
}

int read_conns(struct ctl *ctl)
{
	return read_stream(ctl, "list-conns", "list-conn", show_conn);
}

int read_authorities(struct ctl *ctl)
{
	return read_stream(ctl, "list-authorities", "list-authority", show_authority);
}

/* ---- answers without a stream --------------------------------------------------------------- */

static void print_pools(struct ctl *ctl, const struct conf_node *reply)
{
	(void)ctl;
	print_with(show_pools, reply);
}

int read_pools(struct ctl *ctl)
{
	static const char *const names[] = {"leases", "name", NULL};
	const struct ctl_request request = {.command = "get-pools", .on_reply = print_pools};

	return ctl_call_options(ctl, &request, names);
}

static void print_algorithms(struct ctl *ctl, const struct conf_node *reply)
{
	(void)ctl;
	print_with(show_algorithms, reply);
}

int read_algorithms(struct ctl *ctl)
{
	struct ctl_request request = {.command = "get-algorithms", .on_reply = print_algorithms};

	return ctl_call(ctl, &request, NULL);
}

static void print_stats(struct ctl *ctl, const struct conf_node *reply)
{
	(void)ctl;
	print_with(show_stats, reply);
}

int read_stats(struct ctl *ctl)
{
	struct ctl_request request = {.command = "stats", .on_reply = print_stats};

	return ctl_call(ctl, &request, NULL);
}

static void print_version(struct ctl *ctl, const struct conf_node *reply)
{
	(void)ctl;
	print_with(show_version, reply);
}

/* Our own needs no daemon, so the verb connects for itself. */
int read_version(struct ctl *ctl)
{
	struct ctl_request request = {.command = "version", .on_reply = print_version};

	if (ctl_option(ctl, "daemon")) {
		int rc = ctl_connect(ctl);

		return rc ? rc : ctl_call(ctl, &request, NULL);
	}
	if (ctl->format == CTL_JSON)
		printf("{\"program\":\"%s\",\"version\":\"%s\"}\n", ctl->program, CYGNET_VERSION);
	else
		printf("Cygnet %s%s\n", ctl->plain ? "" : "swanctl ", CYGNET_VERSION);
	return 0;
}

static void print_counters(struct ctl *ctl, const struct conf_node *reply)
{
	if (ctl_option(ctl, "reset"))
		printf("reset-counters completed successfully\n");
	else
		print_with(show_counters, reply);
}

int read_counters(struct ctl *ctl)
{
	static const char *const names[] = {"name", "all", NULL};
	const struct ctl_request request = {
		.command = ctl_option(ctl, "reset") ? "reset-counters" : "get-counters",
		.on_reply = print_counters,
	};

	return ctl_call_options(ctl, &request, names);
}

/* ---- certificates --------------------------------------------------------------------------- */

/* They come in the order of loading, and are printed by kind. */
struct certs {
	struct found {
		unsigned rank;
		size_t order;
		char *type, *flag;
		struct wbuf text;
	} * items;
	size_t count;
	bool failed;
};

static void fill_params(const struct ctl *ctl, const struct conf_node *event,
			struct show_cert_params *out)
{
	const struct conf_value *data = conf_node_value(event, "data");

	*out = (struct show_cert_params){
		.type = ctl_text(event, "type"),
		.data = data && data->count ? view_make(data->items[0].data, data->items[0].len)
					    : view_str(NULL),
		.has_privkey = strcmp(ctl_text(event, "has_privkey"), "yes") == 0,
		.now = time(NULL),
	};
	if (ctl) {
		out->brief = ctl_option(ctl, "short") != NULL;
		out->utc = ctl_option(ctl, "utc") != NULL;
		out->pem = ctl_option(ctl, "pem") != NULL;
	}
}

static void keep_cert(struct ctl *ctl, const struct conf_node *event, void *ctx)
{
	struct certs *certs = ctx;
	struct show_cert_params params;
	struct found *items, *f;
	int rc;

	items = realloc(certs->items, (certs->count + 1) * sizeof(*items));
	if (!items) {
		certs->failed = true;
		return;
	}
	certs->items = items;
	f = &items[certs->count];
	fill_params(ctl, event, &params);
	wbuf_init(&f->text, 0);
	rc = show_cert_text(&params, &f->text);
	if (rc) {
		fprintf(stderr, "parsing certificate failed: %s: %s\n", params.type, err_text(rc));
		certs->failed = true;
		wbuf_done(&f->text);
		return;
	}
	f->type = strdup(params.type);
	f->flag = strdup(ctl_text(event, "flag"));
	f->rank = f->type && f->flag ? show_cert_rank(f->type, f->flag) : 0;
	f->order = certs->count++;
}

static int compare_found(const void *pa, const void *pb)
{
	const struct found *a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void print_certs(const struct ctl *ctl, struct certs *certs)
{
	const char *last = "", *caption;

	if (certs->count)
		qsort(certs->items, certs->count, sizeof(*certs->items), compare_found);
	for (size_t i = 0; i < certs->count; i++) {
		struct found *f = &certs->items[i];

		caption = f->type && f->flag ? show_cert_caption(f->type, f->flag) : NULL;
		if (!ctl_option(ctl, "pem")) {
			if (caption && strcmp(caption, last) != 0)
				printf("\n%s\n", caption);
			last = caption ? caption : last;
			putchar('\n');
		}
		ctl_print(&f->text);
		wbuf_done(&f->text);
		free(f->type);
		free(f->flag);
	}
	free(certs->items);
}

/* The message with what is in the certificate in front. */
static int cert_to_json(struct view message, struct wbuf *out)
{
	struct show_cert_params params;
	struct conf_node *node;
	struct wbuf rest;
	int rc = codec_to_node(message, &node);

	if (rc)
		return rc;
	fill_params(NULL, node, &params);
	wbuf_u8(out, '{');
	if (strcmp(params.type, "X509") == 0)
		rc = show_cert_json(&params, out);
	conf_node_free(node);
	wbuf_init(&rest, 0);
	if (rc == 0)
		rc = dump_json(message, &rest);
	if (rc == 0)
		wbuf_bytes(out, rest.data + 1, rest.len - 1);
	wbuf_done(&rest);
	return rc ? rc : wbuf_err(out);
}

int read_certs(struct ctl *ctl)
{
	static const char *const names[] = {"subject", "type", "flag", NULL};
	struct certs certs = {.count = 0};
	struct ctl_request request = {
		.command = "list-certs",
		.event = "list-cert",
		.on_event = keep_cert,
		.ctx = &certs,
		.to_json = cert_to_json,
	};
	int rc = ctl_call_options(ctl, &request, names);

	print_certs(ctl, &certs);
	return rc == 0 && certs.failed ? CTL_FAILED : rc;
}

/* ---- without an end ------------------------------------------------------------------------- */

static void print_log(struct ctl *ctl, const char *name, struct view message)
{
	struct conf_node *node;

	(void)ctl;
	(void)name;
	if (codec_to_node(message, &node))
		return;
	print_with(show_log, node);
	conf_node_free(node);
}

int read_log(struct ctl *ctl)
{
	static const char *const events[] = {"log", NULL};

	return ctl_follow(ctl, events, print_log);
}

static void print_change(struct ctl *ctl, const char *name, struct view message)
{
	char label[64];
	struct wbuf w;

	(void)ctl;
	wbuf_init(&w, 0);
	snprintf(label, sizeof(label), "%.40s event", name);
	if (dump_raw(label, message, &w) == 0)
		ctl_print(&w);
	wbuf_done(&w);
}

int read_monitor(struct ctl *ctl)
{
	static const char *const events[] = {
		"ike-updown",  "ike-rekey", "ike-update", "child-updown",
		"child-rekey", "alert",	    NULL};

	return ctl_follow(ctl, events, print_change);
}
