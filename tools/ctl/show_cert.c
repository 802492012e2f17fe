/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/show_cert.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/str.h"
#include "cred/cert.h"
#include "cred/crl.h"
#include "cred/id.h"
#include "crypto/sign.h"
#include "tools/ctl/dump.h"

static const struct kind {
	const char *type, *flag, *caption;
} kinds[] = {
	{"PUBKEY", NULL, "List of Raw Public Keys"},
	{"X509", "NONE", "List of X.509 End Entity Certificates"},
	{"X509", "CA", "List of X.509 CA Certificates"},
	{"X509", "AA", "List of X.509 AA Certificates"},
	{"X509", "OCSP", "List of X.509 OCSP Signer Certificates"},
	{"X509_AC", NULL, "List of X.509 Attribute Certificates"},
	{"X509_CRL", NULL, "List of X.509 CRLs"},
	{"OCSP_RESPONSE", NULL, "List of OCSP Responses"},
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

unsigned show_cert_rank(const char *type, const char *flag)
{
	unsigned i = 0;

	while (i < N_KINDS && (strcmp(kinds[i].type, type) != 0 ||
			       (kinds[i].flag && strcmp(kinds[i].flag, flag) != 0)))
		i++;
	return i;
}

const char *show_cert_caption(const char *type, const char *flag)
{
	unsigned rank = show_cert_rank(type, flag);

	return rank < N_KINDS ? kinds[rank].caption : NULL;
}

/* ---- pieces --------------------------------------------------------------------------------- */

static void put_hex(struct view v, struct wbuf *out)
{
	for (size_t i = 0; i < v.len; i++)
		wbuf_fmt(out, "%s%02x", i ? ":" : "", v.ptr[i]);
}

static void put_name(const X509_NAME *name, struct wbuf *out)
{
	const unsigned char *der;
	size_t len;

	if (X509_NAME_get0_der((X509_NAME *)name, &der, &len))
		id_dn_text(view_make(der, len), out);
}

/* Without leading zero bytes, but for a serial number 0. */
static void put_integer(const ASN1_INTEGER *n, struct wbuf *out)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(n, NULL);
	unsigned char bytes[64] = {0};
	int len = bn ? BN_num_bytes(bn) : 0;

	if (bn && len > 0 && len <= (int)sizeof(bytes))
		BN_bn2bin(bn, bytes);
	put_hex(view_make(bytes, len > 0 && len <= (int)sizeof(bytes) ? (size_t)len : 1), out);
	BN_free(bn);
}

static int64_t to_seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return t && ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) : 0;
}

static void put_time(const struct show_cert_params *p, int64_t when, struct wbuf *out)
{
	time_t t = (time_t)when;
	char text[64];
	struct tm tm;

	if (p->utc)
		gmtime_r(&t, &tm);
	else
		localtime_r(&t, &tm);
	strftime(text, sizeof(text), p->utc ? "%b %d %H:%M:%S UTC %Y" : "%b %d %H:%M:%S %Y", &tm);
	wbuf_str(out, text);
}

/* "1459 days": the largest unit of which there are more than two. */
static void put_span(int64_t seconds, struct wbuf *out)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;
	long long n;

	while (i < 3 && seconds <= 2 * units[i].seconds)
		i++;
	n = seconds / units[i].seconds;
	wbuf_fmt(out, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
}

static void put_begin(const struct show_cert_params *p, int64_t when, struct wbuf *out)
{
	put_time(p, when, out);
	if (p->now < when) {
		wbuf_str(out, ", not valid yet (valid in ");
		put_span(when - p->now, out);
		wbuf_str(out, ")");
	} else {
		wbuf_str(out, ", ok");
	}
	wbuf_u8(out, '\n');
}

