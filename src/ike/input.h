/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_INPUT_H
#define IKE_INPUT_H

#include <stdbool.h>

#include "base/err.h"

struct ike_sa;

/*
 * Decode the message being worked on (sa->in or sa->out) once more into ike->msg, after a job: the
 * views of the first decoding are gone.
 */
int input_reload(struct ike_sa *sa, bool inbound) ERR_MUST_CHECK;

#endif
