/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SHOW_CERT_H
#define CTL_SHOW_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* X.509 as `swanctl --list-certs` prints it. */

struct show_cert_params {
	const char *type; /* of the list-cert event: "X509", "X509_CRL", "PUBKEY" */
	struct view data; /* DER */
	bool has_privkey;
	bool brief; /* --short: flags, URIs and revoked certificates left out */
	bool utc;   /* --utc: times in UTC, else local */
	bool pem;   /* --pem: the PEM encoding instead */
	int64_t now;
};

/* E_UNSUPPORTED for a type not named above, E_MALFORMED if it cannot be parsed. */
int show_cert_text(const struct show_cert_params *params, struct wbuf *out) ERR_MUST_CHECK;
/* The same facts as members of a JSON object, each followed by a comma. X509 only. */
int show_cert_json(const struct show_cert_params *params, struct wbuf *out) ERR_MUST_CHECK;
/* "List of X.509 CA Certificates": the caption of a kind. NULL if unknown. */
const char *show_cert_caption(const char *type, const char *flag);
/* Order of kinds in a list. */
unsigned show_cert_rank(const char *type, const char *flag);

#endif
