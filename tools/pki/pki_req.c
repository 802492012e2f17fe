/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tools/pki/extend.h"
#include "tools/pki/infile.h"
#include "tools/pki/keykind.h"
#include "tools/pki/mint.h"
#include "tools/pki/outfile.h"
#include "tools/pki/pki.h"
#include "tools/pki/request.h"
#include "tools/pki/signer.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "private key, default: standard input"},
	{"keyid", 'x', OPT_MAY, "hex", "is not there"},
	{"type", 't', OPT_MAY, "priv|" KEYKIND_WORDS, "what the private key is, default: priv"},
	{"oldreq", 'o', OPT_MAY, "file", "request to take subject and names of, without --dn"},
	{"dn", 'd', OPT_MAY, "distinguished-name", "subject"},
	{"san", 'a', OPT_MANY, "name", "subjectAltName: host, mail or IP address, DN, uri:..."},
	{"profile", 'P', OPT_MAY, "server|client|dual|ocsp", "what the certificate is to be for"},
	{"password", 'p', OPT_MAY, "text", "challengePassword"},
	SIGNER_OPTIONS,
	{NULL, 0, OPT_MAY, NULL, NULL},
};

static int set_subject(const struct opts *o, X509_REQ *old, X509_REQ *request)
{
	X509_NAME *name = NULL;
	int rc = old ? 0 : mint_name("dn", opts_text(o, "dn"), &name);

	if (rc == 0 &&
	    X509_REQ_set_subject_name(request, old ? X509_REQ_get_subject_name(old) : name) != 1)
		rc = E_NOMEM;
	X509_NAME_free(name);
	return rc;
}

static int collect_extensions(const struct opts *o, X509_REQ *old, STACK_OF(X509_EXTENSION) * *io)
{
	size_t profile;
	int rc = 0;

	if (opts_has(o, "san") || !old)
		rc = extend_sans(o, io);
	else
		*io = X509_REQ_get_extensions(old);
	if (rc == 0 && opts_has(o, "profile")) {
		rc = opts_choice(o, "profile", request_profiles, &profile);
		if (rc == 0)
			rc = request_add_profile(profile, io);
	}
	return rc;
}

/* RFC 2985 section 5.4.1; before the extensions, as a SET OF is sorted. */
static int set_password(const struct opts *o, X509_REQ *request)
{
	const char *text = opts_text(o, "password");

	if (!text || X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, MBSTRING_UTF8,
					       (const unsigned char *)text, -1) == 1)
		return 0;
	pki_fail_openssl("--password");
	return E_CONFIG;
}

static int fill(const struct opts *o, X509_REQ *old, EVP_PKEY *key, X509_REQ *request)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	int rc = set_subject(o, old, request);

	if (rc == 0 && X509_REQ_set_pubkey(request, key) != 1)
		rc = E_CRYPTO;
	if (rc == 0)
		rc = set_password(o, request);
	if (rc == 0)
		rc = collect_extensions(o, old, &list);
	if (rc == 0 && list && X509_REQ_add_extensions(request, list) != 1)
		rc = E_NOMEM;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return rc;
}

static int make(const struct opts *o, X509_REQ *old, EVP_PKEY *key)
{
	X509_REQ *request = X509_REQ_new();
	struct signer signer;
	int status = PKI_FAILED;

	if (request && outfile_check(o) == 0 && signer_init(o, key, &signer) == 0 &&
	    fill(o, old, key, request) == 0 && signer_sign_request(&signer, request) == 0)
		status = outfile_request(o, request);
	X509_REQ_free(request);
	return status;
}

static int run(const struct opts *o)
{
	const char *oldreq = opts_text(o, "oldreq");
	X509_REQ *old = NULL;
	EVP_PKEY *key = NULL;
	int status = PKI_FAILED;

	if (!oldreq == !opts_has(o, "dn"))
		return pki_fail("either --dn distinguished-name or --oldreq file is required");
	if ((!oldreq || infile_request(oldreq, "oldreq", &old) == 0) &&
	    infile_given_private(o, &key) == 0)
		status = make(o, old, key);
	EVP_PKEY_free(key);
	X509_REQ_free(old);
	return status;
}

const struct pki_command pki_req_command = {"req", 'r', "create a PKCS#10 certificate request",
					    rows, run};
