/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_FPR_H
#define PQC_FALCON_FALCON_FPR_H

/*
 * A real number, in the way of the variant that includes this: its own doubles, if it says so, or
 * integers. The headers on top of it are written once and compiled for each. The order of their
 * operations is part of Falcon: it decides the last bits of all numbers, and with them now and then
 * a signature.
 */
#ifdef FALCON_FPR_NATIVE
#include "pqc/falcon/falcon_fpr_native.h"
#else
#include "pqc/falcon/falcon_fpr_emu.h"
#endif

#endif
