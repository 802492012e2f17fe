/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "provider/hybrid.h"

#define SEED_MAX 64

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int fill(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	while (len > 0) {
		int part = len < INT32_MAX ? (int)len : INT32_MAX;

		if (RAND_priv_bytes(out, part) != 1)
			return PQC_E_RNG;
		out += part;
		len -= (size_t)part;
	}
	return 0;
}

const struct pqc_rng provider_key_rng = {.fill = fill};

/*
 * The names and object identifiers of the signature schemes: of strongSwan 6.0 beta and liboqs 0.9,
 * and of RFC 9881. The first name is the one that OpenSSL calls a key by.
 */
static const struct scheme {
	const char *row, *name, *names, *oid;
	unsigned security_bits;
	bool has_seed;
} schemes[] = {
	{"Dilithium2", "Dilithium2", "Dilithium2", "1.3.6.1.4.1.2.267.7.4.4", 128, false},
	{"Dilithium3", "Dilithium3", "Dilithium3", "1.3.6.1.4.1.2.267.7.6.5", 192, false},
	{"Dilithium5", "Dilithium5", "Dilithium5", "1.3.6.1.4.1.2.267.7.8.7", 256, false},
	{"Falcon-512", "Falcon512", "Falcon512:Falcon-512", "1.3.9999.3.1", 128, false},
	{"Falcon-1024", "Falcon1024", "Falcon1024:Falcon-1024", "1.3.9999.3.4", 256, false},
	{"ML-DSA-44", "ML-DSA-44", "ML-DSA-44:MLDSA44:id-ml-dsa-44", "2.16.840.1.101.3.4.3.17", 128,
	 true},
	{"ML-DSA-65", "ML-DSA-65", "ML-DSA-65:MLDSA65:id-ml-dsa-65", "2.16.840.1.101.3.4.3.18", 192,
	 true},
	{"ML-DSA-87", "ML-DSA-87", "ML-DSA-87:MLDSA87:id-ml-dsa-87", "2.16.840.1.101.3.4.3.19", 256,
	 true},
};

static bool signature_type_at(size_t i, struct provider_type *out)
{
	const struct scheme *s = i < sizeof(schemes) / sizeof(schemes[0]) ? &schemes[i] : NULL;
	const struct pqc_sig *sig = s ? pqc_sig_find(s->row) : NULL;

	if (!sig)
		return false;
	*out = (struct provider_type){
		.name = s->name,
		.names = s->names,
		.oid = s->oid,
		.public_len = sig->public_len,
		.secret_len = sig->secret_len,
		.seed_len = s->has_seed ? sig->keypair_seed_len : 0,
		.security_bits = s->security_bits,
		.sig = sig,
	};
	return true;
}

/* RFC 9935: KEMs with keys that can be written. The tail of an expanded key is H(ek) and z. */
static const struct written_kem {
	const char *row, *names, *oid;
} written_kems[] = {
	{"ML-KEM-512", "ML-KEM-512:MLKEM512:id-alg-ml-kem-512", "2.16.840.1.101.3.4.4.1"},
	{"ML-KEM-768", "ML-KEM-768:MLKEM768:id-alg-ml-kem-768", "2.16.840.1.101.3.4.4.2"},
	{"ML-KEM-1024", "ML-KEM-1024:MLKEM1024:id-alg-ml-kem-1024", "2.16.840.1.101.3.4.4.3"},
};
#define EXPANDED_TAIL 64

/* By the category that the parameter set claims, which is the number in its name. */
static unsigned kem_security_bits(const char *name)
{
	static const struct {
		const char *part;
		unsigned bits;
	} sets[] = {
		{"1344", 256}, {"1024", 256}, {"L5", 256}, {"HQC-256", 256},
		{"976", 192},  {"768", 192},  {"L3", 192}, {"HQC-192", 192},
	};

	for (size_t i = 0; i < COUNT(sets); i++) {
		if (strstr(name, sets[i].part))
			return sets[i].bits;
	}
	return 128;
}

static void fill_kem_type(const struct pqc_kem *kem, struct provider_type *out)
{
	*out = (struct provider_type){.name = kem->name,
				      .names = kem->name,
				      .public_len = kem->public_len,
				      .secret_len = kem->secret_len,
				      .security_bits = kem_security_bits(kem->name),
				      .kem = kem};
	for (size_t i = 0; i < COUNT(written_kems); i++) {
		if (strcmp(written_kems[i].row, kem->name) != 0)
			continue;
		out->names = written_kems[i].names;
		out->oid = written_kems[i].oid;
		out->seed_len = kem->keypair_seed_len;
		out->public_at = kem->secret_len - EXPANDED_TAIL - kem->public_len;
	}
}

