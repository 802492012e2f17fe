/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_SLOTS_H
#define PROVIDER_SLOTS_H

/*
 * Private to this room. OpenSSL asks for some things by function alone, so that each row of key.h
 * needs a function of its own there: a slot. Slots without a row stay unused.
 */
/* clang-format off */
#define PROVIDER_SLOTS_EACH(do_) \
	do_(0) do_(1) do_(2) do_(3) do_(4) do_(5) do_(6) do_(7) do_(8) do_(9) do_(10) do_(11) \
	do_(12) do_(13) do_(14) do_(15) do_(16) do_(17) do_(18) do_(19) do_(20) do_(21) do_(22) \
	do_(23) do_(24) do_(25) do_(26) do_(27) do_(28) do_(29) do_(30) do_(31)
/* clang-format on */
#define PROVIDER_SLOTS_COUNT 32

#endif
