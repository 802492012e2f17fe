/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_VICI_HOUSE_H
#define TESTS_UNIT_VICI_HOUSE_H

#include "tests/unit/vici/memclient.h"

#include "base/log.h"
#include "cred/store.h"
#include "ike/engine.h"
#include "pool/pool.h"
#include "vici/cmd.h"

/*
 * The commands on a real engine and real stores; no peer answers and no time passes by itself.
 * What is not as expected ends the test.
 */
#define HOUSE_JOBS 16

struct house {
	struct log *log;
	struct log_sink sink;
	char lines[8192]; /* what was logged, a line each */
	struct cred_store *creds;
	struct pool_set *pools;
	struct ike *ike;
	struct server *server;
	struct server_client *client;
	struct vici_context context;
	uint64_t now;
	struct ike_job *jobs[HOUSE_JOBS];
	size_t n_jobs;
	unsigned sent, reloads;
	struct wbuf message; /* the request being written */
};

/* For cmocka; *state becomes a struct house. */
int house_set_up(void **state);
int house_tear_down(void **state);
void house_run_jobs(struct house *h);

/* Write key = value into the next request. */
void house_put(struct house *h, const char *key, const char *value);
/* Send what has been written to h->message. */
void house_ask(struct house *h, const char *command);
/* The answer as a tree, NULL if there is none; events before it are counted (NULL: are not), the
 * last one kept in *out_event (or NULL). Trees are the caller's. */
struct conf_node *house_hear(struct house *h, unsigned *out_events, struct conf_node **out_event);
struct conf_node *house_call(struct house *h, const char *command);
void house_expect_success(struct house *h, const char *command);
/* The errmsg contains this. */
void house_expect_error(struct house *h, const char *command, const char *text);
/* It was logged; all lines so far are forgotten. */
void house_expect_line(struct house *h, const char *line);
/* Items of a list in the answer, joined by blanks. */
void house_expect_list(struct house *h, const char *command, const char *key, const char *want);

#define HOUSE_TEST(name) cmocka_unit_test_setup_teardown(test_##name, house_set_up, house_tear_down)

#endif
