/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/sha2/sha2_rounds.h"

const struct sha2_ops sha2_c_ops = {compress};
