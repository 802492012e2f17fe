/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/tls.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/prov_ssl.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Numbers of IANA's registry. */
static const struct group {
	const char *name;      /* of the group */
	const char *algorithm; /* of the keys */
	unsigned id, security_bits;
} groups[] = {
	{"X25519MLKEM768", "X25519MLKEM768", 0x11ec, 192},
	{"SecP256r1MLKEM768", "SecP256r1MLKEM768", 0x11eb, 192},
	{"SecP384r1MLKEM1024", "SecP384r1MLKEM1024", 0x11ed, 256},
	{"MLKEM512", "ML-KEM-512", 0x0200, 128},
	{"MLKEM768", "ML-KEM-768", 0x0201, 192},
	{"MLKEM1024", "ML-KEM-1024", 0x0202, 256},
};

static OSSL_PARAM text(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)value, 0);
}

static int tell(const struct group *group, OSSL_CALLBACK *callback, void *arg)
{
	unsigned id = group->id, bits = group->security_bits, is_kem = 1;
	int min_tls = TLS1_3_VERSION, max_tls = 0, no_dtls = -1;
	const OSSL_PARAM params[] = {
		text(OSSL_CAPABILITY_TLS_GROUP_NAME, group->name),
		text(OSSL_CAPABILITY_TLS_GROUP_NAME_INTERNAL, group->name),
		text(OSSL_CAPABILITY_TLS_GROUP_ALG, group->algorithm),
		OSSL_PARAM_construct_uint(OSSL_CAPABILITY_TLS_GROUP_ID, &id),
		OSSL_PARAM_construct_uint(OSSL_CAPABILITY_TLS_GROUP_SECURITY_BITS, &bits),
		OSSL_PARAM_construct_uint(OSSL_CAPABILITY_TLS_GROUP_IS_KEM, &is_kem),
		OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MIN_TLS, &min_tls),
		OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MAX_TLS, &max_tls),
		OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MIN_DTLS, &no_dtls),
		OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MAX_DTLS, &no_dtls),
		OSSL_PARAM_construct_end(),
	};

	return callback(params, arg);
}

int provider_tls_capabilities(void *provider, const char *capability, OSSL_CALLBACK *callback,
			      void *arg)
{
	int ok = 1;

	(void)provider;
	if (strcmp(capability, "TLS-GROUP") != 0)
		return 1;
	for (size_t i = 0; i < COUNT(groups) && ok == 1; i++)
		ok = tell(&groups[i], callback, arg);
	return ok;
}
