/* SPDX-License-Identifier: Apache-2.0 */
/* Rotations that leave their source, and and-not. */
#include "pqc/sha2/sha2_rounds.h"

const struct sha2_ops sha2_bmi_ops = {compress};