static void put_end(const struct show_cert_params *p, int64_t when, struct wbuf *out)
{
	put_time(p, when, out);
	if (p->now > when) {
		wbuf_str(out, ", expired (");
		put_span(p->now - when, out);
		wbuf_str(out, " ago)\n");
	} else {
		wbuf_str(out, ", ok (expires in ");
		put_span(when - p->now, out);
		wbuf_str(out, ")\n");
	}
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* A key of raw bytes counts them; RSA and EC count as OpenSSL does. */
static size_t key_bits(const EVP_PKEY *key)
{
	size_t len;

	if (EVP_PKEY_get_raw_public_key(key, NULL, &len) == 1)
		return 8 * len;
	return (size_t)EVP_PKEY_get_bits(key);
}

static void put_key(EVP_PKEY *key, bool has_privkey, struct wbuf *out)
{
	wbuf_fmt(out, "  pubkey:    %s %zu bits%s\n", sign_key_type(key), key_bits(key),
		 has_privkey ? ", has private key" : "");
}

static void put_key_ids(struct view spki_sha1, struct view subject_key, struct wbuf *out)
{
	wbuf_str(out, "  keyid:     ");
	put_hex(spki_sha1, out);
	wbuf_str(out, "\n  subjkey:   ");
	put_hex(subject_key, out);
	wbuf_u8(out, '\n');
}

static int show_pubkey(const struct show_cert_params *p, struct wbuf *out)
{
	const unsigned char *der = p->data.ptr, *bits;
	X509_PUBKEY *pub = d2i_X509_PUBKEY(NULL, &der, (long)p->data.len);
	EVP_PKEY *key = pub ? X509_PUBKEY_get0(pub) : NULL;
	unsigned char spki[SHA_DIGEST_LENGTH], subject[SHA_DIGEST_LENGTH];
	int len;

	if (!key || !X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, pub)) {
		X509_PUBKEY_free(pub);
		return E_MALFORMED;
	}
	SHA1(p->data.ptr, p->data.len, spki);
	SHA1(bits, (size_t)len, subject);
	put_key(key, p->has_privkey, out);
	put_key_ids(view_make(spki, sizeof(spki)), view_make(subject, sizeof(subject)), out);
	X509_PUBKEY_free(pub);
	return 0;
}

/* ---- extensions ----------------------------------------------------------------------------- */

static bool put_general_name(const GENERAL_NAME *name, struct wbuf *out)
{
	const ASN1_STRING *s;
	struct addr a;
	char text[ADDR_TEXT_MAX];
	int type;

	switch (name->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		s = GENERAL_NAME_get0_value(name, &type);
		wbuf_bytes(out, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
		return true;
	case GEN_IPADD:
		s = GENERAL_NAME_get0_value(name, &type);
		if (addr_from_bytes(
			    &a, view_make(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)),
			    0))
			return false;
		wbuf_str(out, addr_text(&a, text));
		return true;
	case GEN_DIRNAME:
		put_name(name->d.directoryName, out);
		return true;
	default:
		return false;
	}
}

static void collect_alt_names(const X509 *x, struct wbuf *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	struct wbuf one;

	wbuf_init(&one, 0);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		wbuf_reset(&one);
		if (!put_general_name(sk_GENERAL_NAME_value(names, i), &one))
			continue;
		if (out->len)
			wbuf_str(out, ", ");
		wbuf_add(out, wbuf_view(&one));
	}
	wbuf_done(&one);
	GENERAL_NAMES_free(names);
}

static bool has_purpose(const X509 *x, const char *oid)
{
	EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);
	bool found = false;

	for (int i = 0; wanted && i < sk_ASN1_OBJECT_num(purposes); i++)
		found |= OBJ_cmp(sk_ASN1_OBJECT_value(purposes, i), wanted) == 0;
	ASN1_OBJECT_free(wanted);
	EXTENDED_KEY_USAGE_free(purposes);
	return found;
}

