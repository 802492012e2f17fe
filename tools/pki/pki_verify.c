/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "cred/dn.h"
#include "tools/pki/infile.h"
#include "tools/pki/pki.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "X.509 certificate to verify, default: standard input"},
	{"cacert", 'c', OPT_MANY, "file", "trusted CA, or a directory of them, default: itself"},
	{"crl", 'l', OPT_MANY, "file", "revocation list, or a directory of them"},
	{"online", 'o', OPT_MAY, NULL, "is not there: give lists with --crl"},
	{NULL, 0, OPT_MAY, NULL, NULL},
};

/* ---- what is trusted ------------------------------------------------------------------------ */

static int add_ca(X509_STORE *store, const char *path)
{
	X509 *ca;
	int rc = infile_cert(path, "cacert", &ca);

	if (rc)
		return rc;
	if (X509_STORE_add_cert(store, ca) != 1)
		rc = E_NOMEM;
	X509_free(ca);
	return rc;
}

static int add_crl(X509_STORE *store, const char *path)
{
	X509_CRL *crl;
	int rc = infile_crl(path, "crl", &crl);

	if (rc)
		return rc;
	if (X509_STORE_add_crl(store, crl) != 1)
		rc = E_NOMEM;
	X509_CRL_free(crl);
	return rc;
}

/* All files of a directory, but hidden ones. */
static int add_directory(X509_STORE *store, const char *path,
			 int (*add)(X509_STORE *, const char *))
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int rc = 0;

	if (!dir) {
		pki_fail("%s: %m", path);
		return E_IO;
	}
	while (rc == 0 && (entry = readdir(dir))) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) < (int)sizeof(file))
			rc = add(store, file);
	}
	closedir(dir);
	return rc;
}

static int add_given(const struct opts *o, X509_STORE *store)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		const char *name = o->given[i].row->name, *path = o->given[i].value;
		int (*add)(X509_STORE *, const char *) = NULL;
		struct stat st;

		if (strcmp(name, "cacert") == 0)
			add = add_ca;
		else if (strcmp(name, "crl") == 0)
			add = add_crl;
		if (add && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			rc = add_directory(store, path, add);
		else if (add)
			rc = add(store, path);
	}
	return rc;
}

/* ---- the path ------------------------------------------------------------------------------- */

static char *name_text(const X509 *cert)
{
	struct wbuf text;
	char *copy;

	wbuf_init(&text, 0);
	dn_text(X509_get_subject_name(cert), &text);
	copy = str_from_view(wbuf_view(&text));
	wbuf_done(&text);
	return copy;
}

static void say(FILE *out, const char *what, const X509 *cert)
{
	char *name = name_text(cert);

	fprintf(out, "%s \"%s\"\n", what, name ? name : "");
	free(name);
}

/* What is wrong, but does not end the search: it has an exit status of its own. */
struct findings {
	bool lifetime; /* a certificate of the path is not valid now */
};

static void say_revoked(X509_STORE_CTX *ctx)
{
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(ctx);
	X509_REVOKED *entry;
	BIO *out = BIO_new_fp(stderr, BIO_NOCLOSE);

	say(stderr, "certificate is revoked:", X509_STORE_CTX_get_current_cert(ctx));
	if (out && crl &&
	    X509_CRL_get0_by_cert(crl, &entry, X509_STORE_CTX_get_current_cert(ctx)) > 0) {
		BIO_puts(out, "  revoked on ");
		ASN1_TIME_print(out, X509_REVOKED_get0_revocationDate(entry));
		BIO_puts(out, "\n");
	}
	BIO_free(out);
}

static int judge(int ok, X509_STORE_CTX *ctx)
{
	struct findings *found = X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(ctx), 0);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);

	if (ok)
		return ok;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
		say(stderr, "certificate is not valid yet:", cert);
		found->lifetime = true;
		return 1;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		say(stderr, "certificate has expired:", cert);
		found->lifetime = true;
		return 1;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		/* The lists that there are decide; nothing is fetched. */
		say(stderr, "no revocation list was given for", cert);
		return 1;
	case X509_V_ERR_CERT_REVOKED:
		say_revoked(ctx);
		return 0;
	default:
		return 0;
	}
}

static void tell_path(X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int n = sk_X509_num(chain);

	for (int i = 0; i < n; i++) {
		const char *what = i == 0	? "  using certificate"
				   : i == n - 1 ? "  using trusted ca certificate"
						: "  using trusted intermediate ca certificate";

		say(stdout, what, sk_X509_value(chain, i));
	}
	if (n > 1)
		printf("  reached self-signed root ca with a path length of %d\n", n - 2);
}

static int verify(X509_STORE *store, X509 *cert, const struct findings *found)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int status = PKI_FAILED;

	if (!ctx || X509_STORE_CTX_init(ctx, store, cert, NULL) != 1) {
		pki_fail_openssl("the path cannot be built");
	} else if (X509_verify_cert(ctx) != 1) {
		fprintf(stderr, "  %s\n",
			X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
		printf("certificate untrusted\n");
	} else {
		tell_path(ctx);
		printf(found->lifetime ? "certificate trusted, but no valid lifetime\n"
				       : "certificate trusted, lifetimes valid\n");
		status = found->lifetime ? PKI_NOT_VALID_NOW : PKI_OK;
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return status;
}

static int run(const struct opts *o)
{
	struct findings found = {false};
	unsigned long flags = X509_V_FLAG_CHECK_SS_SIGNATURE;
	X509_STORE *store = X509_STORE_new();
	X509 *cert = NULL;
	int status = PKI_FAILED;

	if (opts_has(o, "crl"))
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	if (opts_has(o, "online"))
		pki_fail("--online is not there: give lists with --crl");
	else if (store && X509_STORE_set_ex_data(store, 0, &found) == 1 &&
		 X509_STORE_set_flags(store, flags) == 1 &&
		 infile_cert(opts_text(o, "in"), "in", &cert) == 0 && add_given(o, store) == 0 &&
		 (opts_has(o, "cacert") || X509_STORE_add_cert(store, cert) == 1)) {
		X509_STORE_set_verify_cb(store, judge);
		status = verify(store, cert, &found);
	}
	X509_free(cert);
	X509_STORE_free(store);
	return status;
}

const struct pki_command pki_verify_command = {
	"verify", 'v', "verify a certificate with a CA certificate", rows, run};
