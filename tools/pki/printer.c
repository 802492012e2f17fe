/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/printer.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

const char *const printer_formats[] = {"pretty", "hex", "base64", "bin", NULL};
enum { PRETTY, HEX, BASE64, BIN };

static void print_base64(struct view bytes)
{
	unsigned char *text = malloc(4 * ((bytes.len + 2) / 3) + 1);

	if (text && EVP_EncodeBlock(text, bytes.ptr, (int)bytes.len) >= 0)
		printf("%s\n", text);
	free(text);
}

void printer_bytes(struct view bytes, size_t format, const char *caption)
{
	char *text;

	if (format == BIN) {
		fwrite(bytes.ptr, 1, bytes.len, stdout);
	} else if (format == BASE64) {
		print_base64(bytes);
	} else {
		text = str_hex(bytes, format == PRETTY ? ":" : "");
		if (format == PRETTY)
			printf("%s\n             %s\n", caption, text ? text : "");
		else
			printf("%s\n", text ? text : "");
		free(text);
	}
}
