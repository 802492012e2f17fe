/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mem.h"

#include <stdlib.h>

#include "pqc/ct.h"

#define ALIGN 64

void *pqc_mem_new(size_t len)
{
	return aligned_alloc(ALIGN, (len + ALIGN - 1) / ALIGN * ALIGN);
}

void pqc_mem_free(void *ptr, size_t len)
{
	if (ptr)
		pqc_ct_wipe(ptr, len);
	free(ptr);
}
