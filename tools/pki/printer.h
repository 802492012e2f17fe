/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PRINTER_H
#define PKI_PRINTER_H

#include <stddef.h>

#include "base/buf.h"

/* Bytes on standard output, as --format says: words, NULL at the end. */
extern const char *const printer_formats[];
/* format is an index of printer_formats; the caption stands over the bytes in the first one. */
void printer_bytes(struct view bytes, size_t format, const char *caption);

#endif
