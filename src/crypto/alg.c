/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/alg.h"

#include <openssl/core_names.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>

#include "crypto/alg_row.h"
#include "crypto/ke_ops.h"
#include "crypto/mac.h"
#include "crypto/seal_ops.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define AES_BITS        {128, 192, 256}
#define NAMES(cipher_, mode_) {cipher_ "-128-" mode_, cipher_ "-192-" mode_, cipher_ "-256-" mode_}

static const struct alg_cipher aes_cbc = {&seal_cbc_ops, NAMES("AES", "CBC")};
static const struct alg_cipher aes_ctr = {&seal_ctr_ops, NAMES("AES", "CTR")};
static const struct alg_cipher aes_ccm = {&seal_ccm_ops, NAMES("AES", "CCM")};
static const struct alg_cipher aes_gcm = {&seal_aead_ops, NAMES("AES", "GCM")};
static const struct alg_cipher camellia_cbc = {&seal_cbc_ops, NAMES("CAMELLIA", "CBC")};
static const struct alg_cipher camellia_ctr = {&seal_ctr_ops, NAMES("CAMELLIA", "CTR")};
static const struct alg_cipher des3_cbc = {&seal_cbc_ops, {"DES-EDE3-CBC"}};
static const struct alg_cipher chacha = {&seal_aead_ops, {"ChaCha20-Poly1305"}};
static const struct alg_cipher null = {&seal_null_ops, {NULL}};

#define HMAC(digest_, len_) \
	{.ops = &mac_evp_ops, .mac = "HMAC", .param = OSSL_MAC_PARAM_DIGEST, .value = digest_, \
	 .len = len_}

static const struct alg_mac hmac_sha1 = HMAC("SHA1", 20);
static const struct alg_mac hmac_sha256 = HMAC("SHA2-256", 32);
static const struct alg_mac hmac_sha384 = HMAC("SHA2-384", 48);
static const struct alg_mac hmac_sha512 = HMAC("SHA2-512", 64);
static const struct alg_mac aes_cmac = {
	.ops = &mac_evp_ops, .mac = "CMAC", .param = OSSL_MAC_PARAM_CIPHER, .value = "AES-128-CBC",
	.len = 16, .fixed_key = 16};
static const struct alg_mac aes_xcbc = {
	.ops = &mac_xcbc_ops, .len = 16, .fixed_key = 16, .pad_short_key = true};

#define ENCR(id_, name_, ...) \
	{ALG_ENCR, id_, name_, "openssl", {.encr = {__VA_ARGS__}}}
/* IV is as long as the block, and random. */
#define CBC(id_, name_, block_, impl_, ...) \
	ENCR(id_, name_, .iv_len = block_, .block = block_, .impl = impl_, __VA_ARGS__)
/* An explicit 8-byte IV that may be a counter, behind a salt from the keying material. */
#define STREAM(id_, name_, salt_, icv_, impl_, ...) \
	ENCR(id_, name_, .aead = (icv_) > 0, .iv_counter = true, .salt_len = salt_, .iv_len = 8, \
	     .block = 1, .icv_len = icv_, .impl = impl_, __VA_ARGS__)
#define AES_KEYS .key_bits = AES_BITS, .key_attr = true
#define PRF(id_, name_, len_, fixed_, impl_) \
	{ALG_PRF, id_, name_, "openssl", {.prf = {len_, len_, fixed_, impl_}}}
#define INTEG(id_, name_, key_, icv_, impl_) \
	{ALG_INTEG, id_, name_, "openssl", {.integ = {key_, icv_, impl_}}}
#define DH(id_, name_, len_, strength_, ops_, type_, group_) \
	{ALG_KE, id_, name_, "openssl", {.ke = { \
		.offer_len = len_, .answer_len = len_, .strength = strength_, \
		.impl = &(const struct alg_ke){.ops = ops_, .type = type_, .group = group_}}}}
#define MODP(id_, name_, bits_, strength_, group_) \
	DH(id_, name_, (bits_) / 8, strength_, &ke_modp_ops, "DH", group_)
