/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

/* Values of configuration keys. All return E_CONFIG when the text is not of the form. */

/* yes|true|enabled|1 / no|false|disabled|0, any case. */
int value_bool(const char *text, bool *out) ERR_MUST_CHECK;
/* About 136 years: sums of times, also in milliseconds, don't overflow. */
#define VALUE_MAX_SECONDS UINT32_MAX
/* Seconds: integer with optional s, m, h, d; at most VALUE_MAX_SECONDS. */
int value_seconds(const char *text, uint64_t *out) ERR_MUST_CHECK;
/* Bytes: integer with optional k, m, g (1024-based). */
int value_bytes(const char *text, uint64_t *out) ERR_MUST_CHECK;
/* A log level: -1..4. */
int value_level(const char *text, int *out) ERR_MUST_CHECK;
/* A shared secret: plain text, 0xHEX or 0sBASE64. */
int value_secret(const char *text, struct secret *out) ERR_MUST_CHECK;

#endif
