/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/cert.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/str.h"
#include "cred/idtype.h"
#include "cred/pem.h"

static int sha1(struct view data, uint8_t out[CERT_KEYID_LEN])
{
	return EVP_Digest(data.ptr, data.len, out, NULL, EVP_sha1(), NULL) == 1 ? 0 : E_CRYPTO;
}

static int read_time(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return E_MALFORMED;
	*out = timegm(&tm);
	return 0;
}

static int read_name(const X509_NAME *name, struct id *out)
{
	const unsigned char *der;
	size_t len;

	if (X509_NAME_get0_der(name, &der, &len) != 1)
		return E_MALFORMED;
	return id_from_wire(IDTYPE_DN, view_make(der, len), out);
}

/* By the raw encoding, so that it works for keys of which OpenSSL knows nothing. */
static int read_key_ids(struct cert *c)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(c->x509);
	unsigned char *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x509), &spki);
	int err = E_MALFORMED;

	if (len > 0 && bits)
		err = sha1(view_make(spki, (size_t)len), c->spki_sha1);
	OPENSSL_free(spki);
	if (err)
		return err;
	return sha1(view_make(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits)),
		    c->subject_key);
}

/* Issued to itself, as far as names and key identifiers tell; the signature is trust.c's affair. */
static bool is_self_signed(X509 *x)
{
	const ASN1_OCTET_STRING *subject_key, *authority_key;

	if (!(X509_get_extension_flags(x) & EXFLAG_SI))
		return false;
	subject_key = X509_get0_subject_key_id(x);
	authority_key = X509_get0_authority_key_id(x);
	return !subject_key || !authority_key ||
	       ASN1_OCTET_STRING_cmp(subject_key, authority_key) == 0;
}

static int read_fields(struct cert *c)
{
	int err = read_name(X509_get_subject_name(c->x509), &c->subject);

	if (!err)
		err = read_name(X509_get_issuer_name(c->x509), &c->issuer);
	if (!err)
		err = read_key_ids(c);
	if (!err)
		err = read_time(X509_get0_notBefore(c->x509), &c->not_before);
	if (!err)
		err = read_time(X509_get0_notAfter(c->x509), &c->not_after);
	if (err)
		return err;
	/* This also fills OpenSSL's cache of extensions, before threads share the object. */
	c->ca = (X509_get_extension_flags(c->x509) & EXFLAG_CA) != 0;
	c->self_signed = is_self_signed(c->x509);
	return 0;
}

/* Takes over der. */
static int decode(uint8_t *der, size_t len, struct cert **out)
{
	const unsigned char *p = der;
	struct cert *c = calloc(1, sizeof(*c));
	int err = E_MALFORMED;

	if (!c) {
		free(der);
		return E_NOMEM;
	}
	c->refs = 1;
	c->der = view_make(der, len);
	c->x509 = d2i_X509(NULL, &p, (long)len);
	if (c->x509 && p == der + len)
		err = read_fields(c);
	if (err)
		cert_put(c);
	else
		*out = c;
	return err;
}

int cert_parse(struct view data, struct cert **out)
{
	uint8_t *der = NULL;
	size_t len = 0;
	int err;

	*out = NULL;
	ERR_set_mark();
	err = pem_or_der(data, PEM_STRING_X509, &der, &len);
	if (!err)
		err = decode(der, len, out);
	ERR_pop_to_mark();
	return err;
}

struct cert *cert_get(const struct cert *c)
{
	struct cert *shared = (struct cert *)c;

	__atomic_add_fetch(&shared->refs, 1, __ATOMIC_RELAXED);
	return shared;
}

void cert_put(struct cert *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	X509_free(c->x509);
	free((void *)c->der.ptr);
	id_done(&c->subject);
	id_done(&c->issuer);
	free(c);
}

EVP_PKEY *cert_key(const struct cert *c)
{
	EVP_PKEY *key;

	ERR_set_mark();
	key = X509_get0_pubkey(c->x509);
	ERR_pop_to_mark();
	return key;
}

/* A subjectAltName as an identity that borrows its bytes; false if it is none of IKE's. */
static bool name_as_id(const GENERAL_NAME *name, struct id *out)
{
	const ASN1_STRING *data = NULL;
	const unsigned char *der;

	*out = (struct id){0};
	switch (name->type) {
	case GEN_DNS:
		out->type = IDTYPE_FQDN;
		data = name->d.dNSName;
		break;
	case GEN_EMAIL:
		out->type = IDTYPE_RFC822;
		data = name->d.rfc822Name;
		break;
	case GEN_IPADD:
		data = name->d.iPAddress;
		out->type = ASN1_STRING_length(data) == 4 ? IDTYPE_IPV4 : IDTYPE_IPV6;
		break;
	case GEN_DIRNAME:
		out->type = IDTYPE_DN;
		if (X509_NAME_get0_der(name->d.directoryName, &der, &out->len) != 1)
			return false;
		out->data = (uint8_t *)der;
		return true;
	default:
		return false;
	}
	out->data = (uint8_t *)ASN1_STRING_get0_data(data);
	out->len = (size_t)ASN1_STRING_length(data);
	return out->len > 0;
}

static unsigned match_alt_names(const struct cert *c, const struct id *id)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(c->x509, NID_subject_alt_name, NULL, NULL);
	unsigned best = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		struct id alt;
		unsigned match = 0;

		if (name_as_id(sk_GENERAL_NAME_value(names, i), &alt))
			match = id_match(&alt, id);
		if (match > best)
			best = match;
	}
	GENERAL_NAMES_free(names);
	return best;
}

static bool has_key_id(const struct cert *c, struct view id)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(c->x509);

	return (ski && view_equal(id, view_make(ASN1_STRING_get0_data(ski),
						(size_t)ASN1_STRING_length(ski)))) ||
	       view_equal(id, view_make(c->spki_sha1, CERT_KEYID_LEN)) ||
	       view_equal(id, view_make(c->subject_key, CERT_KEYID_LEN));
}

unsigned cert_has_id(const struct cert *c, const struct id *id)
{
	unsigned best = id_match(&c->subject, id);
	unsigned match;

	if (id->type == IDTYPE_KEY_ID)
		return has_key_id(c, view_make(id->data, id->len)) ? id_match(id, id) : 0;
	ERR_set_mark();
	match = match_alt_names(c, id);
	ERR_pop_to_mark();
	return match > best ? match : best;
}

char *cert_subject_text(const struct cert *c)
{
	return id_string(&c->subject);
}

static const char *id_label(uint8_t type)
{
	switch (type) {
	case IDTYPE_FQDN:
		return "dns:";
	case IDTYPE_RFC822:
		return "email:";
	case IDTYPE_DN:
		return "dn:";
	default:
		return "ip:";
	}
}

void cert_write_ids(const struct cert *c, struct wbuf *out)
{
	GENERAL_NAMES *names;

	ERR_set_mark();
	names = X509_get_ext_d2i(c->x509, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		struct id alt;

		if (!name_as_id(sk_GENERAL_NAME_value(names, i), &alt))
			continue;
		wbuf_str(out, id_label(alt.type));
		id_text(&alt, out);
		wbuf_str(out, ", ");
	}
	GENERAL_NAMES_free(names);
	ERR_pop_to_mark();
	wbuf_str(out, "subject \"");
	id_text(&c->subject, out);
	wbuf_str(out, "\"");
}
