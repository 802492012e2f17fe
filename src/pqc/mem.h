/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MEM_H
#define PQC_MEM_H

#include <stddef.h>

/*
 * Work space too large for the stack of a small thread (more than 32 KiB, say). It is aligned to 64
 * bytes and not cleared. NULL when there is no memory.
 */
void *pqc_mem_new(size_t len) __attribute__((warn_unused_result));

/* Wipes all of it. NULL is fine. */
void pqc_mem_free(void *ptr, size_t len);

#endif
