/* SPDX-License-Identifier: Apache-2.0 */
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "cannot make test data: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

EVP_PKEY *gen_key(const char *kind)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (strncmp(kind, "RSA:", 4) == 0)
		key = EVP_RSA_gen((unsigned)strtoul(kind + 4, NULL, 10));
	else if (ctx && EVP_PKEY_keygen_init(ctx) == 1)
		EVP_PKEY_generate(ctx, &key);
	else
		key = EVP_EC_gen(kind);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	need(key != NULL, kind);
	return key;
}

static X509_NAME *make_name(const char *text)
{
	const unsigned char *p;
	struct id id;
	X509_NAME *name;

	need(id_parse(text, &id) == 0, text);
	p = id.data;
	name = d2i_X509_NAME(NULL, &p, (long)id.len);
	need(name != NULL, text);
	id_done(&id);
	return name;
}

static void add_extension(X509 *x, X509 *issuer, const char *text)
{
	char name[64];
	const char *value = strchr(text, '=');
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	int nid;

	need(value && (size_t)(value - text) < sizeof(name), text);
	snprintf(name, sizeof(name), "%.*s", (int)(value - text), text);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	nid = OBJ_txt2nid(name);
	ext = nid == NID_undef ? X509V3_EXT_conf(NULL, &ctx, name, value + 1)
			       : X509V3_EXT_conf_nid(NULL, &ctx, nid, value + 1);
	need(ext && X509_add_ext(x, ext, -1) == 1, text);
	X509_EXTENSION_free(ext);
}

struct gen gen_make(const struct gen_params *params)
{
	static long serial;
	struct gen g = {.key = gen_key(params->key ? params->key : "P-256"), .x509 = X509_new()};
	const struct gen *issuer = params->issuer ? params->issuer : &g;
	X509_NAME *name = make_name(params->subject);
	const EVP_MD *md = EVP_get_digestbyname(params->digest ? params->digest : "SHA256");

	if (!EVP_PKEY_is_a(issuer->key, "RSA") && !EVP_PKEY_is_a(issuer->key, "EC"))
		md = NULL;
	need(X509_set_version(g.x509, X509_VERSION_3) == 1, "version");
	ASN1_INTEGER_set(X509_get_serialNumber(g.x509), ++serial);
	X509_set_subject_name(g.x509, name);
	X509_NAME_free(name);
	X509_set_issuer_name(g.x509, X509_get_subject_name(issuer->x509));
	ASN1_TIME_set(X509_getm_notBefore(g.x509),
		      params->not_before ? params->not_before : GEN_NOT_BEFORE);
	ASN1_TIME_set(X509_getm_notAfter(g.x509),
		      params->not_after ? params->not_after : GEN_NOT_AFTER);
	X509_set_pubkey(g.x509, g.key);
	for (size_t i = 0; i < 8 && params->ext[i]; i++)
		add_extension(g.x509, issuer->x509, params->ext[i]);
	need(X509_sign(g.x509, issuer->key, md) > 0, "signature");
	need(cert_parse(gen_der(&g), &g.cert) == 0, params->subject);
	return g;
}

struct gen gen_ca(const char *subject, const struct gen *issuer)
{
	return gen_make(&(struct gen_params){
		.subject = subject,
		.issuer = issuer,
		.not_before = GEN_NOT_BEFORE - GEN_YEAR,
		.not_after = GEN_NOT_AFTER + GEN_YEAR,
		.ext = {"basicConstraints=critical,CA:TRUE",
			"keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash",
			issuer ? "authorityKeyIdentifier=keyid" : NULL},
	});
}

struct gen gen_leaf(const char *subject, const char *alt_name, const struct gen *issuer)
{
	char alt[256];

	snprintf(alt, sizeof(alt), "subjectAltName=%s", alt_name ? alt_name : "");
	return gen_make(&(struct gen_params){
		.subject = subject,
		.issuer = issuer,
		.ext = {"subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid",
			alt_name ? alt : NULL},
	});
}

static void add_revoked(X509_CRL *crl, const struct gen *g, const struct gen_crl_params *params)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, GEN_NOT_BEFORE);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

	X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(g->x509));
	X509_REVOKED_set_revocationDate(r, when);
	ASN1_ENUMERATED_set(reason, params->reason);
	if (params->reason)
		X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, reason, 0, 0);
	X509_CRL_add0_revoked(crl, r);
	ASN1_ENUMERATED_free(reason);
	ASN1_TIME_free(when);
}

static void add_crl_extensions(X509_CRL *crl, const struct gen_crl_params *params)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	char name[64];

	ASN1_INTEGER_set(number, params->number);
	if (params->number)
		X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0);
	ASN1_INTEGER_free(number);
	if (!params->ext)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(params->ext, "="), params->ext);
	X509V3_set_ctx(&ctx, params->issuer->x509, NULL, NULL, crl, 0);
	X509V3_set_ctx_nodb(&ctx);
	ext = X509V3_EXT_conf(NULL, &ctx, name, params->ext + strlen(name) + 1);
	need(ext && X509_CRL_add_ext(crl, ext, -1) == 1, params->ext);
	X509_EXTENSION_free(ext);
}

struct view gen_crl(const struct gen_crl_params *params)
{
	const struct gen *signer = params->signer ? params->signer : params->issuer;
	ASN1_TIME *this_update =
		ASN1_TIME_set(NULL, params->this_update ? params->this_update : GEN_NOT_BEFORE);
	ASN1_TIME *next_update =
		ASN1_TIME_set(NULL, params->next_update ? params->next_update : GEN_NOT_AFTER);
	X509_CRL *crl = X509_CRL_new();
	static unsigned char *der;
	int len;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(params->issuer->x509));
	X509_CRL_set1_lastUpdate(crl, this_update);
	X509_CRL_set1_nextUpdate(crl, next_update);
	for (size_t i = 0; i < 4 && params->revoked[i]; i++)
		add_revoked(crl, params->revoked[i], params);
	add_crl_extensions(crl, params);
	need(X509_CRL_sign(crl, signer->key, EVP_sha256()) > 0, "CRL");
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509_CRL(crl, &der);
	need(len > 0, "CRL");
	X509_CRL_free(crl);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return view_make(der, (size_t)len);
}

void gen_done(struct gen *g)
{
	cert_put(g->cert);
	X509_free(g->x509);
	EVP_PKEY_free(g->key);
	*g = (struct gen){0};
}

struct view gen_der(const struct gen *g)
{
	static unsigned char *der;
	int len;

	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509(g->x509, &der);
	need(len > 0, "encoding");
	return view_make(der, (size_t)len);
}

bool gen_read_file(const char *path, uint8_t **out, size_t *out_len)
{
	enum { MOST = 1 << 16 };
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	*out = malloc(MOST);
	need(*out != NULL, path);
	*out_len = fread(*out, 1, MOST, f);
	fclose(f);
	return true;
}
