/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "tools/pki/extend.h"
#include "tools/pki/infile.h"
#include "tools/pki/mint.h"
#include "tools/pki/outfile.h"
#include "tools/pki/pki.h"
#include "tools/pki/signer.h"

static const struct opt_row rows[] = {
	{"cacert", 'c', OPT_MUST, "file", "certificate of the CA"},
	{"cakey", 'k', OPT_MAY, "file", "private key of the CA"},
	{"cakeyid", 'x', OPT_MAY, "hex", "is not there"},
	{"lifetime", 'l', OPT_MAY, "days", "days until the next list, default: 15"},
	{"this-update", 'F', OPT_MAY, "datetime", "begin of the list's validity, default: now"},
	{"next-update", 'T', OPT_MAY, "datetime", "end of the list's validity"},
	MINT_DATEFORM,
	{"lastcrl", 'a', OPT_MAY, "file", "list to copy revocations from"},
	{"basecrl", 'b', OPT_MAY, "file", "list that the new one says the difference to"},
	{"crluri", 'u', OPT_MANY, "uri", "where lists of differences can be had"},
	{"cert", 'z', OPT_MANY, "file", "certificate to revoke"},
	{"serial", 's', OPT_MANY, "hex", "serial number to revoke"},
	{"reason", 'r', OPT_MANY,
	 "key-compromise|ca-compromise|affiliation-changed|superseded|cessation-of-operation|"
	 "certificate-hold",
	 "why; for the --cert or --serial behind it"},
	{"date", 'd', OPT_MANY, "timestamp", "when, in seconds since 1970; likewise"},
	{"critical", 'X', OPT_MANY, "oid", "an empty critical extension, for tests"},
	SIGNER_OPTIONS,
	{NULL, 0, OPT_MAY, NULL, NULL},
};

/* ---- entries -------------------------------------------------------------------------------- */

/* What --reason and --date have said about the next certificate. */
struct circumstances {
	int reason; /* CRL_REASON_*; unspecified is not written (RFC 5280 section 5.3.1) */
	int64_t date;
};

static int no_memory(void)
{
	pki_fail("out of memory");
	return E_NOMEM;
}

static int set_reason(X509_REVOKED *entry, int reason)
{
	ASN1_ENUMERATED *value;
	int ok;

	if (reason == CRL_REASON_UNSPECIFIED)
		return 0;
	value = ASN1_ENUMERATED_new();
	ok = value && ASN1_ENUMERATED_set(value, reason) == 1 &&
	     X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, 0) == 1;
	ASN1_ENUMERATED_free(value);
	return ok ? 0 : no_memory();
}

static int revoke(X509_CRL *crl, ASN1_INTEGER *serial, const struct circumstances *why)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_adj(NULL, why->date, 0, 0);
	int rc = E_NOMEM;

	if (entry && when && X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
	    X509_REVOKED_set_revocationDate(entry, when) == 1)
		rc = set_reason(entry, why->reason);
	ASN1_TIME_free(when);
	if (rc == 0 && X509_CRL_add0_revoked(crl, entry) == 1)
		return 0;
	X509_REVOKED_free(entry);
	return rc ? rc : no_memory();
}

static int revoke_file(X509_CRL *crl, const char *path, const struct circumstances *why)
{
	X509 *cert;
	int rc = infile_cert(path, "cert", &cert);

	if (rc)
		return rc;
	rc = revoke(crl, X509_get_serialNumber(cert), why);
	X509_free(cert);
	return rc;
}

static int revoke_serial(X509_CRL *crl, const char *hex, const struct circumstances *why)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	int rc = serial ? mint_serial("serial", hex, serial) : no_memory();

	if (rc == 0)
		rc = revoke(crl, serial, why);
	ASN1_INTEGER_free(serial);
	return rc;
}

