/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/extend.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/addr.h"
#include "cred/dn.h"
#include "cred/id.h"
#include "cred/idtype.h"
#include "tools/pki/pki.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define PATHLEN_MAX  127
#define OID_TEXT_MAX 128

/* Append, taking over what the caller does not free: nothing. */
static int append(STACK_OF(X509_EXTENSION) * *io, int nid, void *value, bool critical)
{
	if (X509V3_add1_i2d(io, nid, value, critical, X509V3_ADD_APPEND) == 1)
		return 0;
	pki_fail_openssl("extension %s", OBJ_nid2sn(nid));
	return E_NOMEM;
}

static int no_memory(void)
{
	pki_fail("out of memory");
	return E_NOMEM;
}

/* An object identifier in dots; NULL, said. */
static ASN1_OBJECT *parse_oid(const char *option, const char *text)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(text, 1);

	if (!oid) {
		ERR_clear_error();
		pki_fail("--%s %s: expected an object identifier such as 1.3.6.1.4.1.36906", option,
			 text);
	}
	return oid;
}

/* ---- names ---------------------------------------------------------------------------------- */

static GENERAL_NAME *name_of_string(int type, struct view text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();

	if (name && s && ASN1_STRING_set(s, text.ptr, (int)text.len) == 1) {
		GENERAL_NAME_set0_value(name, type, s);
		return name;
	}
	ASN1_IA5STRING_free(s);
	GENERAL_NAME_free(name);
	return NULL;
}

/* An address, or an address and its mask in a constraint. */
static GENERAL_NAME *name_of_octets(struct view octets)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();

	if (name && s && ASN1_OCTET_STRING_set(s, octets.ptr, (int)octets.len) == 1) {
		GENERAL_NAME_set0_value(name, GEN_IPADD, s);
		return name;
	}
	ASN1_OCTET_STRING_free(s);
	GENERAL_NAME_free(name);
	return NULL;
}

static GENERAL_NAME *name_of_dn(struct view der)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509_NAME *dn = dn_decode(der);

	if (name && dn) {
		GENERAL_NAME_set0_value(name, GEN_DIRNAME, dn);
		return name;
	}
	X509_NAME_free(dn);
	GENERAL_NAME_free(name);
	return NULL;
}

static GENERAL_NAME *name_of_id(const struct id *id)
{
	const struct view data = view_make(id->data, id->len);

	switch (id->type) {
	case IDTYPE_FQDN:
		return name_of_string(GEN_DNS, data);
	case IDTYPE_RFC822:
		return name_of_string(GEN_EMAIL, data);
	case IDTYPE_IPV4:
	case IDTYPE_IPV6:
		return name_of_octets(data);
	case IDTYPE_DN:
		return name_of_dn(data);
	default:
		return NULL;
	}
}

/* As identities are written in swanctl.conf, and "uri:..." . */
static GENERAL_NAME *parse_name(const char *option, const char *text)
{
	GENERAL_NAME *name = NULL;
	struct id id;

	if (strncmp(text, "uri:", 4) == 0)
		return name_of_string(GEN_URI, view_str(text + 4));
	if (id_parse(text, &id) == 0) {
		name = name_of_id(&id);
		id_done(&id);
	}
	if (!name)
		pki_fail("--%s %s: expected a host name, mail or IP address, DN or uri:...", option,
			 text);
	return name;
}

/* RFC 5280 section 4.2.1.10: an address stands there with its mask. */
static GENERAL_NAME *parse_constraint(const char *option, const char *text)
{
	struct addr_range range;
	uint8_t octets[32];
	unsigned bits;
	size_t len;

	if (addr_range_parse(&range, text))
		return parse_name(option, text);
	if (!addr_range_is_subnet(&range, &bits)) {
		pki_fail("--%s %s: a constraint on addresses is a subnet such as 10.1.0.0/16",
			 option, text);
		return NULL;
	}
	len = addr_len(range.family);
	for (size_t i = 0; i < len; i++) {
		unsigned left = bits > 8 * i ? bits - 8 * (unsigned)i : 0;

		octets[i] = range.first[i];
		octets[len + i] = left >= 8 ? 0xff : (uint8_t)(0xff00 >> left);
	}
	return name_of_octets(view_make(octets, 2 * len));
}

