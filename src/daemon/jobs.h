/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_JOBS_H
#define DAEMON_JOBS_H

#include <stdint.h>

/* The engine's slow work on libuv's thread pool. */

struct ike;
struct ike_job;
struct log;
struct uv_loop_s;

struct jobs {
	struct uv_loop_s *loop;
	struct log *log;
	struct ike *ike; /* gets them back */
	unsigned out;	 /* how many have not come back */
	uint64_t *busy;	 /* busy_end() of giving one back goes there */
};

/*
 * Size the pool, for every loop of the process: before anything is queued, and before threads are
 * started.
 */
void jobs_set_threads(unsigned threads);
/* Milliseconds of the clock that the engine lives by. */
uint64_t jobs_now(void);
/* The hook ike_hooks.submit, with the jobs as its context. */
void jobs_submit(void *jobs, struct ike_job *job);

#endif
