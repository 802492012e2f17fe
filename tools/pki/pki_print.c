/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "tools/ctl/show_cert.h"
#include "tools/pki/infile.h"
#include "tools/pki/keykind.h"
#include "tools/pki/pki.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "what to print, default: standard input"},
	{"keyid", 'x', OPT_MAY, "hex", "is not there"},
	{"type", 't', OPT_MAY, "x509|crl|pub|priv|" KEYKIND_WORDS, "what it is, default: x509"},
	{NULL, 0, OPT_MAY, NULL, NULL},
};

/* In the place of "  pubkey:    ", which show_cert.h begins with. */
#define LABEL_PRIVATE "  privkey:   "

/* Frees the DER. */
static int show(const char *type, unsigned char *der, int len, struct wbuf *out)
{
	const struct show_cert_params params = {
		.type = type, .data = view_make(der, len > 0 ? (size_t)len : 0), .now = time(NULL)};
	int rc = len > 0 ? show_cert_text(&params, out) : E_MALFORMED;

	OPENSSL_free(der);
	return rc;
}

static int print_cert(const struct opts *o, struct wbuf *out)
{
	unsigned char *der = NULL;
	X509 *cert;
	int len, rc = infile_cert(opts_text(o, "in"), "in", &cert);

	if (rc)
		return rc;
	len = i2d_X509(cert, &der);
	X509_free(cert);
	return show("X509", der, len, out);
}

static int print_crl(const struct opts *o, struct wbuf *out)
{
	unsigned char *der = NULL;
	X509_CRL *crl;
	int len, rc = infile_crl(opts_text(o, "in"), "in", &crl);

	if (rc)
		return rc;
	len = i2d_X509_CRL(crl, &der);
	X509_CRL_free(crl);
	return show("X509_CRL", der, len, out);
}

static int print_key(const struct opts *o, struct wbuf *out)
{
	bool private = strcmp(opts_text(o, "type"), "pub") != 0;
	unsigned char *der = NULL;
	EVP_PKEY *key;
	int len, rc = infile_given_public(o, "pub", &key);

	if (rc)
		return rc;
	len = i2d_PUBKEY(key, &der);
	EVP_PKEY_free(key);
	rc = show("PUBKEY", der, len, out);
	if (rc == 0 && private && out->len > strlen(LABEL_PRIVATE))
		memcpy(out->data, LABEL_PRIVATE, strlen(LABEL_PRIVATE));
	return rc;
}

static int run(const struct opts *o)
{
	const char *type = opts_has(o, "type") ? opts_text(o, "type") : "x509";
	struct wbuf out;
	int rc;

	if (strcmp(type, "ac") == 0)
		return pki_fail("--type ac: attribute certificates are used by no connection here");
	wbuf_init(&out, 0);
	if (strcmp(type, "x509") == 0)
		rc = print_cert(o, &out);
	else if (strcmp(type, "crl") == 0)
		rc = print_crl(o, &out);
	else
		rc = print_key(o, &out);
	if (rc == 0)
		fwrite(out.data, 1, out.len, stdout);
	wbuf_done(&out);
	return rc ? PKI_FAILED : PKI_OK;
}

const struct pki_command pki_print_command = {"print", 'a', "print a credential for people", rows,
					      run};