static int collect_sans(const struct opts *o, GENERAL_NAMES *out)
{
	for (size_t i = 0; i < o->count; i++) {
		GENERAL_NAME *name;

		if (strcmp(o->given[i].row->name, "san") != 0)
			continue;
		name = parse_name("san", o->given[i].value);
		if (!name)
			return E_CONFIG;
		if (!sk_GENERAL_NAME_push(out, name)) {
			GENERAL_NAME_free(name);
			return no_memory();
		}
	}
	return 0;
}

int extend_sans(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	int rc = names ? collect_sans(o, names) : no_memory();

	if (rc == 0 && sk_GENERAL_NAME_num(names) > 0)
		rc = append(io, NID_subject_alt_name, names, false);
	GENERAL_NAMES_free(names);
	return rc;
}

static int add_sans(const struct extend_params *p, STACK_OF(X509_EXTENSION) * *io)
{
	if (opts_has(p->opts, "san") || !p->sans)
		return extend_sans(p->opts, io);
	return append(io, NID_subject_alt_name, (void *)p->sans, false);
}

/* ---- keys and purposes ---------------------------------------------------------------------- */

/* 0..PATHLEN_MAX, or -1 if the option is not there. */
static int small_number(const struct opts *o, const char *name, long *out)
{
	uint64_t n = 0;

	*out = -1;
	if (!opts_has(o, name))
		return 0;
	if (opts_number(o, name, PATHLEN_MAX, &n))
		return E_CONFIG;
	*out = (long)n;
	return 0;
}

static int add_constraints(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	BASIC_CONSTRAINTS *bc;
	long pathlen;
	int rc = small_number(o, "pathlen", &pathlen);

	if (rc)
		return rc;
	if (!opts_has(o, "ca")) {
		if (pathlen >= 0) {
			pki_fail("--pathlen %ld is for a CA: give --ca too", pathlen);
			return E_CONFIG;
		}
		return 0;
	}
	bc = BASIC_CONSTRAINTS_new();
	if (!bc)
		return no_memory();
	bc->ca = 1;
	if (pathlen >= 0)
		bc->pathlen = ASN1_INTEGER_new();
	if (pathlen >= 0 && (!bc->pathlen || ASN1_INTEGER_set(bc->pathlen, pathlen) != 1))
		rc = no_memory();
	if (rc == 0)
		rc = append(io, NID_basic_constraints, bc, true);
	BASIC_CONSTRAINTS_free(bc);
	return rc;
}

static int add_usage(bool ca, bool crl_sign, STACK_OF(X509_EXTENSION) * *io)
{
	enum { KEY_CERT_SIGN = 5, CRL_SIGN = 6 };
	ASN1_BIT_STRING *bits;
	int rc = 0;

	if (!ca && !crl_sign)
		return 0;
	bits = ASN1_BIT_STRING_new();
	if (!bits || (ca && ASN1_BIT_STRING_set_bit(bits, KEY_CERT_SIGN, 1) != 1) ||
	    ASN1_BIT_STRING_set_bit(bits, CRL_SIGN, 1) != 1)
		rc = no_memory();
	if (rc == 0)
		rc = append(io, NID_key_usage, bits, true);
	ASN1_BIT_STRING_free(bits);
	return rc;
}

static int add_subject_key(const X509 *cert, STACK_OF(X509_EXTENSION) * *io)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;
	int rc = 0;

	if (!id || X509_pubkey_digest(cert, EVP_sha1(), digest, &len) != 1 ||
	    ASN1_OCTET_STRING_set(id, digest, (int)len) != 1)
		rc = no_memory();
	if (rc == 0)
		rc = append(io, NID_subject_key_identifier, id, false);
	ASN1_OCTET_STRING_free(id);
	return rc;
}

AUTHORITY_KEYID *extend_authority(X509 *ca)
{
	const ASN1_OCTET_STRING *known = X509_get0_subject_key_id(ca);
	AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	if (id && known) {
		id->keyid = ASN1_OCTET_STRING_dup(known);
	} else if (id && X509_pubkey_digest(ca, EVP_sha1(), digest, &len) == 1) {
		id->keyid = ASN1_OCTET_STRING_new();
		if (id->keyid && ASN1_OCTET_STRING_set(id->keyid, digest, (int)len) != 1) {
			ASN1_OCTET_STRING_free(id->keyid);
			id->keyid = NULL;
		}
	}
	if (id && id->keyid)
		return id;
	AUTHORITY_KEYID_free(id);
	return NULL;
}

