/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/crl.h"

#include <stdlib.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "cred/idtype.h"
#include "cred/pem.h"

static int64_t read_time(const ASN1_TIME *t, int64_t otherwise)
{
	struct tm tm;

	return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : otherwise;
}

/* Whether all critical extensions of the list are ones that are honoured here. */
static bool knows_extensions(const X509_CRL *x)
{
	for (int i = 0; i < X509_CRL_get_ext_count(x); i++) {
		X509_EXTENSION *e = X509_CRL_get_ext(x, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if (X509_EXTENSION_get_critical(e) && nid != NID_issuing_distribution_point &&
		    nid != NID_delta_crl && nid != NID_authority_key_identifier &&
		    nid != NID_crl_number)
			return false;
	}
	return true;
}

/* The same for its entries; the reason is the only one that is read. */
static bool knows_entries(X509_CRL *x)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(x);

	for (int i = 0; i < sk_X509_REVOKED_num(list); i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(list, i);

		for (int j = 0; j < X509_REVOKED_get_ext_count(r); j++) {
			X509_EXTENSION *e = X509_REVOKED_get_ext(r, j);

			if (X509_EXTENSION_get_critical(e) &&
			    OBJ_obj2nid(X509_EXTENSION_get_object(e)) != NID_crl_reason)
				return false;
		}
	}
	return true;
}

static int read_scope(struct crl *c)
{
	int where = X509_CRL_get_ext_by_NID(c->x509, NID_issuing_distribution_point, -1);
	ISSUING_DIST_POINT *idp;
	bool indirect;

	c->partial = X509_CRL_get_ext_by_NID(c->x509, NID_delta_crl, -1) >= 0;
	if (where < 0)
		return 0;
	idp = X509V3_EXT_d2i(X509_CRL_get_ext(c->x509, where));
	if (!idp)
		return E_MALFORMED;
	indirect = idp->indirectCRL;
	ISSUING_DIST_POINT_free(idp);
	c->partial = true;
	return indirect ? E_UNSUPPORTED : 0;
}

static int read_fields(struct crl *c)
{
	const unsigned char *name;
	size_t len;
	int err;

	if (X509_NAME_get0_der(X509_CRL_get_issuer(c->x509), &name, &len) != 1)
		return E_MALFORMED;
	err = id_from_wire(IDTYPE_DN, view_make(name, len), &c->issuer);
	if (err)
		return err;
	c->this_update = read_time(X509_CRL_get0_lastUpdate(c->x509), INT64_MAX);
	c->next_update = read_time(X509_CRL_get0_nextUpdate(c->x509), INT64_MAX);
	c->number = X509_CRL_get_ext_d2i(c->x509, NID_crl_number, NULL, NULL);
	if (c->this_update == INT64_MAX)
		return E_MALFORMED;
	if (!knows_extensions(c->x509) || !knows_entries(c->x509))
		return E_UNSUPPORTED;
	return read_scope(c);
}

/* Takes over der. */
static int decode(uint8_t *der, size_t len, struct crl **out)
{
	const unsigned char *p = der;
	struct crl *c = calloc(1, sizeof(*c));
	int err = E_MALFORMED;

	if (!c) {
		free(der);
		return E_NOMEM;
	}
	c->refs = 1;
	c->der = view_make(der, len);
	c->x509 = d2i_X509_CRL(NULL, &p, (long)len);
	if (c->x509 && p == der + len)
		err = read_fields(c);
	if (err)
		crl_put(c);
	else
		*out = c;
	return err;
}

int crl_parse(struct view data, struct crl **out)
{
	uint8_t *der = NULL;
	size_t len = 0;
	int err;

	*out = NULL;
	ERR_set_mark();
	err = pem_or_der(data, PEM_STRING_X509_CRL, &der, &len);
	if (!err)
		err = decode(der, len, out);
	ERR_pop_to_mark();
	return err;
}

struct crl *crl_get(const struct crl *c)
{
	struct crl *shared = (struct crl *)c;

	__atomic_add_fetch(&shared->refs, 1, __ATOMIC_RELAXED);
	return shared;
}

void crl_put(struct crl *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	X509_CRL_free(c->x509);
	ASN1_INTEGER_free(c->number);
	free((void *)c->der.ptr);
	id_done(&c->issuer);
	free(c);
}

/* Whether both have the extension with the same value, or neither has it. */
static bool same_extension(const struct crl *a, const struct crl *b, int nid)
{
	int in_a = X509_CRL_get_ext_by_NID(a->x509, nid, -1);
	int in_b = X509_CRL_get_ext_by_NID(b->x509, nid, -1);

	if (in_a < 0 || in_b < 0)
		return in_a < 0 && in_b < 0;
	return ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_CRL_get_ext(a->x509, in_a)),
				     X509_EXTENSION_get_data(X509_CRL_get_ext(b->x509, in_b))) == 0;
}

bool crl_supersedes(const struct crl *c, const struct crl *old)
{
	if (!id_equal(&c->issuer, &old->issuer) ||
	    !same_extension(c, old, NID_authority_key_identifier) ||
	    !same_extension(c, old, NID_issuing_distribution_point) ||
	    !same_extension(c, old, NID_delta_crl))
		return false;
	if (c->number && old->number)
		return ASN1_INTEGER_cmp(c->number, old->number) >= 0;
	return c->this_update >= old->this_update;
}

bool crl_names_issuer(const struct crl *c, const X509 *issuer)
{
	const ASN1_OCTET_STRING *has = X509_get0_subject_key_id((X509 *)issuer);
	AUTHORITY_KEYID *wanted;
	bool same;

	if (X509_NAME_cmp(X509_CRL_get_issuer(c->x509), X509_get_subject_name(issuer)) != 0)
		return false;
	wanted = X509_CRL_get_ext_d2i(c->x509, NID_authority_key_identifier, NULL, NULL);
	same = !wanted || !wanted->keyid || !has || ASN1_OCTET_STRING_cmp(wanted->keyid, has) == 0;
	AUTHORITY_KEYID_free(wanted);
	return same;
}

bool crl_lists(const struct crl *c, X509 *x, int64_t *out_when, int *out_reason)
{
	enum { REVOKED = 1 }; /* 2: an entry that takes the certificate off an earlier list */
	ASN1_ENUMERATED *reason;
	X509_REVOKED *r;

	if (X509_CRL_get0_by_cert(c->x509, &r, x) != REVOKED)
		return false;
	reason = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	*out_when = read_time(X509_REVOKED_get0_revocationDate(r), 0);
	*out_reason = reason ? (int)ASN1_ENUMERATED_get(reason) : CRL_REASON_UNSPECIFIED;
	ASN1_ENUMERATED_free(reason);
	return true;
}

const char *crl_reason_text(int reason)
{
	static const char *const names[] = {
		"unspecified",	       "key compromise", "CA compromise",
		"affiliation changed", "superseded",	 "cessation of operation",
		"certificate hold",    "unspecified",	 "remove from CRL",
	};

	return reason >= 0 && reason < (int)(sizeof(names) / sizeof(names[0])) ? names[reason]
									       : "unspecified";
}
