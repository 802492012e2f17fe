/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/form.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#define TAG_SEED 0x80 /* [0] IMPLICIT OCTET STRING, primitive */

static ASN1_OBJECT *object_of(const struct provider_type *type)
{
	return type->oid ? OBJ_txt2obj(type->oid, 1) : NULL;
}

bool provider_form_register(const struct provider_type *type)
{
	int nid, known;

	ERR_set_mark();
	nid = OBJ_txt2nid(type->oid);
	if (nid == NID_undef)
		nid = OBJ_create(type->oid, type->name, type->name);
	known = nid != NID_undef && (!type->sig || OBJ_find_sigid_algs(nid, NULL, NULL));
	if (nid != NID_undef && !known)
		known = OBJ_add_sigid(nid, NID_undef, nid);
	ERR_pop_to_mark();
	return known == 1;
}

int provider_form_algorithm(const struct provider_type *type, unsigned char **out)
{
	ASN1_OBJECT *object = object_of(type);
	X509_ALGOR *alg = X509_ALGOR_new();
	int len = -1;

	if (object && alg && X509_ALGOR_set0(alg, object, V_ASN1_UNDEF, NULL) == 1) {
		object = NULL; /* alg owns it now */
		len = i2d_X509_ALGOR(alg, out);
	}
	X509_ALGOR_free(alg);
	ASN1_OBJECT_free(object);
	return len;
}

int provider_form_public(const struct provider_key *key, unsigned char **out)
{
	ASN1_OBJECT *object = object_of(&key->type);
	X509_PUBKEY *spki = X509_PUBKEY_new();
	unsigned char *bits = NULL;
	int len = -1;

	if (key->pub)
		bits = OPENSSL_memdup(key->pub, key->type.public_len);
	if (object && spki && bits &&
	    X509_PUBKEY_set0_param(spki, object, V_ASN1_UNDEF, NULL, bits,
				   (int)key->type.public_len) == 1) {
		object = NULL; /* spki owns both now */
		bits = NULL;
		len = i2d_X509_PUBKEY(spki, out);
	}
	X509_PUBKEY_free(spki);
	OPENSSL_free(bits);
	ASN1_OBJECT_free(object);
	return len;
}

/* Room for an element of a length and what is around it in a SEQUENCE. */
static int element_len(size_t len)
{
	return ASN1_object_size(0, (int)len, V_ASN1_OCTET_STRING);
}

static void put_octets(unsigned char **pos, struct pqc_bytes first, struct pqc_bytes second)
{
	ASN1_put_object(pos, 0, (int)(first.len + second.len), V_ASN1_OCTET_STRING,
			V_ASN1_UNIVERSAL);
	for (size_t i = 0; i < first.len; i++)
		*(*pos)++ = first.ptr[i];
	for (size_t i = 0; i < second.len; i++)
		*(*pos)++ = second.ptr[i];
}

