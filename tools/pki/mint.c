/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/mint.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#include "cred/dn.h"
#include "tools/pki/outfile.h"
#include "tools/pki/pki.h"

#define DAY	   86400
#define DAYS_MAX   (1000u * 366)
#define SERIAL_LEN 8
#define SERIAL_MAX 20 /* RFC 5280 section 4.1.2.2 */
#define DATEFORM   "%d.%m.%y %T"

int mint_name(const char *option, const char *text, X509_NAME **out)
{
	struct wbuf der;
	int rc;

	wbuf_init(&der, 0);
	rc = dn_encode(text, &der);
	*out = rc == 0 ? dn_decode(wbuf_view(&der)) : NULL;
	wbuf_done(&der);
	if (*out)
		return 0;
	ERR_clear_error();
	pki_fail("--%s %s: expected a distinguished name such as \"C=CH, O=Cyber, CN=moon\"",
		 option, text);
	return E_CONFIG;
}

static int set_number(ASN1_INTEGER *out, const uint8_t *bytes, size_t len)
{
	BIGNUM *n = BN_bin2bn(bytes, (int)len, NULL);
	int ok = n && BN_to_ASN1_INTEGER(n, out);

	BN_free(n);
	return ok ? 0 : E_NOMEM;
}

int mint_serial(const char *option, const char *hex, ASN1_INTEGER *out)
{
	struct wbuf bytes;
	int rc;

	wbuf_init(&bytes, 0);
	rc = str_unhex(strncmp(hex, "0x", 2) == 0 ? hex + 2 : hex, &bytes);
	if (rc == 0 && bytes.len > 0 && bytes.len <= SERIAL_MAX) {
		rc = set_number(out, bytes.data, bytes.len);
	} else {
		pki_fail("--%s %s: expected a number of 1 to %d bytes in hex, two digits each",
			 option, hex, SERIAL_MAX);
		rc = E_CONFIG;
	}
	wbuf_done(&bytes);
	return rc;
}

/* Positive, whatever chance says. */
static int set_serial(const struct opts *o, ASN1_INTEGER *out)
{
	const char *given = opts_text(o, "serial");
	uint8_t bytes[SERIAL_LEN];

	if (given)
		return mint_serial("serial", given, out);
	if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
		pki_fail_openssl("no random bytes for a serial number");
		return E_CRYPTO;
	}
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	return set_number(out, bytes, sizeof(bytes));
}

/* ---- validity ------------------------------------------------------------------------------- */

/* *io stays if the option was not given. */
static int parse_time(const struct opts *o, const char *option, int64_t *io)
{
	const char *text = opts_text(o, option), *form = opts_text(o, "dateform"), *rest;
	struct tm tm = {.tm_isdst = -1};

	if (!text)
		return 0;
	if (!form)
		form = DATEFORM;
	rest = strptime(text, form, &tm);
	if (!rest || *rest) {
		pki_fail("--%s %s: expected a time as --dateform says, \"%s\"", option, text, form);
		return E_CONFIG;
	}
	tm.tm_isdst = -1;
	*io = mktime(&tm);
	return 0;
}

int mint_validity(const struct opts *o, const struct mint_span *span, int64_t *out_begin,
		  int64_t *out_end)
{
	uint64_t days = span->days;
	int64_t begin = time(NULL), end;
	int rc = opts_number(o, "lifetime", DAYS_MAX, &days);

	if (rc == 0)
		rc = parse_time(o, span->begin, &begin);
	end = begin + (int64_t)days * DAY;
	if (rc == 0)
		rc = parse_time(o, span->end, &end);
	if (rc)
		return rc;
	if (opts_has(o, span->end) && !opts_has(o, span->begin))
		begin = end - (int64_t)days * DAY;
	if (begin >= end) {
		pki_fail("the validity ends before it begins: look at --%s, --%s and --lifetime",
			 span->begin, span->end);
		return E_CONFIG;
	}
	*out_begin = begin;
	*out_end = end;
	return 0;
}

static int set_validity(const struct opts *o, X509 *cert)
{
	static const struct mint_span span = {"not-before", "not-after", 1095};
	int64_t begin, end;
	int rc = mint_validity(o, &span, &begin, &end);

	if (rc)
		return rc;
	if (!ASN1_TIME_adj(X509_getm_notBefore(cert), begin, 0, 0) ||
	    !ASN1_TIME_adj(X509_getm_notAfter(cert), end, 0, 0)) {
		pki_fail_openssl("a validity that a certificate cannot say");
		return E_CONFIG;
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int fill(const struct mint_params *p, X509 *cert)
{
	const X509_NAME *issuer = p->issuer ? X509_get_subject_name(p->issuer) : p->subject;
	int rc;

	if (X509_set_version(cert, X509_VERSION_3) != 1 ||
	    X509_set_subject_name(cert, p->subject) != 1 ||
	    X509_set_issuer_name(cert, issuer) != 1 || X509_set_pubkey(cert, p->subject_key) != 1) {
		pki_fail_openssl("names and key do not fit into a certificate");
		return E_CRYPTO;
	}
	rc = set_serial(p->opts, X509_get_serialNumber(cert));
	return rc ? rc : set_validity(p->opts, cert);
}

static int set_extensions(const struct mint_params *p, X509 *cert)
{
	const struct extend_params extend = {p->opts, cert, p->issuer, p->purposes, p->sans};
	STACK_OF(X509_EXTENSION) *list = NULL;
	int rc = extend_all(&extend, &list);

	for (int i = 0; rc == 0 && i < sk_X509_EXTENSION_num(list); i++) {
		if (X509_add_ext(cert, sk_X509_EXTENSION_value(list, i), -1) != 1)
			rc = E_NOMEM;
	}
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return rc;
}

int mint_cert(const struct mint_params *params)
{
	X509 *cert = X509_new();
	int rc = cert ? outfile_check(params->opts) : E_NOMEM, status = PKI_FAILED;

	if (rc == 0)
		rc = fill(params, cert);
	if (rc == 0)
		rc = set_extensions(params, cert);
	if (rc == 0)
		rc = signer_sign_cert(params->signer, cert);
	if (rc == 0)
		status = outfile_cert(params->opts, cert);
	X509_free(cert);
	return status;
}
