/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/node.h"
#include "conf/value.h"
#include "tools/ctl/dump.h"
#include "vici/client.h"
#include "vici/codec.h"

const char *ctl_option(const struct ctl *ctl, const char *name)
{
	const struct ctl_option *o = ctl->verb->options;

	for (size_t i = 0; o && o[i].name; i++) {
		if (strcmp(o[i].name, name) == 0)
			return ctl->values[i];
	}
	return NULL;
}

void ctl_print(struct wbuf *w)
{
	struct view v = wbuf_view(w);

	fwrite(v.ptr, 1, v.len, stdout);
	fflush(stdout);
	wbuf_reset(w);
}

const char *ctl_text(const struct conf_node *node, const char *key)
{
	const struct conf_value *v = conf_node_value(node, key);

	return v && v->count ? v->items[0].data : "";
}

bool ctl_succeeded(const struct conf_node *reply, const char **out_why)
{
	const struct conf_value *v = conf_node_value(reply, "success");
	bool yes = true;

	if (!v || (v->count && value_bool(v->items[0].data, &yes) == 0 && yes))
		return true;
	*out_why = ctl_text(reply, "errmsg");
	return false;
}

void ctl_put_options(const struct ctl *ctl, const char *const *names, struct wbuf *message)
{
	for (; *names; names++) {
		const char *value = ctl_option(ctl, *names);

		/* A flag has no value of its own. */
		codec_text(message, *names, value && !*value ? "yes" : value);
	}
}

int ctl_connect(struct ctl *ctl)
{
	int rc = client_connect(ctl->uri, &ctl->client);

	if (rc == 0)
		return CTL_OK;
	if (rc == E_CONFIG) {
		fprintf(stderr, "%s: expected --uri unix:///path or tcp://host:port, not '%s'\n",
			ctl->program, ctl->uri);
		return CTL_USAGE;
	}
	fprintf(stderr, "connecting to '%s' URI failed: %s\n",
		ctl->uri_given ? ctl->uri : "default", strerror(errno));
	if (rc == E_NOTFOUND)
		fprintf(stderr,
			"cygnetd is not running: nobody answers on %s. Start it (systemctl start "
			"cygnetd), or say with --uri where it listens.\n",
			ctl->uri);
	else if (errno == EACCES)
		fprintf(stderr, "%s may be used by root and by the group that owns it.\n",
			ctl->uri);
	return rc == E_NOTFOUND ? CTL_NO_DAEMON : CTL_FAILED;
}

/* ---- printing ------------------------------------------------------------------------------- */

static int say_malformed(const struct ctl *ctl, const char *what, int rc)
{
	fprintf(stderr, "%s: the daemon's %s cannot be read: %s\n", ctl->program, what,
		err_text(rc));
	return CTL_FAILED;
}

/* Print a message in a format other than text. */
static int print_message(struct ctl *ctl, const char *name, const char *kind, struct view message)
{
	char label[64];
	struct wbuf w;
	int rc;

	wbuf_init(&w, 0);
	snprintf(label, sizeof(label), "%.40s %s", name, kind);
	if (ctl->format == CTL_RAW)
		rc = dump_raw(label, message, &w);
	else if (ctl->format == CTL_PRETTY)
		rc = dump_pretty(label, message, &w);
	else
		rc = dump_json(message, &w);
	if (rc)
		rc = say_malformed(ctl, label, rc);
	else
		ctl_print(&w);
	wbuf_done(&w);
	return rc;
}

static void print_element(struct ctl *ctl, const struct ctl_request *request, struct view message)
{
	struct wbuf w;
	int rc;

	wbuf_init(&w, 0);
	wbuf_str(&w, ctl->json_begun ? ",\n " : "[");
	rc = request->to_json ? request->to_json(message, &w) : dump_json(message, &w);
	if (rc) {
		(void)say_malformed(ctl, request->event, rc);
	} else {
		ctl->json_begun = true;
		ctl_print(&w);
	}
	wbuf_done(&w);
}

/* ---- calls ---------------------------------------------------------------------------------- */

struct pending {
	struct ctl *ctl;
	const struct ctl_request *request;
};

static void on_event(void *ctx, const char *name, struct view message)
{
	const struct pending *p = ctx;
	struct ctl *ctl = p->ctl;
	struct conf_node *node;
	int rc;

	if (ctl->format == CTL_JSON) {
		if (!p->request->acts)
			print_element(ctl, p->request, message);
	} else if (ctl->format != CTL_TEXT) {
		(void)print_message(ctl, name, "event", message);
	} else if (p->request->on_event) {
		rc = codec_to_node(message, &node);
		if (rc) {
			(void)say_malformed(ctl, name, rc);
			return;
		}
		p->request->on_event(ctl, node, p->request->ctx);
		conf_node_free(node);
	}
}

