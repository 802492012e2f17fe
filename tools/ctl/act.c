/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "conf/node.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/show.h"
#include "tools/ctl/verb.h"
#include "vici/codec.h"

/* Verbs that change something in the daemon, other than its configuration. */

static void print_log(struct ctl *ctl, const struct conf_node *event, void *ctx)
{
	struct wbuf w;

	(void)ctl;
	(void)ctx;
	wbuf_init(&w, 0);
	show_control_log(event, &w);
	ctl_print(&w);
	wbuf_done(&w);
}

static void say_completed(struct ctl *ctl, const struct conf_node *reply)
{
	(void)reply;
	printf("%s completed successfully\n", ctl->verb->name);
}

/* swanctl takes seconds, vici milliseconds. */
static int put_timeout(const struct ctl *ctl, struct wbuf *message)
{
	const char *text = ctl_option(ctl, "timeout");
	uint64_t seconds;

	if (!text)
		return 0;
	if (str_u64(text, 1u << 30, &seconds)) {
		fprintf(stderr, "%s: --timeout %s: expected seconds as a number\n", ctl->program,
			text);
		return CTL_USAGE;
	}
	codec_fmt(message, "timeout", "%llu", (unsigned long long)seconds * 1000);
	return 0;
}

static int call_with_log(struct ctl *ctl, const char *command, struct wbuf *message,
			 struct conf_node **out_reply)
{
	struct ctl_request request = {
		.command = command,
		.event = "control-log",
		.message = wbuf_view(message),
		.on_event = print_log,
		.on_reply = say_completed,
		.acts = true,
		.quiet = out_reply != NULL,
	};

	return ctl_call(ctl, &request, out_reply);
}

int act_initiate(struct ctl *ctl)
{
	static const char *const names[] = {"child", "ike", "loglevel", NULL};
	struct wbuf message;
	int rc;

	wbuf_init(&message, 0);
	codec_text(&message, "child", ctl->arg);
	ctl_put_options(ctl, names, &message);
	rc = put_timeout(ctl, &message);
	if (rc == 0)
		rc = call_with_log(ctl, "initiate", &message, NULL);
	wbuf_done(&message);
	return rc;
}

/* `down NAME`: the connection of that name, or else the child. */
static int terminate_named(struct ctl *ctl, const char *what, bool last, bool *out_none)
{
	static const char *const names[] = {"force", "loglevel", NULL};
	struct conf_node *reply = NULL;
	struct wbuf message;
	int rc;

	wbuf_init(&message, 0);
	codec_text(&message, what, ctl->arg);
	ctl_put_options(ctl, names, &message);
	rc = put_timeout(ctl, &message);
	if (rc == 0)
		rc = call_with_log(ctl, "terminate", &message, &reply);
	wbuf_done(&message);
	*out_none = rc && reply && strcmp(ctl_text(reply, "matches"), "0") == 0;
	if (reply && rc == 0 && ctl->format == CTL_TEXT)
		say_completed(ctl, reply);
	else if (reply && rc && *out_none && last)
		fprintf(stderr, "terminate failed: no connection and no child named '%s' is up\n",
			ctl->arg);
	else if (reply && rc && !*out_none)
		fprintf(stderr, "terminate failed: %s\n", ctl_text(reply, "errmsg"));
	conf_node_free(reply);
	return rc;
}

int act_terminate(struct ctl *ctl)
{
	static const char *const names[] = {"child", "ike",	 "child-id", "ike-id",
					    "force", "loglevel", NULL};
	struct wbuf message;
	bool none;
	int rc;

	if (ctl->arg) {
		rc = terminate_named(ctl, "ike", false, &none);
		return none ? terminate_named(ctl, "child", true, &none) : rc;
	}
	wbuf_init(&message, 0);
	ctl_put_options(ctl, names, &message);
	rc = put_timeout(ctl, &message);
	if (rc == 0)
		rc = call_with_log(ctl, "terminate", &message, NULL);
	wbuf_done(&message);
	return rc;
}

int act_plain(struct ctl *ctl)
{
	/* Quietly done, as strongSwan's, when there is nothing to say. */
	bool silent = strcmp(ctl->verb->name, "reload-settings") == 0 ||
		      strcmp(ctl->verb->name, "flush-certs") == 0;
	const struct ctl_request request = {
		.command = ctl->verb->name,
		.on_reply = silent ? NULL : say_completed,
		.acts = true,
	};

	return ctl_call_options(ctl, &request, NULL);
}