static int add_authority_key(X509 *issuer, STACK_OF(X509_EXTENSION) * *io)
{
	AUTHORITY_KEYID *id;
	int rc;

	if (!issuer)
		return 0;
	id = extend_authority(issuer);
	rc = id ? append(io, NID_authority_key_identifier, id, false) : no_memory();
	AUTHORITY_KEYID_free(id);
	return rc;
}

static int read_flags(const struct opts *o, unsigned *io)
{
	static const char *const words[] = {"serverAuth",  "clientAuth",       "crlSign",
					    "ocspSigning", "msSmartcardLogon", NULL};
	size_t bit;

	for (size_t i = 0; i < o->count; i++) {
		if (strcmp(o->given[i].row->name, "flag") != 0)
			continue;
		if (opts_word("flag", o->given[i].value, words, &bit))
			return E_CONFIG;
		*io |= 1u << bit;
	}
	return 0;
}

static int add_purposes(unsigned purposes, STACK_OF(X509_EXTENSION) * *io)
{
	static const struct {
		unsigned purpose;
		int nid;
	} known[] = {
		{EXTEND_SERVER, NID_server_auth},
		{EXTEND_CLIENT, NID_client_auth},
		{EXTEND_OCSP, NID_OCSP_sign},
		{EXTEND_SMARTCARD, NID_ms_smartcard_login},
	};
	EXTENDED_KEY_USAGE *list = EXTENDED_KEY_USAGE_new();
	int rc = list ? 0 : no_memory();

	for (size_t i = 0; rc == 0 && i < COUNT(known); i++) {
		if ((purposes & known[i].purpose) &&
		    !sk_ASN1_OBJECT_push(list, OBJ_nid2obj(known[i].nid)))
			rc = no_memory();
	}
	if (rc == 0 && sk_ASN1_OBJECT_num(list) > 0)
		rc = append(io, NID_ext_key_usage, list, false);
	EXTENDED_KEY_USAGE_free(list);
	return rc;
}

/* ---- where to ask --------------------------------------------------------------------------- */

static DIST_POINT *point_of_uri(const char *uri)
{
	DIST_POINT *point = DIST_POINT_new();
	GENERAL_NAME *name = name_of_string(GEN_URI, view_str(uri));

	if (point)
		point->distpoint = DIST_POINT_NAME_new();
	if (point && point->distpoint) {
		point->distpoint->type = 0; /* fullName */
		point->distpoint->name.fullname = GENERAL_NAMES_new();
	}
	if (name && point && point->distpoint && point->distpoint->name.fullname &&
	    sk_GENERAL_NAME_push(point->distpoint->name.fullname, name))
		return point;
	GENERAL_NAME_free(name);
	DIST_POINT_free(point);
	return NULL;
}

static int set_issuer(DIST_POINT *point, const char *option, const char *text)
{
	GENERAL_NAME *name;

	if (!point) {
		pki_fail("--%s %s must stand behind the URI that it is for", option, text);
		return E_CONFIG;
	}
	name = parse_name(option, text);
	if (!name)
		return E_CONFIG;
	if (!point->CRLissuer)
		point->CRLissuer = GENERAL_NAMES_new();
	if (point->CRLissuer && sk_GENERAL_NAME_push(point->CRLissuer, name))
		return 0;
	GENERAL_NAME_free(name);
	return no_memory();
}

int extend_points(const struct opts *o, const char *name, const char *issuer_name,
		  CRL_DIST_POINTS **out)
{
	CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
	DIST_POINT *point = NULL;
	int rc = points ? 0 : no_memory();

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		const struct opt_given *given = &o->given[i];

		if (strcmp(given->row->name, name) == 0) {
			point = point_of_uri(given->value);
			if (!point || !sk_DIST_POINT_push(points, point)) {
				DIST_POINT_free(point);
				rc = no_memory();
			}
		} else if (issuer_name && strcmp(given->row->name, issuer_name) == 0) {
			rc = set_issuer(point, issuer_name, given->value);
		}
	}
	if (rc == 0)
		*out = points;
	else
		CRL_DIST_POINTS_free(points);
	return rc;
}

