/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* What the verbs of the control program share. */

struct client;
struct conf_node;

/* Exit statuses; 22 is EINVAL, which strongSwan's swanctl answers too. */
enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2, CTL_NO_DAEMON = 3, CTL_BAD_CONFIG = 22 };

enum ctl_format { CTL_TEXT, CTL_RAW, CTL_PRETTY, CTL_JSON };

/* An option of a verb. */
struct ctl_option {
	const char *name; /* "child" */
	char letter;	  /* 'c'; 0: none */
	const char *arg;  /* "<name>"; NULL: a flag */
	const char *help;
};

#define CTL_MAX_OPTIONS 16

struct ctl;

struct ctl_verb {
	const char *name;  /* of swanctl: "list-sas"; NULL: it has none */
	char letter;	   /* 'l' */
	const char *plain; /* of cygnet: "status"; NULL: it has none */
	const char *args;  /* of the plain verb: "CHILD"; NULL: none */
	const char *summary;
	const struct ctl_option *options; /* ended by a NULL name; may be NULL */
	int (*run)(struct ctl *ctl);
	bool offline; /* needs no daemon */
};

struct ctl {
	const char *program; /* "swanctl" or "cygnet" */
	const struct ctl_verb *verb;
	bool plain;	 /* the plain verbs were used */
	const char *uri; /* as given, or from strongswan.conf, or the default */
	bool uri_given;
	enum ctl_format format;
	const char *values[CTL_MAX_OPTIONS]; /* by index in verb->options; "" for a flag */
	const char *arg;		     /* of a plain verb, or NULL */
	struct client *client;		     /* connected unless the verb is offline */
	bool json_begun;		     /* an element of the array has been printed */
};

/* Connect to the daemon at ctl->uri; says so on stderr if it cannot. Returns an exit status. */
int ctl_connect(struct ctl *ctl);
/* Value of an option of this verb ("" for a flag), or NULL if it was not given. */
const char *ctl_option(const struct ctl *ctl, const char *name);

/* ---- requests ------------------------------------------------------------------------------- */

/* A request with what is to be done with events and with the answer when the format is text. */
struct ctl_request {
	const char *command;
	const char *event; /* stream to register for; may be NULL */
	struct view message;
	void (*on_event)(struct ctl *ctl, const struct conf_node *event, void *ctx);
	void *ctx;
	/* May be NULL. Gets the answer of a command that has not failed. */
	void (*on_reply)(struct ctl *ctl, const struct conf_node *reply);
	/* What JSON makes of an event; NULL: dump_json(). */
	int (*to_json)(struct view message, struct wbuf *out);
	bool quiet; /* the caller tells about success and failure (raw formats show the answer) */
	bool acts;  /* not a read: with JSON, the answer is all there is */
};

/*
 * Do it, and print events and answer as the format wants. A refusal goes to stderr, "COMMAND
 * failed: why", unless quiet. out_reply (may be NULL) gets the answer as a tree, for
 * conf_node_free(), or NULL when there is none. Returns an exit status.
 */
int ctl_call(struct ctl *ctl, const struct ctl_request *request, struct conf_node **out_reply);
/*
 * The same, with a message made of these options ("child", "ike"; NULL at the end), as far as they
 * were given. Without names: of all that the verb has.
 */
int ctl_call_options(struct ctl *ctl, const struct ctl_request *request, const char *const *names);
/* Add these options to a message. */
void ctl_put_options(const struct ctl *ctl, const char *const *names, struct wbuf *message);
/* Events until the daemon hangs up: each printed as the format wants, in text by on_event. */
int ctl_follow(struct ctl *ctl, const char *const *events,
	       void (*on_event)(struct ctl *ctl, const char *name, struct view message));
/* Whether the answer says success (or says nothing about it); else *out_why is why, borrowed. */
bool ctl_succeeded(const struct conf_node *reply, const char **out_why);
/* Write everything in w to stdout and empty it. */
void ctl_print(struct wbuf *w);
/* Text of a key, or "". */
const char *ctl_text(const struct conf_node *node, const char *key);

#endif
