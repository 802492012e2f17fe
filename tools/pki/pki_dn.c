/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "tools/pki/infile.h"
#include "tools/pki/pki.h"
#include "tools/pki/printer.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "X.509 certificate, default: standard input"},
	{"format", 'f', OPT_MAY, "config|hex|base64|bin", "how it is written, default: config"},
	{NULL, 0, OPT_MAY, NULL, NULL},
};

static int run(const struct opts *o)
{
	/* Where the formats differ from the usual ones: as an identity of swanctl.conf. */
	static const char *const formats[] = {"config", "hex", "base64", "bin", NULL};
	const unsigned char *der;
	size_t format = 0, len;
	char *hex;
	X509 *cert;

	if (opts_choice(o, "format", formats, &format) ||
	    infile_cert(opts_text(o, "in"), "in", &cert))
		return PKI_FAILED;
	if (X509_NAME_get0_der(X509_get_subject_name(cert), &der, &len) != 1)
		len = 0;
	if (format > 0) {
		printer_bytes(view_make(der, len), format, NULL);
	} else {
		hex = str_hex(view_make(der, len), "");
		printf("\"asn1dn:#%s\"\n", hex ? hex : "");
		free(hex);
	}
	X509_free(cert);
	return PKI_OK;
}

const struct pki_command pki_dn_command = {"dn", 'd', "extract the subject of a certificate", rows,
					   run};
