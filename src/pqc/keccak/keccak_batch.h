/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_KECCAK_KECCAK_BATCH_H
#define PQC_KECCAK_KECCAK_BATCH_H

#include "pqc/keccak/keccak.h"

/* The longest output of a job that has `done`, and how much can be read behind its end. */
#define KECCAK_BATCH_OUT_MAX 848
#define KECCAK_BATCH_SLACK   32

/*
 * One of many inputs that have nothing to do with each other, not even length or function. The
 * output goes to `out`; or, where that is NULL, to done(), which has it for the time of the call
 * and may use `to`.
 */
struct keccak_job {
	enum keccak_kind kind;
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
	void (*done)(const struct keccak_job *job, const uint8_t *out);
	void *to;
};

/*
 * Runs all of them, side by side where that is cheaper. Put the longest first: a lane that becomes
 * free takes the next. Everything is wiped.
 */
void keccak_batch_run(const struct keccak_job *jobs, unsigned n);

#endif
