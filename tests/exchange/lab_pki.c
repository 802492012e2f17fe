/* SPDX-License-Identifier: Apache-2.0 */
#include "lab_pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../unit/cred/gen.h"
#include "cred/store.h"
#include "lab.h"

enum kind { LEAF, CA, EXPIRED, FORGED };

static struct entry {
	const char *name, *issuer, *key;
	enum kind kind;
	struct gen gen;
} entries[] = {
	{"ca", NULL, "P-256", CA, {0}},
	{"sub", "ca", "P-256", CA, {0}},
	{"other-ca", NULL, "P-256", CA, {0}},
	{"carol", "ca", "P-256", LEAF, {0}},
	{"moon", "ca", "P-256", LEAF, {0}},
	{"carol-p384", "ca", "P-384", LEAF, {0}},
	{"moon-p521", "ca", "P-521", LEAF, {0}},
	{"carol-ed", "ca", "ED25519", LEAF, {0}},
	{"moon-ed", "ca", "ED25519", LEAF, {0}},
	{"moon-ed448", "ca", "ED448", LEAF, {0}},
	{"carol-rsa", "ca", "RSA:2048", LEAF, {0}},
	{"moon-rsa", "ca", "RSA:2048", LEAF, {0}},
	{"carol-sub", "sub", "P-256", LEAF, {0}},
	{"moon-sub", "sub", "P-256", LEAF, {0}},
	{"carol-expired", "ca", "P-256", EXPIRED, {0}},
	{"carol-stranger", "other-ca", "P-256", LEAF, {0}},
	{"carol-forged", "ca", "P-256", FORGED, {0}},
	{"big-1", "ca", "RSA:2048", CA, {0}},
	{"big-2", "big-1", "RSA:2048", CA, {0}},
	{"big-3", "big-2", "RSA:2048", CA, {0}},
	{"moon-big", "big-3", "RSA:2048", LEAF, {0}},
	{"ca-dilithium2", NULL, "Dilithium2", CA, {0}},
	{"carol-dilithium2", "ca-mldsa87", "Dilithium2", LEAF, {0}},
	{"moon-dilithium2", "ca-mldsa87", "Dilithium2", LEAF, {0}},
	{"ca-dilithium3", NULL, "Dilithium3", CA, {0}},
	{"carol-dilithium3", "ca-dilithium2", "Dilithium3", LEAF, {0}},
	{"moon-dilithium3", "ca-dilithium2", "Dilithium3", LEAF, {0}},
	{"ca-dilithium5", NULL, "Dilithium5", CA, {0}},
	{"carol-dilithium5", "ca-falcon1024", "Dilithium5", LEAF, {0}},
	{"moon-dilithium5", "ca-falcon1024", "Dilithium5", LEAF, {0}},
	{"ca-falcon512", NULL, "Falcon512", CA, {0}},
	{"carol-falcon512", "ca-dilithium3", "Falcon512", LEAF, {0}},
	{"moon-falcon512", "ca-dilithium3", "Falcon512", LEAF, {0}},
	{"ca-falcon1024", NULL, "Falcon1024", CA, {0}},
	{"carol-falcon1024", "ca-dilithium5", "Falcon1024", LEAF, {0}},
	{"moon-falcon1024", "ca-dilithium5", "Falcon1024", LEAF, {0}},
	{"ca-mldsa44", NULL, "ML-DSA-44", CA, {0}},
	{"carol-mldsa44", "ca-falcon512", "ML-DSA-44", LEAF, {0}},
	{"moon-mldsa44", "ca-falcon512", "ML-DSA-44", LEAF, {0}},
	{"ca-mldsa65", NULL, "ML-DSA-65", CA, {0}},
	{"carol-mldsa65", "ca-mldsa44", "ML-DSA-65", LEAF, {0}},
	{"moon-mldsa65", "ca-mldsa44", "ML-DSA-65", LEAF, {0}},
	{"ca-mldsa87", NULL, "ML-DSA-87", CA, {0}},
	{"carol-mldsa87", "ca-mldsa65", "ML-DSA-87", LEAF, {0}},
	{"moon-mldsa87", "ca-mldsa65", "ML-DSA-87", LEAF, {0}},
	{"carol-under-pq", "ca-mldsa65", "P-256", LEAF, {0}},
	{"moon-over-ec", "ca", "ML-DSA-65", LEAF, {0}},
};

static struct secret forged; /* the DER of the one that is FORGED */

#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))

static struct entry *find(const char *name)
{
	for (size_t i = 0; i < N_ENTRIES; i++) {
		if (strcmp(entries[i].name, name) == 0)
			return &entries[i];
	}
	fail_msg("no certificate is called '%s'", name);
	return NULL;
}

static const struct gen *get(const char *name)
{
	struct entry *e = find(name);
	const char *cn_end = e->kind == CA ? NULL : strchr(name, '-');
	char cn[32], subject[64], alt[80];
	struct gen_params p = {.subject = subject, .key = e->key};

	if (e->gen.cert)
		return &e->gen;
	snprintf(cn, sizeof(cn), "%.*s", cn_end ? (int)(cn_end - name) : (int)strlen(name), name);
	snprintf(subject, sizeof(subject), "C=CH, O=Cyber, CN=%s", cn);
	snprintf(alt, sizeof(alt), "subjectAltName=DNS:%s.example.org", cn);
	p.issuer = e->issuer ? get(e->issuer) : NULL;
	p.not_after = e->kind == EXPIRED ? LAB_PKI_NOW - 86400 : 0;
	p.ext[0] = "subjectKeyIdentifier=hash";
	p.ext[1] = e->kind == CA ? "basicConstraints=critical,CA:TRUE" : alt;
	p.ext[2] = e->kind == CA ? "keyUsage=critical,keyCertSign" : "keyUsage=digitalSignature";
	p.ext[3] = e->issuer ? "authorityKeyIdentifier=keyid" : NULL;
	e->gen = gen_make(&p);
	return &e->gen;
}

struct view lab_pki_der(const char *name)
{
	struct view der = get(name)->cert->der;

	if (find(name)->kind != FORGED)
		return der;
	if (!forged.len) {
		assert_int_equal(secret_copy(&forged, der), 0);
		forged.data[der.len - 1] ^= 1;
	}
	return secret_view(&forged);
}

void lab_pki_trust(struct lab_host *host, const char *name)
{
	assert_int_equal(cred_add_cert(host->creds, lab_pki_der(name), CRED_CA, NULL), 0);
}

void lab_pki_know(struct lab_host *host, const char *name)
{
	assert_int_equal(cred_add_cert(host->creds, lab_pki_der(name), CRED_NONE, NULL), 0);
}

void lab_pki_own(struct lab_host *host, const char *name)
{
	struct keyref *key;

	lab_pki_know(host, name);
	assert_int_equal(keyref_from_pkey(get(name)->key, &key), 0);
	assert_int_equal(cred_add_key(host->creds, key), 0);
	keyref_put(key);
}

void lab_pki_done(void)
{
	for (size_t i = 0; i < N_ENTRIES; i++) {
		if (entries[i].gen.cert)
			gen_done(&entries[i].gen);
	}
	secret_done(&forged);
}