static int parse_reason(const char *text, int *out)
{
	static const char *const words[] = {"key-compromise",
					    "ca-compromise",
					    "affiliation-changed",
					    "superseded",
					    "cessation-of-operation",
					    "certificate-hold",
					    NULL};
	static const int reasons[] = {
		CRL_REASON_KEY_COMPROMISE,	   CRL_REASON_CA_COMPROMISE,
		CRL_REASON_AFFILIATION_CHANGED,	   CRL_REASON_SUPERSEDED,
		CRL_REASON_CESSATION_OF_OPERATION, CRL_REASON_CERTIFICATE_HOLD};
	size_t i;

	if (opts_word("reason", text, words, &i))
		return E_CONFIG;
	*out = reasons[i];
	return 0;
}

static int parse_date(const char *text, int64_t *out)
{
	uint64_t seconds;

	if (str_u64(text, INT32_MAX * 64ULL, &seconds)) {
		pki_fail("--date %s: expected seconds since 1970", text);
		return E_CONFIG;
	}
	*out = (int64_t)seconds;
	return 0;
}

static int revoke_given(const struct opts *o, X509_CRL *crl)
{
	const struct circumstances usual = {CRL_REASON_UNSPECIFIED, time(NULL)};
	struct circumstances why = usual;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		const char *name = o->given[i].row->name, *value = o->given[i].value;

		if (strcmp(name, "reason") == 0) {
			rc = parse_reason(value, &why.reason);
		} else if (strcmp(name, "date") == 0) {
			rc = parse_date(value, &why.date);
		} else if (strcmp(name, "cert") == 0) {
			rc = revoke_file(crl, value, &why);
			why = usual;
		} else if (strcmp(name, "serial") == 0) {
			rc = revoke_serial(crl, value, &why);
			why = usual;
		}
	}
	return rc;
}

/* ---- lists that were before ----------------------------------------------------------------- */

/* A list of this CA: else its entries would be about other certificates. */
static int load_before(const char *path, const char *option, X509 *ca, X509_CRL **out)
{
	X509_CRL *crl;
	int rc = infile_crl(path, option, &crl);

	if (rc)
		return rc;
	if (X509_CRL_verify(crl, X509_get0_pubkey(ca)) == 1) {
		*out = crl;
		return 0;
	}
	pki_fail_openssl("--%s %s: this list is not signed by --cacert", option, path);
	X509_CRL_free(crl);
	return E_AUTH;
}

static int copy_entries(X509_CRL *from, X509_CRL *to)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(from);

	for (int i = 0; i < sk_X509_REVOKED_num(list); i++) {
		X509_REVOKED *copy = X509_REVOKED_dup(sk_X509_REVOKED_value(list, i));

		if (!copy || X509_CRL_add0_revoked(to, copy) != 1) {
			X509_REVOKED_free(copy);
			return no_memory();
		}
	}
	return 0;
}

/* The number of the list behind one, or of the first one. To be freed; NULL: no memory. */
static ASN1_INTEGER *number_after(X509_CRL *before)
{
	ASN1_INTEGER *known =
		before ? X509_CRL_get_ext_d2i(before, NID_crl_number, NULL, NULL) : NULL;
	BIGNUM *n = known ? ASN1_INTEGER_to_BN(known, NULL) : BN_new();
	ASN1_INTEGER *next = NULL;

	if (n && BN_add_word(n, 1) == 1)
		next = BN_to_ASN1_INTEGER(n, NULL);
	BN_free(n);
	ASN1_INTEGER_free(known);
	return next;
}

/* ---- the list ------------------------------------------------------------------------------- */

/* Takes no value over; NULL is no memory. */
static int add_extension(X509_CRL *crl, int nid, void *value, bool critical)
{
	if (value && X509_CRL_add1_ext_i2d(crl, nid, value, critical, 0) == 1)
		return 0;
	pki_fail_openssl("extension %s", OBJ_nid2sn(nid));
	return E_NOMEM;
}

static int add_base(X509_CRL *crl, X509_CRL *base)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(base, NID_crl_number, NULL, NULL);
	int rc;

	if (!number) {
		pki_fail("--basecrl: this list has no number, so none can refer to it");
		return E_CONFIG;
	}
	rc = add_extension(crl, NID_delta_crl, number, true);
	ASN1_INTEGER_free(number);
	return rc;
}

