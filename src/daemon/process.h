/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A command that runs by /bin/sh while the loop runs, in a process group of its own, with the
 * daemon's environment and a PATH that begins with where its programs are. What it prints goes to
 * the log as "NAME: LINE", and so does a failure.
 */

struct log;
struct process;
struct strs;
struct uv_loop_s;

struct process_params {
	struct uv_loop_s *loop;
	struct log *log;
	const char *kind;	 /* "start", for the log; must stay */
	const char *name;	 /* copied */
	const char *command;	 /* of /bin/sh -c */
	const struct strs *env;	 /* more variables, "NAME=VALUE"; NULL: none */
	uint64_t timeout_ms;	 /* its group is killed then; 0: never */
	void (*done)(void *ctx); /* when it has ended; the process is gone after the call */
	void *ctx;
};
/* 0, or an error of libuv: then done is not called. */
int process_start(const struct process_params *params, struct process **out);
/* Forget it before it has ended, done is not called; `end`: with SIGTERM to its group. */
void process_forget(struct process *p, bool end);

#endif