/* A KE payload has both coordinates, each padded to the length of the prime (RFC 5903). */
#define ECP(id_, name_, bits_, strength_, group_) \
	DH(id_, name_, 2 * (((bits_) + 7) / 8), strength_, &ke_ecp_ops, "EC", group_)

/* The answer, a ciphertext, is as a rule not as long as the offer. */
#define KEM(id_, name_, strength_, offer_, answer_, type_) \
	{ALG_KE, id_, name_, "cygnetpq", {.ke = { \
		.kem = true, .post_quantum = true, .offer_len = offer_, .answer_len = answer_, \
		.strength = strength_, \
		.impl = &(const struct alg_ke){.ops = &ke_kem_ops, .type = type_, \
					       .properties = "provider=cygnetpq"}}}}

static const struct alg rows[] = {
	CBC(12, "AES_CBC", 16, &aes_cbc, AES_KEYS),
	STREAM(13, "AES_CTR", 4, 0, &aes_ctr, AES_KEYS),
	CBC(23, "CAMELLIA_CBC", 16, &camellia_cbc, AES_KEYS),
	STREAM(24, "CAMELLIA_CTR", 4, 0, &camellia_ctr, AES_KEYS),
	CBC(3, "3DES_CBC", 8, &des3_cbc, .key_bits = {192}),
	ENCR(11, "NULL", .block = 1, .impl = &null),
	STREAM(20, "AES_GCM_16", 4, 16, &aes_gcm, AES_KEYS),
	STREAM(19, "AES_GCM_12", 4, 12, &aes_gcm, AES_KEYS),
	STREAM(18, "AES_GCM_8", 4, 8, &aes_gcm, AES_KEYS),
	STREAM(16, "AES_CCM_16", 3, 16, &aes_ccm, AES_KEYS),
	STREAM(15, "AES_CCM_12", 3, 12, &aes_ccm, AES_KEYS),
	STREAM(14, "AES_CCM_8", 3, 8, &aes_ccm, AES_KEYS),
	STREAM(28, "CHACHA20_POLY1305", 4, 16, &chacha, .key_bits = {256}),

	INTEG(12, "HMAC_SHA2_256_128", 32, 16, &hmac_sha256),
	INTEG(13, "HMAC_SHA2_384_192", 48, 24, &hmac_sha384),
	INTEG(14, "HMAC_SHA2_512_256", 64, 32, &hmac_sha512),
	INTEG(2, "HMAC_SHA1_96", 20, 12, &hmac_sha1),
	INTEG(5, "AES_XCBC_96", 16, 12, &aes_xcbc),
	INTEG(8, "AES_CMAC_96", 16, 12, &aes_cmac),

	PRF(5, "PRF_HMAC_SHA2_256", 32, false, &hmac_sha256),
	PRF(6, "PRF_HMAC_SHA2_384", 48, false, &hmac_sha384),
	PRF(7, "PRF_HMAC_SHA2_512", 64, false, &hmac_sha512),
	PRF(2, "PRF_HMAC_SHA1", 20, false, &hmac_sha1),
	PRF(4, "PRF_AES128_XCBC", 16, true, &aes_xcbc),
	PRF(8, "PRF_AES128_CMAC", 16, true, &aes_cmac),

	MODP(15, "MODP_3072", 3072, 128, "modp_3072"),
	MODP(16, "MODP_4096", 4096, 152, "modp_4096"),
	MODP(17, "MODP_6144", 6144, 176, "modp_6144"),
	MODP(18, "MODP_8192", 8192, 200, "modp_8192"),
	MODP(14, "MODP_2048", 2048, 112, "modp_2048"),
	MODP(23, "MODP_2048_224", 2048, 112, "dh_2048_224"),
	MODP(24, "MODP_2048_256", 2048, 112, "dh_2048_256"),
	MODP(5, "MODP_1536", 1536, 96, "modp_1536"),
	MODP(2, "MODP_1024", 1024, 80, NULL),
	MODP(22, "MODP_1024_160", 1024, 80, "dh_1024_160"),
	MODP(1, "MODP_768", 768, 64, NULL),
	ECP(19, "ECP_256", 256, 128, "P-256"),
	ECP(20, "ECP_384", 384, 192, "P-384"),
	ECP(21, "ECP_521", 521, 256, "P-521"),
	ECP(26, "ECP_224", 224, 112, "P-224"),
	ECP(25, "ECP_192", 192, 96, "P-192"),
	ECP(28, "ECP_256_BP", 256, 128, "brainpoolP256r1"),
	ECP(29, "ECP_384_BP", 384, 192, "brainpoolP384r1"),
	ECP(30, "ECP_512_BP", 512, 256, "brainpoolP512r1"),
	ECP(27, "ECP_224_BP", 224, 112, "brainpoolP224r1"),
	DH(31, "CURVE_25519", 32, 128, &ke_xdh_ops, "X25519", NULL),
	DH(32, "CURVE_448", 56, 224, &ke_xdh_ops, "X448", NULL),
	KEM(1086, "FRODO_SHAKE_L1", 128, 9616, 9720, "FrodoKEM-640-SHAKE"),
	KEM(1087, "FRODO_SHAKE_L3", 192, 15632, 15744, "FrodoKEM-976-SHAKE"),
	KEM(1088, "FRODO_SHAKE_L5", 256, 21520, 21632, "FrodoKEM-1344-SHAKE"),
	KEM(1083, "FRODO_AES_L1", 128, 9616, 9720, "FrodoKEM-640-AES"),
	KEM(1084, "FRODO_AES_L3", 192, 15632, 15744, "FrodoKEM-976-AES"),
	KEM(1085, "FRODO_AES_L5", 256, 21520, 21632, "FrodoKEM-1344-AES"),
	KEM(1080, "KYBER_L1", 128, 800, 768, "Kyber512"),
	KEM(1081, "KYBER_L3", 192, 1184, 1088, "Kyber768"),
	KEM(1082, "KYBER_L5", 256, 1568, 1568, "Kyber1024"),
	KEM(1089, "BIKE_L1", 128, 1541, 1573, "BIKE-L1"),
	KEM(1090, "BIKE_L3", 192, 3083, 3115, "BIKE-L3"),
	KEM(1091, "BIKE_L5", 256, 5122, 5154, "BIKE-L5"),
	KEM(1092, "HQC_L1", 128, 2249, 4481, "HQC-128"),
	KEM(1093, "HQC_L3", 192, 4522, 9026, "HQC-192"),
	KEM(1094, "HQC_L5", 256, 7245, 14469, "HQC-256"),
	KEM(35, "ML_KEM_512", 128, 800, 768, "ML-KEM-512"),
	KEM(36, "ML_KEM_768", 192, 1184, 1088, "ML-KEM-768"),
	KEM(37, "ML_KEM_1024", 256, 1568, 1568, "ML-KEM-1024"),

	{.type = ALG_ESN, .id = 0, .name = "NO_EXT_SEQ", .impl = "cygnet"},
	{.type = ALG_ESN, .id = 1, .name = "EXT_SEQ", .impl = "cygnet"},
};