/* Each with a blank behind it, the last one too. */
static void put_flags(const struct cert *c, struct wbuf *out)
{
	static const struct {
		const char *oid, *name;
	} purposes[] = {
		{"1.3.6.1.5.5.7.3.9", "ocspSigning "},
		{"1.3.6.1.5.5.7.3.1", "serverAuth "},
		{"1.3.6.1.5.5.7.3.2", "clientAuth "},
		{"1.3.6.1.5.5.8.2.2", "ikeIntermediate "},
	};

	if (c->ca)
		wbuf_str(out, "CA ");
	/* Without the extension OpenSSL answers that everything is allowed. */
	if (X509_get_ext_by_NID(c->x509, NID_key_usage, -1) >= 0 &&
	    X509_get_key_usage(c->x509) & KU_CRL_SIGN)
		wbuf_str(out, "CRLSign ");
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
		if (has_purpose(c->x509, purposes[i].oid))
			wbuf_str(out, purposes[i].name);
	}
	if (c->self_signed)
		wbuf_str(out, "self-signed ");
}

/* A list: the first of it stands beside the label, the others below, where strongSwan has them. */
struct label {
	const char *text;
	int indent;
	unsigned n;
};

static void put_label(struct label *label, struct wbuf *out)
{
	if (label->n++)
		wbuf_fmt(out, "%*s", label->indent, "");
	else
		wbuf_fmt(out, "  %-11s", label->text);
}

static void put_string(const ASN1_STRING *s, struct wbuf *out)
{
	wbuf_bytes(out, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static void put_uri(struct label *label, const GENERAL_NAME *name, struct wbuf *out)
{
	if (name->type != GEN_URI)
		return;
	put_label(label, out);
	put_string(name->d.uniformResourceIdentifier, out);
	wbuf_u8(out, '\n');
}

/* A URI, with who issues the list there if it is not the issuer of the certificate. */
static void put_point(struct label *label, const DIST_POINT *p, struct wbuf *out)
{
	const GENERAL_NAMES *names = p->distpoint->name.fullname;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		put_uri(label, sk_GENERAL_NAME_value(names, i), out);
		if (sk_GENERAL_NAME_num(p->CRLissuer) <= 0 || wbuf_err(out))
			continue;
		wbuf_truncate(out, out->len - 1);
		wbuf_str(out, " (CRL issuer: ");
		put_general_name(sk_GENERAL_NAME_value(p->CRLissuer, 0), out);
		wbuf_str(out, ")\n");
	}
}

static void put_points(struct label label, const CRL_DIST_POINTS *points, struct wbuf *out)
{
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(points, i);

		if (p->distpoint && p->distpoint->type == 0)
			put_point(&label, p, out);
	}
}

static void put_crl_uris(const X509 *x, struct wbuf *out)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);

	put_points((struct label){"CRL URIs:", 11, 0}, points, out);
	CRL_DIST_POINTS_free(points);
}

static void put_ocsp_uris(const X509 *x, struct wbuf *out)
{
	AUTHORITY_INFO_ACCESS *info = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
	struct label label = {"OCSP URIs:", 11, 0};

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(info); i++) {
		const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(info, i);

		if (OBJ_obj2nid(d->method) == NID_ad_OCSP)
			put_uri(&label, d->location, out);
	}
	AUTHORITY_INFO_ACCESS_free(info);
}

static void put_oid(const ASN1_OBJECT *object, struct wbuf *out)
{
	char oid[128];

	OBJ_obj2txt(oid, sizeof(oid), object, 1);
	wbuf_str(out, oid);
}

static void put_policy(const POLICYINFO *policy, struct wbuf *out)
{
	wbuf_fmt(out, "%13s", "");
	put_oid(policy->policyid, out);
	wbuf_u8(out, '\n');
	for (int i = 0; i < sk_POLICYQUALINFO_num(policy->qualifiers); i++) {
		const POLICYQUALINFO *q = sk_POLICYQUALINFO_value(policy->qualifiers, i);

		if (OBJ_obj2nid(q->pqualid) != NID_id_qt_cps)
			continue;
		wbuf_fmt(out, "%13sCPS: ", "");
		put_string(q->d.cpsuri, out);
		wbuf_u8(out, '\n');
	}
}