/* What stands in the OCTET STRING of the PrivateKeyInfo. */
static int write_content(const struct provider_key *key, unsigned char **out)
{
	const struct pqc_bytes none = {NULL, 0}, sec = provider_key_secret(key);
	const struct pqc_bytes pub = key->type.seed_len ? none : provider_key_public(key);
	const struct pqc_bytes seed = pqc_bytes_make(key->seed, key->type.seed_len);
	int inner = element_len(sec.len + pub.len), len = inner;
	unsigned char *pos;

	if (seed.ptr) {
		inner += element_len(seed.len);
		len = ASN1_object_size(1, inner, V_ASN1_SEQUENCE);
	}
	pos = *out = OPENSSL_malloc((size_t)len);
	if (!pos)
		return -1;
	if (seed.ptr) {
		ASN1_put_object(&pos, 1, inner, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
		put_octets(&pos, seed, none);
	}
	put_octets(&pos, sec, pub);
	return len;
}

int provider_form_private(const struct provider_key *key, unsigned char **out)
{
	ASN1_OBJECT *object = object_of(&key->type);
	PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
	unsigned char *content = NULL;
	int content_len = -1, len = -1;

	if (key->sec && key->pub)
		content_len = write_content(key, &content);
	if (object && info && content_len > 0 &&
	    PKCS8_pkey_set0(info, object, 0, V_ASN1_UNDEF, NULL, content, content_len) == 1) {
		object = NULL; /* info owns both now, and wipes the content */
		content = NULL;
		len = i2d_PKCS8_PRIV_KEY_INFO(info, out);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	if (content)
		OPENSSL_clear_free(content, (size_t)content_len);
	ASN1_OBJECT_free(object);
	return len;
}

/* Whether an AlgorithmIdentifier is the type's; there must be no parameters then. */
static int check_algorithm(const struct provider_type *type, const X509_ALGOR *alg)
{
	ASN1_OBJECT *expected = object_of(type);
	const ASN1_OBJECT *found;
	int parameters, err = 1;

	X509_ALGOR_get0(&found, &parameters, NULL, alg);
	if (expected && OBJ_cmp(expected, found) == 0)
		err = parameters == V_ASN1_UNDEF ? 0 : PQC_E_KEY;
	ASN1_OBJECT_free(expected);
	return err;
}

/* SubjectPublicKeyInfo by hand: X509_PUBKEY would look for a provider's decoder, which is us. */
struct spki {
	X509_ALGOR *alg;
	ASN1_BIT_STRING *bits;
};

static bool spki_read(struct pqc_bytes der, struct spki *out)
{
	const unsigned char *pos = der.ptr, *end;
	long len;
	int tag, class;

	*out = (struct spki){NULL, NULL};
	if (ASN1_get_object(&pos, &len, &tag, &class, (long)der.len) != V_ASN1_CONSTRUCTED ||
	    tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL || pos + len != der.ptr + der.len)
		return false;
	end = pos + len;
	out->alg = d2i_X509_ALGOR(NULL, &pos, end - pos);
	if (out->alg)
		out->bits = d2i_ASN1_BIT_STRING(NULL, &pos, end - pos);
	return out->bits && pos == end;
}

static void spki_done(struct spki *spki)
{
	X509_ALGOR_free(spki->alg);
	ASN1_BIT_STRING_free(spki->bits);
}

int provider_form_read_public(struct provider_key *key, struct pqc_bytes der)
{
	struct spki spki;
	int err = 1;

	ERR_set_mark();
	if (spki_read(der, &spki))
		err = check_algorithm(&key->type, spki.alg);
	/* Unused bits are counted in the three low bits of the flags. */
	if (err == 0 && (spki.bits->flags & 7))
		err = PQC_E_KEY;
	if (err == 0)
		err = provider_key_set_public(
			key, pqc_bytes_make(ASN1_STRING_get0_data(spki.bits),
					    (size_t)ASN1_STRING_length(spki.bits)));
	spki_done(&spki);
	ERR_pop_to_mark();
	return err;
}

/* The next element if it has this identifier octet; in is moved behind it. */
static bool take_element(struct pqc_bytes *in, unsigned identifier, struct pqc_bytes *out)
{
	const unsigned char *pos = in->ptr;
	long len;
	int tag, class;

	if (in->len == 0 || in->ptr[0] != identifier)
		return false;
	/* 0x80: an error; 1: an indefinite length, which DER does not have */
	if (ASN1_get_object(&pos, &len, &tag, &class, (long)in->len) & 0x81)
		return false;
	*out = pqc_bytes_make(pos, (size_t)len);
	*in = pqc_bytes_make(pos + len, in->len - (size_t)(pos + len - in->ptr));
	return true;
}

/* Without a seed nothing says whether a KEM's private key has changed on its way, but its use. */
static int read_expanded(struct provider_key *key, struct pqc_bytes expanded)
{
	int err = provider_key_set_secret(key, expanded);

	if (!err && key->type.kem && !provider_key_is_pair(key))
		err = PQC_E_KEY;
	return err;
}

/* RFC 9881 and RFC 9935, section 6: a seed, an expanded key, or both, which must agree. */
static int read_choice(struct provider_key *key, struct pqc_bytes content)
{
	struct pqc_bytes seed, expanded, both;
	int err;

	if (take_element(&content, TAG_SEED, &seed))
		return content.len == 0 ? provider_key_set_seed(key, seed) : PQC_E_KEY;
	if (take_element(&content, V_ASN1_OCTET_STRING, &expanded))
		return content.len == 0 ? read_expanded(key, expanded) : PQC_E_KEY;
	if (!take_element(&content, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, &both) ||
	    content.len != 0 || !take_element(&both, V_ASN1_OCTET_STRING, &seed) ||
	    !take_element(&both, V_ASN1_OCTET_STRING, &expanded) || both.len != 0 ||
	    expanded.len != key->type.secret_len)
		return PQC_E_KEY;
	err = provider_key_set_seed(key, seed);
	if (err == 0 && CRYPTO_memcmp(key->sec, expanded.ptr, expanded.len) != 0)
		err = PQC_E_KEY;
	return err;
}

static int read_joined(struct provider_key *key, struct pqc_bytes content)
{
	const size_t sec_len = key->type.secret_len, pub_len = key->type.public_len;
	struct pqc_bytes joined;
	int err;

	if (!take_element(&content, V_ASN1_OCTET_STRING, &joined) || content.len != 0 ||
	    joined.len != sec_len + pub_len)
		return PQC_E_KEY;
	err = provider_key_set_public(key, pqc_bytes_make(joined.ptr + sec_len, pub_len));
	return err ? err : provider_key_set_secret(key, pqc_bytes_make(joined.ptr, sec_len));
}

int provider_form_read_private(struct provider_key *key, struct pqc_bytes der)
{
	const unsigned char *pos = der.ptr, *content;
	PKCS8_PRIV_KEY_INFO *info;
	const X509_ALGOR *alg;
	int len, err = 1;

	ERR_set_mark();
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &pos, (long)der.len);
	if (info && pos == der.ptr + der.len &&
	    PKCS8_pkey_get0(NULL, &content, &len, &alg, info) == 1)
		err = check_algorithm(&key->type, alg);
	if (err == 0)
		err = (key->type.seed_len ? read_choice
					  : read_joined)(key, pqc_bytes_make(content, (size_t)len));
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_pop_to_mark();
	return err;
}