#define BY_BITS(prefix_, suffix_, id_) \
	{prefix_ "128" suffix_, ALG_ENCR, id_, 128}, \
	{prefix_ "192" suffix_, ALG_ENCR, id_, 192}, \
	{prefix_ "256" suffix_, ALG_ENCR, id_, 256}

static const struct alg_keyword keywords[] = {
	{"null", ALG_ENCR, 11, 0},
	{"3des", ALG_ENCR, 3, 0},
	{"aes", ALG_ENCR, 12, 128},
	BY_BITS("aes", "", 12),
	BY_BITS("aes", "ctr", 13),
	BY_BITS("aes", "ccm8", 14),
	BY_BITS("aes", "ccm64", 14),
	BY_BITS("aes", "ccm12", 15),
	BY_BITS("aes", "ccm96", 15),
	BY_BITS("aes", "ccm16", 16),
	BY_BITS("aes", "ccm128", 16),
	BY_BITS("aes", "gcm8", 18),
	BY_BITS("aes", "gcm64", 18),
	BY_BITS("aes", "gcm12", 19),
	BY_BITS("aes", "gcm96", 19),
	BY_BITS("aes", "gcm16", 20),
	BY_BITS("aes", "gcm128", 20),
	BY_BITS("aes", "gcm", 20),
	{"camellia", ALG_ENCR, 23, 128},
	BY_BITS("camellia", "", 23),
	BY_BITS("camellia", "ctr", 24),
	{"chacha20poly1305", ALG_ENCR, 28, 0},

	{"sha", ALG_INTEG, 2, 0},
	{"sha1", ALG_INTEG, 2, 0},
	{"sha256", ALG_INTEG, 12, 0},
	{"sha2_256", ALG_INTEG, 12, 0},
	{"sha384", ALG_INTEG, 13, 0},
	{"sha2_384", ALG_INTEG, 13, 0},
	{"sha512", ALG_INTEG, 14, 0},
	{"sha2_512", ALG_INTEG, 14, 0},
	{"aesxcbc", ALG_INTEG, 5, 0},
	{"aescmac", ALG_INTEG, 8, 0},

	{"prfsha1", ALG_PRF, 2, 0},
	{"prfsha256", ALG_PRF, 5, 0},
	{"prfsha384", ALG_PRF, 6, 0},
	{"prfsha512", ALG_PRF, 7, 0},
	{"prfaesxcbc", ALG_PRF, 4, 0},
	{"prfaescmac", ALG_PRF, 8, 0},

	{"modp768", ALG_KE, 1, 0},
	{"modp1024", ALG_KE, 2, 0},
	{"modp1536", ALG_KE, 5, 0},
	{"modp2048", ALG_KE, 14, 0},
	{"modp3072", ALG_KE, 15, 0},
	{"modp4096", ALG_KE, 16, 0},
	{"modp6144", ALG_KE, 17, 0},
	{"modp8192", ALG_KE, 18, 0},
	{"modp1024s160", ALG_KE, 22, 0},
	{"modp2048s224", ALG_KE, 23, 0},
	{"modp2048s256", ALG_KE, 24, 0},
	{"ecp192", ALG_KE, 25, 0},
	{"ecp224", ALG_KE, 26, 0},
	{"ecp256", ALG_KE, 19, 0},
	{"ecp384", ALG_KE, 20, 0},
	{"ecp521", ALG_KE, 21, 0},
	{"ecp224bp", ALG_KE, 27, 0},
	{"ecp256bp", ALG_KE, 28, 0},
	{"ecp384bp", ALG_KE, 29, 0},
	{"ecp512bp", ALG_KE, 30, 0},
	{"curve25519", ALG_KE, 31, 0},
	{"x25519", ALG_KE, 31, 0},
	{"curve448", ALG_KE, 32, 0},
	{"x448", ALG_KE, 32, 0},
	{"mlkem512", ALG_KE, 35, 0},
	{"mlkem768", ALG_KE, 36, 0},
	{"mlkem1024", ALG_KE, 37, 0},
	{"kyber1", ALG_KE, 1080, 0},
	{"kyber3", ALG_KE, 1081, 0},
	{"kyber5", ALG_KE, 1082, 0},
	{"frodoa1", ALG_KE, 1083, 0},
	{"frodoa3", ALG_KE, 1084, 0},
	{"frodoa5", ALG_KE, 1085, 0},
	{"frodos1", ALG_KE, 1086, 0},
	{"frodos3", ALG_KE, 1087, 0},
	{"frodos5", ALG_KE, 1088, 0},
	{"bike1", ALG_KE, 1089, 0},
	{"bike3", ALG_KE, 1090, 0},
	{"bike5", ALG_KE, 1091, 0},
	{"hqc1", ALG_KE, 1092, 0},
	{"hqc3", ALG_KE, 1093, 0},
	{"hqc5", ALG_KE, 1094, 0},

	{"noesn", ALG_ESN, 0, 0},
	{"esn", ALG_ESN, 1, 0},
};