static void put_policies(const X509 *x, struct wbuf *out)
{
	CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);

	if (sk_POLICYINFO_num(policies) > 0)
		wbuf_str(out, "  certificatePolicies:\n");
	for (int i = 0; i < sk_POLICYINFO_num(policies); i++)
		put_policy(sk_POLICYINFO_value(policies, i), out);
	CERTIFICATEPOLICIES_free(policies);
}

static void put_mappings(const X509 *x, struct wbuf *out)
{
	POLICY_MAPPINGS *mappings = X509_get_ext_d2i(x, NID_policy_mappings, NULL, NULL);

	if (sk_POLICY_MAPPING_num(mappings) > 0)
		wbuf_str(out, "  policyMappings:\n");
	for (int i = 0; i < sk_POLICY_MAPPING_num(mappings); i++) {
		const POLICY_MAPPING *m = sk_POLICY_MAPPING_value(mappings, i);

		wbuf_fmt(out, "%11s", "");
		put_oid(m->issuerDomainPolicy, out);
		wbuf_str(out, " => ");
		put_oid(m->subjectDomainPolicy, out);
		wbuf_u8(out, '\n');
	}
	sk_POLICY_MAPPING_pop_free(mappings, POLICY_MAPPING_free);
}

/* An address stands in a constraint with its mask: twice as long (RFC 5280 section 4.2.1.10). */
static void put_base(const GENERAL_NAME *base, struct wbuf *out)
{
	const ASN1_OCTET_STRING *octets = base->d.iPAddress;
	struct addr first, mask;
	char text[ADDR_TEXT_MAX];
	size_t len;

	if (base->type != GEN_IPADD) {
		put_general_name(base, out);
		return;
	}
	len = (size_t)ASN1_STRING_length(octets) / 2;
	if (addr_from_bytes(&first, view_make(ASN1_STRING_get0_data(octets), len), 0) ||
	    addr_from_bytes(&mask, view_make(ASN1_STRING_get0_data(octets) + len, len), 0))
		return;
	wbuf_fmt(out, "%s/", addr_text(&first, text));
	wbuf_str(out, addr_text(&mask, text));
}

static void put_subtrees(const char *kind, const STACK_OF(GENERAL_SUBTREE) * trees,
			 struct wbuf *out)
{
	if (sk_GENERAL_SUBTREE_num(trees) > 0)
		wbuf_fmt(out, "  %s nameConstraints:\n", kind);
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++) {
		wbuf_fmt(out, "%11s", "");
		put_base(sk_GENERAL_SUBTREE_value(trees, i)->base, out);
		wbuf_u8(out, '\n');
	}
}

static void put_name_constraints(const X509 *x, struct wbuf *out)
{
	NAME_CONSTRAINTS *nc = X509_get_ext_d2i(x, NID_name_constraints, NULL, NULL);

	if (!nc)
		return;
	put_subtrees("permitted", nc->permittedSubtrees, out);
	put_subtrees("excluded", nc->excludedSubtrees, out);
	NAME_CONSTRAINTS_free(nc);
}

static void put_octets(const char *label, const ASN1_OCTET_STRING *s, struct wbuf *out)
{
	if (!s)
		return;
	wbuf_fmt(out, "  %-11s", label);
	put_hex(view_make(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)), out);
	wbuf_u8(out, '\n');
}

/* ---- certificates --------------------------------------------------------------------------- */

static void put_names_and_validity(const struct show_cert_params *p, const struct cert *c,
				   struct wbuf *out)
{
	wbuf_str(out, "  subject:  \"");
	id_text(&c->subject, out);
	wbuf_str(out, "\"\n  issuer:   \"");
	id_text(&c->issuer, out);
	wbuf_str(out, "\"\n  validity:  not before ");
	put_begin(p, c->not_before, out);
	wbuf_str(out, "             not after  ");
	put_end(p, c->not_after, out);
	wbuf_str(out, "  serial:    ");
	put_integer(X509_get0_serialNumber(c->x509), out);
	wbuf_u8(out, '\n');
}