static int say_lost(const struct ctl *ctl, const char *command, int rc)
{
	if (rc == E_UNSUPPORTED)
		fprintf(stderr, "%s: the daemon does not know the command '%s'\n", ctl->program,
			command);
	else if (rc == E_IO)
		fprintf(stderr, "%s: %s: lost the connection to the daemon at %s: %s\n",
			ctl->program, command, ctl->uri, errno ? strerror(errno) : "it hung up");
	else
		fprintf(stderr, "%s: %s: %s\n", ctl->program, command, err_text(rc));
	return CTL_FAILED;
}

static int show_reply(struct ctl *ctl, const struct ctl_request *request, struct view message,
		      const struct conf_node *reply)
{
	const char *why = NULL;
	bool good = ctl_succeeded(reply, &why);
	int rc = 0;

	if (ctl->format == CTL_RAW || ctl->format == CTL_PRETTY) {
		rc = print_message(ctl, request->command, "reply", message);
	} else if (!request->quiet && good && ctl->format == CTL_JSON) {
		if (!request->event || request->acts)
			rc = print_message(ctl, request->command, "reply", message);
		else
			fputs(ctl->json_begun ? "]" : "[]", stdout);
		putchar('\n');
	} else if (!request->quiet && good && request->on_reply) {
		request->on_reply(ctl, reply);
	} else if (!request->quiet && !good) {
		fprintf(stderr, "%s failed: %s\n", request->command, why);
	}
	return good ? rc : CTL_FAILED;
}

static int finish(struct ctl *ctl, const struct ctl_request *request, struct view message,
		  struct conf_node **out_reply)
{
	struct conf_node *reply;
	int rc = codec_to_node(message, &reply);

	if (rc)
		return say_malformed(ctl, "answer", rc);
	rc = show_reply(ctl, request, message, reply);
	if (out_reply)
		*out_reply = reply;
	else
		conf_node_free(reply);
	return rc;
}

int ctl_call(struct ctl *ctl, const struct ctl_request *request, struct conf_node **out_reply)
{
	struct pending pending = {ctl, request};
	struct client_request r = {
		.command = request->command,
		.message = request->message,
		.event = on_event,
		.ctx = &pending,
	};
	struct wbuf reply;
	int rc = 0;

	if (out_reply)
		*out_reply = NULL;
	if (request->event)
		rc = client_register(ctl->client, request->event);
	if (rc)
		return say_lost(ctl, request->event, rc);
	wbuf_init(&reply, CODEC_MAX_PACKET);
	rc = client_request(ctl->client, &r, &reply);
	if (rc)
		rc = say_lost(ctl, request->command, rc);
	else
		rc = finish(ctl, request, wbuf_view(&reply), out_reply);
	wbuf_done(&reply);
	return rc;
}

int ctl_call_options(struct ctl *ctl, const struct ctl_request *request, const char *const *names)
{
	struct ctl_request full = *request;
	struct wbuf message;
	int rc;

	wbuf_init(&message, 0);
	if (names)
		ctl_put_options(ctl, names, &message);
	for (const struct ctl_option *o = names ? NULL : ctl->verb->options; o && o->name; o++)
		ctl_put_options(ctl, (const char *const[]){o->name, NULL}, &message);
	full.message = wbuf_view(&message);
	rc = ctl_call(ctl, &full, NULL);
	wbuf_done(&message);
	return rc;
}

int ctl_follow(struct ctl *ctl, const char *const *events,
	       void (*on_each)(struct ctl *ctl, const char *name, struct view message))
{
	const char *name = "";
	struct wbuf message;
	int rc = 0;

	for (size_t i = 0; events[i] && rc == 0; i++) {
		name = events[i];
		rc = client_register(ctl->client, name);
	}
	wbuf_init(&message, CODEC_MAX_PACKET);
	while (rc == 0) {
		wbuf_reset(&message);
		rc = client_next_event(ctl->client, &name, &message);
		if (rc == 0 && ctl->format == CTL_TEXT)
			on_each(ctl, name, wbuf_view(&message));
		else if (rc == 0)
			(void)print_message(ctl, name, "event", wbuf_view(&message));
		if (rc == 0 && ctl->format == CTL_JSON)
			putchar('\n');
		fflush(stdout);
	}
	wbuf_done(&message);
	return say_lost(ctl, ctl->verb->name, rc);
}
