/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tools/pki/infile.h"
#include "tools/pki/keykind.h"
#include "tools/pki/mint.h"
#include "tools/pki/pki.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "private key, default: standard input"},
	{"keyid", 'x', OPT_MAY, "hex", "is not there"},
	{"type", 't', OPT_MAY, "priv|" KEYKIND_WORDS, "what the private key is, default: priv"},
	{"dn", 'd', OPT_MUST, "distinguished-name", "subject and issuer"},
	MINT_OPTIONS,
	{NULL, 0, OPT_MAY, NULL, NULL},
};

static int run(const struct opts *o)
{
	EVP_PKEY *key = NULL;
	X509_NAME *subject = NULL;
	struct signer signer;
	int status = PKI_FAILED;

	if (mint_name("dn", opts_text(o, "dn"), &subject) == 0 &&
	    infile_given_private(o, &key) == 0 && signer_init(o, key, &signer) == 0)
		status = mint_cert(&(struct mint_params){
			.opts = o, .subject_key = key, .subject = subject, .signer = &signer});
	EVP_PKEY_free(key);
	X509_NAME_free(subject);
	return status;
}

const struct pki_command pki_self_command = {"self", 's', "create a self-signed certificate", rows,
					     run};