static int add_points(const struct opts *o, X509_CRL *crl)
{
	CRL_DIST_POINTS *points;
	int rc = extend_points(o, "crluri", NULL, &points);

	if (rc)
		return rc;
	if (sk_DIST_POINT_num(points) > 0)
		rc = add_extension(crl, NID_freshest_crl, points, false);
	CRL_DIST_POINTS_free(points);
	return rc;
}

static int add_critical(const struct opts *o, X509_CRL *crl)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	int rc = extend_critical(o, &list);

	for (int i = 0; rc == 0 && i < sk_X509_EXTENSION_num(list); i++) {
		if (X509_CRL_add_ext(crl, sk_X509_EXTENSION_value(list, i), -1) != 1)
			rc = no_memory();
	}
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return rc;
}

static int set_times(const struct opts *o, X509_CRL *crl)
{
	static const struct mint_span span = {"this-update", "next-update", 15};
	ASN1_TIME *begin = NULL, *end = NULL;
	int64_t from, to;
	int rc = mint_validity(o, &span, &from, &to);

	if (rc)
		return rc;
	begin = ASN1_TIME_adj(NULL, from, 0, 0);
	end = ASN1_TIME_adj(NULL, to, 0, 0);
	if (!begin || !end || X509_CRL_set1_lastUpdate(crl, begin) != 1 ||
	    X509_CRL_set1_nextUpdate(crl, end) != 1)
		rc = no_memory();
	ASN1_TIME_free(begin);
	ASN1_TIME_free(end);
	return rc;
}

/* Who issues, what the list is, and what it is based on. */
static int set_frame(const struct opts *o, X509 *ca, X509_CRL *last, X509_CRL *base, X509_CRL *crl)
{
	AUTHORITY_KEYID *authority = extend_authority(ca);
	ASN1_INTEGER *number = number_after(base ? base : last);
	int rc = 0;

	if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) != 1)
		rc = no_memory();
	if (rc == 0)
		rc = set_times(o, crl);
	if (rc == 0)
		rc = add_extension(crl, NID_authority_key_identifier, authority, false);
	if (rc == 0)
		rc = add_extension(crl, NID_crl_number, number, false);
	if (rc == 0 && base)
		rc = add_base(crl, base);
	if (rc == 0)
		rc = add_points(o, crl);
	AUTHORITY_KEYID_free(authority);
	ASN1_INTEGER_free(number);
	return rc;
}

static int make(const struct opts *o, X509 *ca, EVP_PKEY *key)
{
	const char *last_path = opts_text(o, "lastcrl"), *base_path = opts_text(o, "basecrl");
	X509_CRL *crl = X509_CRL_new(), *last = NULL, *base = NULL;
	struct signer signer;
	int rc = crl ? outfile_check(o) : no_memory(), status = PKI_FAILED;

	if (rc == 0)
		rc = signer_init(o, key, &signer);
	if (rc == 0 && last_path)
		rc = load_before(last_path, "lastcrl", ca, &last);
	if (rc == 0 && base_path)
		rc = load_before(base_path, "basecrl", ca, &base);
	if (rc == 0)
		rc = set_frame(o, ca, last, base, crl);
	if (rc == 0)
		rc = add_critical(o, crl);
	if (rc == 0)
		rc = revoke_given(o, crl);
	if (rc == 0 && last)
		rc = copy_entries(last, crl);
	if (rc == 0 && signer_sign_crl(&signer, crl) == 0)
		status = outfile_crl(o, crl);
	X509_CRL_free(last);
	X509_CRL_free(base);
	X509_CRL_free(crl);
	return status;
}

static int run(const struct opts *o)
{
	EVP_PKEY *key;
	X509 *ca;
	int status;

	if (infile_given_ca(o, &ca, &key))
		return PKI_FAILED;
	status = make(o, ca, key);
	EVP_PKEY_free(key);
	X509_free(ca);
	return status;
}

const struct pki_command pki_signcrl_command = {
	"signcrl", 'c', "issue a revocation list with a CA certificate and key", rows, run};