/* PRF of the same primitive (ids of INTEG and PRF). */
static const struct {
	uint16_t integ, prf;
} prf_of_integ[] = {{2, 2}, {5, 4}, {8, 8}, {12, 5}, {13, 6}, {14, 7}};
/* clang-format on */

/*
 * Rows that the OpenSSL at hand can do (a distribution may have built it without some, the program
 * may not have loaded a provider): asked once, so that nothing is offered that would fail later.
 */
static const struct alg *usable_rows[COUNT(rows) + 1];
static const struct alg_keyword *usable_keywords[COUNT(keywords) + 1];
static pthread_once_t probed = PTHREAD_ONCE_INIT;

static bool row_available(const struct alg *a)
{
	switch (a->type) {
	case ALG_ENCR:
		return seal_ops_available(a);
	case ALG_PRF:
		return mac_available(a->u.prf.impl);
	case ALG_INTEG:
		return mac_available(a->u.integ.impl);
	case ALG_KE:
		return a->u.ke.impl->ops->available(a);
	default:
		return true;
	}
}

static const struct alg *usable_find(uint8_t type, uint16_t id)
{
	for (size_t i = 0; usable_rows[i]; i++) {
		if (usable_rows[i]->type == type && usable_rows[i]->id == id)
			return usable_rows[i];
	}
	return NULL;
}

