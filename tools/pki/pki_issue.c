/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tools/pki/infile.h"
#include "tools/pki/keykind.h"
#include "tools/pki/mint.h"
#include "tools/pki/pki.h"
#include "tools/pki/request.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "key or request to issue for, default: standard input"},
	{"type", 't', OPT_MAY, "pub|pkcs10|priv|" KEYKIND_WORDS, "what --in is, default: pub"},
	{"cacert", 'c', OPT_MUST, "file", "certificate of the CA"},
	{"cakey", 'k', OPT_MAY, "file", "private key of the CA"},
	{"cakeyid", 'x', OPT_MAY, "hex", "is not there"},
	{"dn", 'd', OPT_MAY, "distinguished-name", "subject, default: that of the request"},
	{"crl", 'u', OPT_MANY, "uri", "where a revocation list can be had"},
	{"crlissuer", 'I', OPT_MANY, "name", "who issues the list of the --crl before it"},
	MINT_OPTIONS,
	{NULL, 0, OPT_MAY, NULL, NULL},
};

/* For whom: a key, and what a request says beside it. */
struct subject {
	EVP_PKEY *key;
	X509_NAME *name;
	unsigned purposes;
	GENERAL_NAMES *sans;
};

static int take_request(const struct opts *o, struct subject *out)
{
	X509_REQ *request;
	int rc = infile_request(opts_text(o, "in"), "in", &request);

	if (rc)
		return rc;
	out->key = X509_REQ_get_pubkey(request);
	if (!out->name)
		out->name = X509_NAME_dup(X509_REQ_get_subject_name(request));
	out->purposes = request_purposes(request);
	out->sans = request_sans(request);
	X509_REQ_free(request);
	return out->key && out->name ? 0 : E_NOMEM;
}

static int take_subject(const struct opts *o, struct subject *out)
{
	const char *dn = opts_text(o, "dn"), *type = opts_text(o, "type");
	bool request = type && strcmp(type, "pkcs10") == 0;
	int rc = dn ? mint_name("dn", dn, &out->name) : 0;

	if (rc)
		return rc;
	if (request)
		return take_request(o, out);
	if (!dn) {
		pki_fail("--dn distinguished-name is required: the subject, if --type is not "
			 "pkcs10");
		return E_CONFIG;
	}
	return infile_given_public(o, "pub", &out->key);
}

static int issue(const struct opts *o, const struct subject *subject)
{
	EVP_PKEY *key;
	X509 *cert;
	struct signer signer;
	int status = PKI_FAILED;

	if (infile_given_ca(o, &cert, &key))
		return PKI_FAILED;
	if (signer_init(o, key, &signer) == 0)
		status = mint_cert(&(struct mint_params){.opts = o,
							 .subject_key = subject->key,
							 .subject = subject->name,
							 .issuer = cert,
							 .signer = &signer,
							 .purposes = subject->purposes,
							 .sans = subject->sans});
	EVP_PKEY_free(key);
	X509_free(cert);
	return status;
}

static int run(const struct opts *o)
{
	struct subject subject = {NULL, NULL, 0, NULL};
	int status = take_subject(o, &subject) ? PKI_FAILED : issue(o, &subject);

	EVP_PKEY_free(subject.key);
	X509_NAME_free(subject.name);
	GENERAL_NAMES_free(subject.sans);
	return status;
}

const struct pki_command pki_issue_command = {
	"issue", 'i', "issue a certificate with a CA certificate and key", rows, run};
