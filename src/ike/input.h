/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_INPUT_H
#define IKE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct ike_sa;

/*
 * Decode the message being worked on (sa->in or sa->out) once more into ike->msg, after a job: the
 * views of the first decoding are gone.
 */
int input_reload(struct ike_sa *sa, bool inbound) ERR_MUST_CHECK;
/* The same for payloads that were kept: `first` is the type of the first one in plain. */
int input_load(struct ike_sa *sa, uint8_t first, struct view plain) ERR_MUST_CHECK;

#endif