static void put_details(const struct cert *c, struct wbuf *out)
{
	long pathlen = X509_get_pathlen(c->x509);

	wbuf_str(out, "  flags:     ");
	put_flags(c, out);
	wbuf_u8(out, '\n');
	put_crl_uris(c->x509, out);
	put_ocsp_uris(c->x509, out);
	if (pathlen >= 0)
		wbuf_fmt(out, "  pathlen:   %ld\n", pathlen);
	put_name_constraints(c->x509, out);
	put_policies(c->x509, out);
	put_mappings(c->x509, out);
}

/* The extension, or what would stand in it. */
static void put_subject_key_id(const struct cert *c, struct wbuf *out)
{
	if (X509_get0_subject_key_id(c->x509)) {
		put_octets("subjkeyId:", X509_get0_subject_key_id(c->x509), out);
		return;
	}
	wbuf_str(out, "  subjkeyId: ");
	put_hex(view_make(c->subject_key, CERT_KEYID_LEN), out);
	wbuf_u8(out, '\n');
}

static void put_cert(const struct show_cert_params *p, const struct cert *c, struct wbuf *out)
{
	struct wbuf names;

	put_names_and_validity(p, c, out);
	wbuf_init(&names, 0);
	collect_alt_names(c->x509, &names);
	if (names.len) {
		wbuf_str(out, "  altNames:  ");
		wbuf_add(out, wbuf_view(&names));
		wbuf_u8(out, '\n');
	}
	wbuf_done(&names);
	if (!p->brief)
		put_details(c, out);
	put_octets("authkeyId:", X509_get0_authority_key_id(c->x509), out);
	put_subject_key_id(c, out);
	if (cert_key(c))
		put_key(cert_key(c), p->has_privkey, out);
	put_key_ids(view_make(c->spki_sha1, CERT_KEYID_LEN),
		    view_make(c->subject_key, CERT_KEYID_LEN), out);
}

static int show_x509(const struct show_cert_params *p, struct wbuf *out)
{
	struct cert *c;
	int rc = cert_parse(p->data, &c);

	if (rc)
		return rc;
	put_cert(p, c, out);
	cert_put(c);
	return wbuf_err(out);
}

/* ---- revocation lists ----------------------------------------------------------------------- */

static void put_revoked(const struct show_cert_params *p, X509_CRL *crl, struct wbuf *out)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	int n = sk_X509_REVOKED_num(list);

	if (n < 0)
		n = 0;
	wbuf_fmt(out, "  %d revoked certificate%s%s\n", n, n == 1 ? "" : "s",
		 p->brief || n == 0 ? "" : ":");
	for (int i = 0; i < n && !p->brief; i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(list, i);
		ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);

		wbuf_str(out, "    ");
		put_integer(X509_REVOKED_get0_serialNumber(r), out);
		wbuf_str(out, ": ");
		put_time(p, to_seconds(X509_REVOKED_get0_revocationDate(r)), out);
		wbuf_fmt(out, ", %s\n",
			 crl_reason_text(reason ? (int)ASN1_ENUMERATED_get(reason) : 0));
		ASN1_ENUMERATED_free(reason);
	}
}

static void put_crl(const struct show_cert_params *p, X509_CRL *crl, struct wbuf *out)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	ASN1_INTEGER *base = X509_CRL_get_ext_d2i(crl, NID_delta_crl, NULL, NULL);
	AUTHORITY_KEYID *akid = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	CRL_DIST_POINTS *freshest = X509_CRL_get_ext_d2i(crl, NID_freshest_crl, NULL, NULL);

	wbuf_str(out, "  issuer:   \"");
	put_name(X509_CRL_get_issuer(crl), out);
	wbuf_str(out, "\"\n  update:    this on ");
	put_begin(p, to_seconds(X509_CRL_get0_lastUpdate(crl)), out);
	if (X509_CRL_get0_nextUpdate(crl)) {
		wbuf_str(out, "             next on ");
		put_end(p, to_seconds(X509_CRL_get0_nextUpdate(crl)), out);
	}
	if (number) {
		wbuf_str(out, "  serial:    ");
		put_integer(number, out);
		wbuf_u8(out, '\n');
	}
	if (base) {
		wbuf_str(out, "  delta CRL: for serial ");
		put_integer(base, out);
		wbuf_u8(out, '\n');
	}
	if (akid)
		put_octets("authKeyId:", akid->keyid, out);
	put_points((struct label){"freshest:", 13, 0}, freshest, out);
	put_revoked(p, crl, out);
	CRL_DIST_POINTS_free(freshest);
	AUTHORITY_KEYID_free(akid);
	ASN1_INTEGER_free(base);
	ASN1_INTEGER_free(number);
}