bool provider_key_type_at(size_t i, struct provider_type *out)
{
	const struct pqc_kem *kem;
	size_t n = 0, own = 0;

	while (n < i && pqc_kem_at(n))
		n++;
	kem = pqc_kem_at(n);
	if (!kem) {
		while (n + own < i && provider_hybrid_at(own))
			own++;
		kem = provider_hybrid_at(own);
	}
	if (!kem)
		return signature_type_at(i - n - own, out);
	fill_kem_type(kem, out);
	return true;
}

struct provider_key *provider_key_new(const struct provider_type *type)
{
	struct provider_key *key = OPENSSL_zalloc(sizeof(*key));

	if (!key)
		return NULL;
	atomic_init(&key->refs, 1);
	key->type = *type;
	return key;
}

struct provider_key *provider_key_get(struct provider_key *key)
{
	atomic_fetch_add(&key->refs, 1);
	return key;
}

/* Takes all three over. */
static void set_content(struct provider_key *key, uint8_t *pub, uint8_t *sec, uint8_t *seed)
{
	OPENSSL_free(key->pub);
	provider_key_drop_secret(key);
	key->pub = pub;
	key->sec = sec;
	key->seed = seed;
}

void provider_key_put(struct provider_key *key)
{
	if (!key || atomic_fetch_sub(&key->refs, 1) > 1)
		return;
	set_content(key, NULL, NULL, NULL);
	OPENSSL_free(key);
}

struct provider_key *provider_key_dup(const struct provider_key *key, unsigned halves)
{
	struct provider_key *copy = provider_key_new(&key->type);
	bool pub = (halves & PROVIDER_KEY_PUBLIC) && key->pub;
	bool sec = (halves & PROVIDER_KEY_SECRET) && key->sec;

	if (!copy)
		return NULL;
	if (pub)
		copy->pub = OPENSSL_memdup(key->pub, key->type.public_len);
	if (sec)
		copy->sec = OPENSSL_memdup(key->sec, key->type.secret_len);
	if (sec && key->seed)
		copy->seed = OPENSSL_memdup(key->seed, key->type.seed_len);
	if ((!pub || copy->pub) && (!sec || (copy->sec && !copy->seed == !key->seed)))
		return copy;
	provider_key_put(copy);
	return NULL;
}

/* A pair of the seed, or of chance if it has no bytes. */
static int make_pair(const struct provider_type *type, struct pqc_bytes seed, uint8_t *pub,
		     uint8_t *sec)
{
	if (type->kem && seed.ptr)
		return pqc_kem_from_seed(type->kem, seed, pub, sec);
	if (type->kem)
		return pqc_kem_keypair(type->kem, &provider_key_rng, pub, sec);
	if (!seed.ptr)
		return pqc_sig_keypair(type->sig, &provider_key_rng, pub, sec);
	return pqc_sig_from_seed(type->sig, seed, pub, sec);
}

static int set_pair(struct provider_key *key, struct pqc_bytes seed)
{
	uint8_t *pub = OPENSSL_malloc(key->type.public_len);
	uint8_t *sec = OPENSSL_malloc(key->type.secret_len);
	uint8_t *kept = seed.ptr ? OPENSSL_memdup(seed.ptr, seed.len) : NULL;
	int err = pub && sec && !kept == !seed.ptr ? make_pair(&key->type, seed, pub, sec)
						   : PQC_E_NOMEM;

	if (err == 0) {
		set_content(key, pub, sec, kept);
		return 0;
	}
	OPENSSL_free(pub);
	OPENSSL_free(sec); /* the library has zeroed it */
	OPENSSL_clear_free(kept, seed.len);
	return err;
}

int provider_key_generate(struct provider_key *key)
{
	uint8_t seed[SEED_MAX];
	size_t len = key->type.seed_len;
	int err;

	if (len == 0)
		return set_pair(key, pqc_bytes_make(NULL, 0));
	err = len <= sizeof(seed) ? fill(NULL, seed, len) : PQC_E_INTERNAL;
	if (!err)
		err = set_pair(key, pqc_bytes_make(seed, len));
	OPENSSL_cleanse(seed, sizeof(seed));
	return err;
}

int provider_key_set_seed(struct provider_key *key, struct pqc_bytes seed)
{
	if (seed.len == 0 || seed.len != key->type.seed_len)
		return PQC_E_KEY;
	return set_pair(key, seed);
}