static int add_crl_uris(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	CRL_DIST_POINTS *points;
	int rc = extend_points(o, "crl", "crlissuer", &points);

	if (rc)
		return rc;
	if (sk_DIST_POINT_num(points) > 0)
		rc = append(io, NID_crl_distribution_points, points, false);
	CRL_DIST_POINTS_free(points);
	return rc;
}

static int push_ocsp(AUTHORITY_INFO_ACCESS *info, const char *uri)
{
	ACCESS_DESCRIPTION *d = ACCESS_DESCRIPTION_new();
	GENERAL_NAME *where = name_of_string(GEN_URI, view_str(uri));

	if (d && where && sk_ACCESS_DESCRIPTION_push(info, d)) {
		GENERAL_NAME_free(d->location);
		d->location = where;
		d->method = OBJ_nid2obj(NID_ad_OCSP);
		return 0;
	}
	ACCESS_DESCRIPTION_free(d);
	GENERAL_NAME_free(where);
	return no_memory();
}

static int add_ocsp_uris(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	AUTHORITY_INFO_ACCESS *info = AUTHORITY_INFO_ACCESS_new();
	int rc = info ? 0 : no_memory();

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		if (strcmp(o->given[i].row->name, "ocsp") == 0)
			rc = push_ocsp(info, o->given[i].value);
	}
	if (rc == 0 && sk_ACCESS_DESCRIPTION_num(info) > 0)
		rc = append(io, NID_info_access, info, false);
	AUTHORITY_INFO_ACCESS_free(info);
	return rc;
}

/* ---- names and policies below a CA ---------------------------------------------------------- */

static int push_subtree(STACK_OF(GENERAL_SUBTREE) * *io, const char *option, const char *text)
{
	GENERAL_NAME *base = parse_constraint(option, text);
	GENERAL_SUBTREE *tree;

	if (!base)
		return E_CONFIG;
	tree = GENERAL_SUBTREE_new();
	if (!*io)
		*io = sk_GENERAL_SUBTREE_new_null();
	if (tree && *io && sk_GENERAL_SUBTREE_push(*io, tree)) {
		GENERAL_NAME_free(tree->base);
		tree->base = base;
		return 0;
	}
	GENERAL_SUBTREE_free(tree);
	GENERAL_NAME_free(base);
	return no_memory();
}

static int add_name_constraints(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	int rc = nc ? 0 : no_memory();

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		const struct opt_given *given = &o->given[i];

		if (strcmp(given->row->name, "nc-permitted") == 0)
			rc = push_subtree(&nc->permittedSubtrees, "nc-permitted", given->value);
		else if (strcmp(given->row->name, "nc-excluded") == 0)
			rc = push_subtree(&nc->excludedSubtrees, "nc-excluded", given->value);
	}
	/* RFC 5280 section 4.2.1.10: "Conforming CAs MUST mark this extension as critical". */
	if (rc == 0 && (nc->permittedSubtrees || nc->excludedSubtrees))
		rc = append(io, NID_name_constraints, nc, true);
	NAME_CONSTRAINTS_free(nc);
	return rc;
}

static int set_notice(POLICYQUALINFO *info, const char *text)
{
	USERNOTICE *notice = USERNOTICE_new();

	info->pqualid = OBJ_nid2obj(NID_id_qt_unotice);
	info->d.usernotice = notice;
	if (notice)
		notice->exptext = ASN1_UTF8STRING_new();
	return notice && notice->exptext && ASN1_STRING_set(notice->exptext, text, -1) == 1
		       ? 0
		       : no_memory();
}

static int set_cps(POLICYQUALINFO *info, const char *uri)
{
	info->pqualid = OBJ_nid2obj(NID_id_qt_cps);
	info->d.cpsuri = ASN1_IA5STRING_new();
	return info->d.cpsuri && ASN1_STRING_set(info->d.cpsuri, uri, -1) == 1 ? 0 : no_memory();
}

static int qualify(POLICYINFO *policy, const struct opt_given *given)
{
	bool cps = strcmp(given->row->name, "cps-uri") == 0;
	POLICYQUALINFO *info;

	if (!policy) {
		pki_fail("--%s %s must stand behind the --cert-policy that it is for",
			 given->row->name, given->value);
		return E_CONFIG;
	}
	info = POLICYQUALINFO_new();
	if (!policy->qualifiers)
		policy->qualifiers = sk_POLICYQUALINFO_new_null();
	if (!info || !policy->qualifiers || !sk_POLICYQUALINFO_push(policy->qualifiers, info)) {
		POLICYQUALINFO_free(info);
		return no_memory();
	}
	return (cps ? set_cps : set_notice)(info, given->value);
}

