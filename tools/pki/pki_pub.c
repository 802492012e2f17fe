/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <string.h>

#include "tools/pki/infile.h"
#include "tools/pki/keykind.h"
#include "tools/pki/outfile.h"
#include "tools/pki/pki.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "what has the key, default: standard input"},
	{"keyid", 'x', OPT_MAY, "hex", "is not there"},
	{"type", 't', OPT_MAY, "priv|pub|pkcs10|x509|" KEYKIND_WORDS,
	 "what --in is, default: priv"},
	{"outform", 'f', OPT_MAY, "der|pem", "encoding of the public key, default: der"},
	{NULL, 0, OPT_MAY, NULL, NULL},
};

static int run(const struct opts *o)
{
	const char *form = opts_text(o, "outform");
	EVP_PKEY *key = NULL;
	int status = PKI_FAILED;

	if (form && (strcmp(form, "sshkey") == 0 || strcmp(form, "dnskey") == 0))
		return pki_fail("--outform %s is not there: `ssh-keygen -i -m PKCS8` makes an SSH "
				"key of --outform pem",
				form);
	if (outfile_check(o) == 0 && infile_given_public(o, "priv", &key) == 0)
		status = outfile_public(o, key);
	EVP_PKEY_free(key);
	return status;
}

const struct pki_command pki_pub_command = {
	"pub", 'p', "extract the public key of a key, request or certificate", rows, run};
