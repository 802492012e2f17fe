/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_EXTEND_H
#define PKI_EXTEND_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tools/pki/opt.h"

/*
 * The extensions (RFC 5280 section 4.2) that options ask for, appended to a list. E_CONFIG for a
 * value that cannot be, E_NOMEM; both said.
 */

/* What an end entity's purposes come from besides --flag: the profile of its request. */
enum extend_purpose {
	EXTEND_SERVER = 1,
	EXTEND_CLIENT = 2,
	EXTEND_CRL_SIGN = 4,
	EXTEND_OCSP = 8,
	EXTEND_SMARTCARD = 16,
};

/* The rows of the options that extend_all() looks at, for the tables of commands. */
/* clang-format off */
#define EXTEND_OPTIONS \
	{"ca", 'b', OPT_MAY, NULL, "include the CA basicConstraint, default: no"}, \
	{"pathlen", 'p', OPT_MAY, "len", "how many CAs there may be below this one"}, \
	{"addrblock", 'B', OPT_MANY, "block", "RFC 3779 addrBlock, a subnet or range"}, \
	{"nc-permitted", 'n', OPT_MANY, "name", "permitted name constraint"}, \
	{"nc-excluded", 'N', OPT_MANY, "name", "excluded name constraint"}, \
	{"cert-policy", 'P', OPT_MANY, "oid", "certificate policy"}, \
	{"cps-uri", 'C', OPT_MANY, "uri", "practice statement of the --cert-policy before it"}, \
	{"user-notice", 'U', OPT_MANY, "text", "notice of the --cert-policy before it"}, \
	{"policy-mapping", 'M', OPT_MANY, "issuer-oid:subject-oid", "map a policy to another"}, \
	{"policy-explicit", 'E', OPT_MAY, "len", "requireExplicitPolicy constraint"}, \
	{"policy-inhibit", 'H', OPT_MAY, "len", "inhibitPolicyMapping constraint"}, \
	{"policy-any", 'A', OPT_MAY, "len", "inhibitAnyPolicy constraint"}, \
	{"flag", 'e', OPT_MANY, "serverAuth|clientAuth|crlSign|ocspSigning|msSmartcardLogon", \
	 "purpose of the key"}, \
	{"ocsp", 'o', OPT_MANY, "uri", "where an OCSP responder answers"}, \
	{"critical", 'X', OPT_MANY, "oid", "an empty critical extension, for tests"}
/* clang-format on */

struct extend_params {
	const struct opts *opts;
	X509 *cert;		   /* has its public key already */
	X509 *issuer;		   /* NULL: it signs itself */
	unsigned purposes;	   /* EXTEND_* from a request, beside --flag */
	const GENERAL_NAMES *sans; /* names from a request, used without --san; may be NULL */
};

int extend_all(const struct extend_params *params, STACK_OF(X509_EXTENSION) * *io) ERR_MUST_CHECK;
/* subjectAltName of --san alone; nothing is added if there is none. */
int extend_sans(const struct opts *o, STACK_OF(X509_EXTENSION) * *io) ERR_MUST_CHECK;
/* Key id of a CA: its extension, or what would stand in it. To be freed; NULL: no memory. */
AUTHORITY_KEYID *extend_authority(X509 *ca);
/* One point of distribution for each URI of an option, with issuers of issuer_name if not NULL. */
int extend_points(const struct opts *o, const char *name, const char *issuer_name,
		  CRL_DIST_POINTS **out) ERR_MUST_CHECK;
/* --critical. */
int extend_critical(const struct opts *o, STACK_OF(X509_EXTENSION) * *io) ERR_MUST_CHECK;

#endif