static int push_policy(CERTIFICATEPOLICIES *policies, const char *text, POLICYINFO **out)
{
	ASN1_OBJECT *oid = parse_oid("cert-policy", text);
	POLICYINFO *policy;

	if (!oid)
		return E_CONFIG;
	policy = POLICYINFO_new();
	if (policy && sk_POLICYINFO_push(policies, policy)) {
		policy->policyid = oid;
		*out = policy;
		return 0;
	}
	POLICYINFO_free(policy);
	ASN1_OBJECT_free(oid);
	return no_memory();
}

static int add_policies(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	CERTIFICATEPOLICIES *policies = CERTIFICATEPOLICIES_new();
	POLICYINFO *policy = NULL;
	int rc = policies ? 0 : no_memory();

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		const struct opt_given *given = &o->given[i];
		const char *name = given->row->name;

		if (strcmp(name, "cert-policy") == 0)
			rc = push_policy(policies, given->value, &policy);
		else if (strcmp(name, "cps-uri") == 0 || strcmp(name, "user-notice") == 0)
			rc = qualify(policy, given);
	}
	if (rc == 0 && policy)
		rc = append(io, NID_certificate_policies, policies, false);
	CERTIFICATEPOLICIES_free(policies);
	return rc;
}

static int push_mapping(POLICY_MAPPINGS *mappings, const char *text)
{
	const char *colon = strchr(text, ':');
	POLICY_MAPPING *mapping;
	char issuer[OID_TEXT_MAX];

	if (!colon || (size_t)(colon - text) >= sizeof(issuer)) {
		pki_fail("--policy-mapping %s: expected two object identifiers, as in 1.2.3:1.2.4",
			 text);
		return E_CONFIG;
	}
	snprintf(issuer, sizeof(issuer), "%.*s", (int)(colon - text), text);
	mapping = POLICY_MAPPING_new();
	if (!mapping || !sk_POLICY_MAPPING_push(mappings, mapping)) {
		POLICY_MAPPING_free(mapping);
		return no_memory();
	}
	mapping->issuerDomainPolicy = parse_oid("policy-mapping", issuer);
	if (mapping->issuerDomainPolicy)
		mapping->subjectDomainPolicy = parse_oid("policy-mapping", colon + 1);
	return mapping->subjectDomainPolicy ? 0 : E_CONFIG;
}

static int add_mappings(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	POLICY_MAPPINGS *mappings = sk_POLICY_MAPPING_new_null();
	int rc = mappings ? 0 : no_memory();

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		if (strcmp(o->given[i].row->name, "policy-mapping") == 0)
			rc = push_mapping(mappings, o->given[i].value);
	}
	if (rc == 0 && sk_POLICY_MAPPING_num(mappings) > 0)
		rc = append(io, NID_policy_mappings, mappings, true);
	sk_POLICY_MAPPING_pop_free(mappings, POLICY_MAPPING_free);
	return rc;
}

static ASN1_INTEGER *number(long n)
{
	ASN1_INTEGER *i = ASN1_INTEGER_new();

	if (i && ASN1_INTEGER_set(i, n) == 1)
		return i;
	ASN1_INTEGER_free(i);
	return NULL;
}

static int add_policy_constraints(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	POLICY_CONSTRAINTS *pc;
	long explicit, inhibit;
	int rc = small_number(o, "policy-explicit", &explicit);

	if (rc == 0)
		rc = small_number(o, "policy-inhibit", &inhibit);
	if (rc || (explicit < 0 && inhibit < 0))
		return rc;
	pc = POLICY_CONSTRAINTS_new();
	if (pc && explicit >= 0)
		pc->requireExplicitPolicy = number(explicit);
	if (pc && inhibit >= 0)
		pc->inhibitPolicyMapping = number(inhibit);
	if (!pc || (explicit >= 0 && !pc->requireExplicitPolicy) ||
	    (inhibit >= 0 && !pc->inhibitPolicyMapping))
		rc = no_memory();
	else
		rc = append(io, NID_policy_constraints, pc, true);
	POLICY_CONSTRAINTS_free(pc);
	return rc;
}