int provider_key_set_public(struct provider_key *key, struct pqc_bytes pub)
{
	uint8_t *copy;
	int err = key->type.kem			    ? pqc_kem_check_public(key->type.kem, pub)
		  : pub.len == key->type.public_len ? 0
						    : PQC_E_KEY;

	copy = err ? NULL : OPENSSL_memdup(pub.ptr, pub.len);
	if (err || !copy)
		return err ? err : PQC_E_NOMEM;
	OPENSSL_free(key->pub);
	key->pub = copy;
	return 0;
}

/* The public half of a private key of a signature scheme, to be freed. */
static int derive_public(const struct pqc_sig *sig, struct pqc_bytes sec, uint8_t **out)
{
	uint8_t *pub = OPENSSL_malloc(sig->public_len);
	int err = pub ? pqc_sig_public_of(sig, sec, pub) : PQC_E_NOMEM;

	if (err)
		OPENSSL_free(pub);
	else
		*out = pub;
	return err;
}

/* Likewise of a KEM that is written: it stands there, and is checked with the rest. */
static int extract_public(const struct provider_type *type, struct pqc_bytes sec, uint8_t **out)
{
	*out = OPENSSL_memdup(sec.ptr + type->public_at, type->public_len);
	return *out ? 0 : PQC_E_NOMEM;
}

/* A scheme's own checks; and the public half that it says, if it is not known yet, into *out. */
static int check_secret(const struct provider_key *key, struct pqc_bytes sec, uint8_t **out)
{
	uint8_t *pub = NULL;
	int err;

	err = key->type.kem ? pqc_kem_check_secret(key->type.kem, sec)
			    : pqc_sig_check_secret(key->type.sig, sec);
	if (!err && key->type.sig)
		err = derive_public(key->type.sig, sec, &pub);
	else if (!err && key->type.public_at)
		err = extract_public(&key->type, sec, &pub);
	if (err || !pub)
		return err;
	if (!key->pub) {
		*out = pub;
		return 0;
	}
	if (CRYPTO_memcmp(pub, key->pub, key->type.public_len) != 0)
		err = PQC_E_KEY;
	OPENSSL_free(pub);
	return err;
}

int provider_key_set_secret(struct provider_key *key, struct pqc_bytes sec)
{
	uint8_t *pub = NULL;
	int err = check_secret(key, sec, &pub);
	uint8_t *copy = err ? NULL : OPENSSL_memdup(sec.ptr, sec.len);

	if (err || !copy) {
		OPENSSL_free(pub);
		return err ? err : PQC_E_NOMEM;
	}
	provider_key_drop_secret(key);
	key->sec = copy;
	if (pub)
		key->pub = pub;
	return 0;
}

void provider_key_drop_secret(struct provider_key *key)
{
	OPENSSL_clear_free(key->sec, key->type.secret_len);
	OPENSSL_clear_free(key->seed, key->type.seed_len);
	key->sec = key->seed = NULL;
}

/* Tried by using them. */
static bool opens_what_it_seals(const struct provider_key *key)
{
	const struct pqc_kem *kem = key->type.kem;
	size_t len = kem->shared_len;
	uint8_t *ct = OPENSSL_malloc(kem->ciphertext_len), *shared = OPENSSL_malloc(2 * len);
	bool same =
		ct && shared && key->pub && key->sec &&
		pqc_kem_encaps(kem, &provider_key_rng, provider_key_public(key), ct, shared) == 0 &&
		pqc_kem_decaps(kem, provider_key_secret(key),
			       pqc_bytes_make(ct, kem->ciphertext_len), shared + len) == 0 &&
		CRYPTO_memcmp(shared, shared + len, len) == 0;

	OPENSSL_free(ct);
	OPENSSL_clear_free(shared, 2 * len);
	return same;
}

bool provider_key_is_pair(const struct provider_key *key)
{
	uint8_t *pub = NULL;
	bool same;

	if (key->type.kem)
		return opens_what_it_seals(key);
	same = key->pub && key->sec &&
	       derive_public(key->type.sig, provider_key_secret(key), &pub) == 0 &&
	       CRYPTO_memcmp(pub, key->pub, key->type.public_len) == 0;
	OPENSSL_free(pub);
	return same;
}

struct pqc_bytes provider_key_public(const struct provider_key *key)
{
	return pqc_bytes_make(key->pub, key->type.public_len);
}

struct pqc_bytes provider_key_secret(const struct provider_key *key)
{
	return pqc_bytes_make(key->sec, key->type.secret_len);
}

int provider_key_fail(const struct provider_type *type, int err)
{
	if (err == PQC_E_NOMEM)
		ERR_raise(ERR_LIB_PROV, ERR_R_MALLOC_FAILURE);
	else
		ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "%s: %s", type->name,
			       pqc_error_text(err));
	return 0;
}
