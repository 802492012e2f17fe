/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/log.h"
#include "daemon/busy.h"
#include "ike/engine.h"

/* Threads of the pool count from here in log lines; 00 is control, 01 the engine's. */
#define FIRST_THREAD 2

struct work {
	uv_work_t req;
	struct jobs *jobs;
	struct ike_job *job;
};

void jobs_set_threads(unsigned threads)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", threads);
	setenv("UV_THREADPOOL_SIZE", text, 1);
}

uint64_t jobs_now(void)
{
	return uv_hrtime() / 1000000;
}

static void number_thread(void)
{
	static atomic_uint next = FIRST_THREAD;
	static _Thread_local unsigned number;

	if (number == 0) {
		number = atomic_fetch_add(&next, 1);
		log_set_thread(number);
	}
}

static void on_work(uv_work_t *req)
{
	number_thread();
	ike_job_run(((struct work *)req)->job);
}

static void on_done(uv_work_t *req, int status)
{
	struct work *w = (struct work *)req;
	struct jobs *jobs = w->jobs;
	const uint64_t since = busy_begin();

	(void)status; /* nothing is cancelled */
	jobs->out--;
	ike_job_done(jobs->ike, w->job, jobs_now());
	busy_end(since, jobs->busy);
	free(w);
}

void jobs_submit(void *ctx, struct ike_job *job)
{
	struct jobs *jobs = ctx;
	struct work *w = calloc(1, sizeof(*w));

	/* The engine cannot go on without the job, nor is there a way to give it back here. */
	if (!w) {
		log_print(jobs->log, NULL, LOG_JOB, LOG_AUDIT, "out of memory for a job");
		abort();
	}
	w->jobs = jobs;
	w->job = job;
	jobs->out++;
	(void)!uv_queue_work(jobs->loop, &w->req, on_work, on_done);
}