static void probe(void)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (row_available(&rows[i]))
			usable_rows[n++] = &rows[i];
	}
	n = 0;
	for (size_t i = 0; i < COUNT(keywords); i++) {
		if (usable_find(keywords[i].type, keywords[i].id))
			usable_keywords[n++] = &keywords[i];
	}
}

static uint8_t table_type(uint8_t transform_type)
{
	return transform_type >= 6 && transform_type <= 12 ? ALG_KE : transform_type;
}

const struct alg *alg_find(uint8_t transform_type, uint16_t id)
{
	pthread_once(&probed, probe);
	return usable_find(table_type(transform_type), id);
}

const struct alg *alg_at(size_t index)
{
	pthread_once(&probed, probe);
	return index < COUNT(usable_rows) ? usable_rows[index] : NULL;
}

const struct alg_keyword *alg_keyword_find(const char *word)
{
	pthread_once(&probed, probe);
	for (size_t i = 0; usable_keywords[i]; i++) {
		if (strcasecmp(usable_keywords[i]->word, word) == 0)
			return usable_keywords[i];
	}
	return NULL;
}

const struct alg_keyword *alg_keyword_at(size_t index)
{
	pthread_once(&probed, probe);
	return index < COUNT(usable_keywords) ? usable_keywords[index] : NULL;
}

uint16_t alg_prf_for_integ(uint16_t integ_id)
{
	for (size_t i = 0; i < COUNT(prf_of_integ); i++) {
		if (prf_of_integ[i].integ == integ_id)
			return prf_of_integ[i].prf;
	}
	return 0;
}

unsigned alg_encr_key_bits(const struct alg *encr, uint16_t key_bits)
{
	if (!encr->u.encr.key_attr)
		return key_bits == 0 ? encr->u.encr.key_bits[0] : 0;
	for (size_t i = 0; encr->u.encr.key_bits[i]; i++) {
		if (encr->u.encr.key_bits[i] == key_bits)
			return key_bits;
	}
	return 0;
}

const char *alg_name(uint8_t transform_type, uint16_t id, char buf[32])
{
	static const char *const types[] = {"TRANSFORM", "ENCR", "PRF", "INTEG", "KE", "ESN"};
	uint8_t type = table_type(transform_type);

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].type == type && rows[i].id == id)
			return rows[i].name;
	}
	snprintf(buf, 32, "%s_%u", types[type < COUNT(types) ? type : 0], id);
	return buf;
}