static int add_inhibit_any(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	ASN1_INTEGER *value;
	long any;
	int rc = small_number(o, "policy-any", &any);

	if (rc || any < 0)
		return rc;
	value = number(any);
	rc = value ? append(io, NID_inhibit_any_policy, value, true) : no_memory();
	ASN1_INTEGER_free(value);
	return rc;
}

/* ---- the rest ------------------------------------------------------------------------------- */

static int push_block(IPAddrBlocks *blocks, const char *text)
{
	struct addr_range r;
	unsigned afi;

	if (addr_range_parse(&r, text)) {
		pki_fail("--addrblock %s: expected a subnet or a range of addresses", text);
		return E_CONFIG;
	}
	afi = r.family == AF_INET ? IANA_AFI_IPV4 : IANA_AFI_IPV6;
	if (X509v3_addr_add_range(blocks, afi, NULL, r.first, r.last) == 1)
		return 0;
	return no_memory();
}

/* RFC 3779 section 2.2.3.6: sorted and merged; 2.2.1: critical. */
static int append_blocks(IPAddrBlocks *blocks, STACK_OF(X509_EXTENSION) * *io)
{
	if (X509v3_addr_canonize(blocks) == 1)
		return append(io, NID_sbgp_ipAddrBlock, blocks, true);
	pki_fail_openssl("--addrblock: the blocks overlap");
	return E_CONFIG;
}

static int add_blocks(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	IPAddrBlocks *blocks = sk_IPAddressFamily_new_null();
	int rc = blocks ? 0 : no_memory();

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		if (strcmp(o->given[i].row->name, "addrblock") == 0)
			rc = push_block(blocks, o->given[i].value);
	}
	if (rc == 0 && sk_IPAddressFamily_num(blocks) > 0)
		rc = append_blocks(blocks, io);
	sk_IPAddressFamily_pop_free(blocks, IPAddressFamily_free);
	return rc;
}

static int push_critical(const char *text, STACK_OF(X509_EXTENSION) * *io)
{
	ASN1_OBJECT *oid = parse_oid("critical", text);
	ASN1_OCTET_STRING *empty = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	int rc = oid ? 0 : E_CONFIG;

	if (rc == 0 && empty)
		ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, empty);
	if (rc == 0 && (!ext || !X509v3_add_ext(io, ext, -1)))
		rc = no_memory();
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(empty);
	ASN1_OBJECT_free(oid);
	return rc;
}

int extend_critical(const struct opts *o, STACK_OF(X509_EXTENSION) * *io)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < o->count; i++) {
		if (strcmp(o->given[i].row->name, "critical") == 0)
			rc = push_critical(o->given[i].value, io);
	}
	return rc;
}

/* The key ids of what others look up: CAs, and signers of CRLs and OCSP responses. */
static int add_keys(const struct extend_params *p, unsigned purposes,
		    STACK_OF(X509_EXTENSION) * *io)
{
	bool ca = opts_has(p->opts, "ca");
	int rc = add_constraints(p->opts, io);

	if (rc == 0)
		rc = add_usage(ca, purposes & EXTEND_CRL_SIGN, io);
	if (rc == 0 && (ca || purposes & (EXTEND_CRL_SIGN | EXTEND_OCSP)))
		rc = add_subject_key(p->cert, io);
	return rc ? rc : add_authority_key(p->issuer, io);
}

int extend_all(const struct extend_params *params, STACK_OF(X509_EXTENSION) * *io)
{
	static int (*const more[])(const struct opts *, STACK_OF(X509_EXTENSION) **) = {
		add_crl_uris,	 add_ocsp_uris, add_name_constraints,
		add_policies,	 add_mappings,	add_policy_constraints,
		add_inhibit_any, add_blocks,	extend_critical,
	};
	unsigned purposes = params->purposes;
	int rc = read_flags(params->opts, &purposes);

	if (rc == 0)
		rc = add_keys(params, purposes, io);
	if (rc == 0)
		rc = add_sans(params, io);
	if (rc == 0)
		rc = add_purposes(purposes, io);
	for (size_t i = 0; rc == 0 && i < COUNT(more); i++)
		rc = more[i](params->opts, io);
	return rc;
}
