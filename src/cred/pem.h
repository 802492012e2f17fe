/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_PEM_H
#define CRED_PEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * A copy of the DER, to be freed, in data that is DER (a SEQUENCE) or PEM: then of the first block
 * with this label ("CERTIFICATE", "X509 CRL"), which must not be encrypted. E_MALFORMED if there is
 * none; what is in the DER is not looked at.
 */
int pem_or_der(struct view data, const char *label, uint8_t **out, size_t *out_len) ERR_MUST_CHECK;

#endif
