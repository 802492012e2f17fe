/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_SHA2_SHA2_OPS_H
#define PQC_SHA2_SHA2_OPS_H

#include <stdint.h>

struct sha2_ops {
	/* SHA-512 of one block of 128 bytes. */
	void (*compress)(uint64_t state[8], const uint8_t *block);
};

extern const struct sha2_ops sha2_c_ops;
extern const struct sha2_ops sha2_bmi_ops;

#endif