static int show_crl(const struct show_cert_params *p, struct wbuf *out)
{
	const unsigned char *der = p->data.ptr;
	X509_CRL *crl = d2i_X509_CRL(NULL, &der, (long)p->data.len);

	if (!crl)
		return E_MALFORMED;
	put_crl(p, crl, out);
	X509_CRL_free(crl);
	return wbuf_err(out);
}

/* ---- all ------------------------------------------------------------------------------------ */

static int show_pem(const struct show_cert_params *p, struct wbuf *out)
{
	static const char *const names[][2] = {{"X509", PEM_STRING_X509},
					       {"X509_CRL", PEM_STRING_X509_CRL},
					       {"PUBKEY", PEM_STRING_PUBLIC}};
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len = 0;

	for (size_t i = 0; bio && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(p->type, names[i][0]) == 0)
			PEM_write_bio(bio, names[i][1], "", p->data.ptr, (long)p->data.len);
	}
	if (bio)
		len = BIO_get_mem_data(bio, &text);
	if (len > 0)
		wbuf_bytes(out, text, (size_t)len);
	BIO_free(bio);
	return len > 0 ? wbuf_err(out) : E_UNSUPPORTED;
}

int show_cert_text(const struct show_cert_params *params, struct wbuf *out)
{
	if (params->pem)
		return show_pem(params, out);
	if (strcmp(params->type, "X509") == 0)
		return show_x509(params, out);
	if (strcmp(params->type, "X509_CRL") == 0)
		return show_crl(params, out);
	if (strcmp(params->type, "PUBKEY") == 0)
		return show_pubkey(params, out);
	return E_UNSUPPORTED;
}

static void json_text(const char *key, struct wbuf *value, struct wbuf *out)
{
	wbuf_fmt(out, "\"%s\":", key);
	dump_json_string(wbuf_view(value), out);
	wbuf_u8(out, ',');
	wbuf_reset(value);
}

int show_cert_json(const struct show_cert_params *params, struct wbuf *out)
{
	struct wbuf w;
	struct cert *c;
	int rc = cert_parse(params->data, &c);

	if (rc)
		return rc;
	wbuf_init(&w, 0);
	id_text(&c->subject, &w);
	json_text("subject", &w, out);
	id_text(&c->issuer, &w);
	json_text("issuer", &w, out);
	put_integer(X509_get0_serialNumber(c->x509), &w);
	json_text("serial", &w, out);
	collect_alt_names(c->x509, &w);
	json_text("altNames", &w, out);
	if (cert_key(c)) {
		wbuf_str(&w, sign_key_type(cert_key(c)));
		json_text("key-type", &w, out);
		wbuf_fmt(out, "\"key-bits\":%zu,", key_bits(cert_key(c)));
	}
	put_hex(view_make(c->spki_sha1, CERT_KEYID_LEN), &w);
	json_text("keyid", &w, out);
	put_hex(view_make(c->subject_key, CERT_KEYID_LEN), &w);
	json_text("subjkey", &w, out);
	wbuf_fmt(out, "\"not-before\":%lld,\"not-after\":%lld,", (long long)c->not_before,
		 (long long)c->not_after);
	rc = wbuf_err(&w);
	wbuf_done(&w);
	cert_put(c);
	return rc;
}
