/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_KEYLOG_H
#define DAEMON_KEYLOG_H

#include "base/buf.h"
#include "base/err.h"

struct ike_keylog;

/*
 * Keys for Wireshark (charon.plugins.save-keys): a line an SA in the files that Wireshark keeps in
 * its own configuration directory.
 */
#define KEYLOG_IKE_FILE "ikev2_decryption_table"
#define KEYLOG_ESP_FILE "esp_sa"

/*
 * Append the line of an SA, with its newline. E_UNSUPPORTED: Wireshark has no name for one of its
 * algorithms; nothing is appended. A sticky error of out is returned as well.
 */
int keylog_format(struct wbuf *out, const struct ike_keylog *keys) ERR_MUST_CHECK;
/* Append the line to the file in dir (made with mode 0600). E_UNSUPPORTED, E_IO, E_NOMEM. */
int keylog_write(const char *dir, const struct ike_keylog *keys) ERR_MUST_CHECK;

#endif
