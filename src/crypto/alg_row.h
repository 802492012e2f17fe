/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ALG_ROW_H
#define CRYPTO_ALG_ROW_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the rows of alg.c point at: for each kind of algorithm the functions that do it and the
 * names OpenSSL knows it by. Private to this room. A new algorithm is a row, and an ops struct if
 * nothing here works like it.
 */

struct seal_ops;
struct mac_ops;
struct ke_ops;

struct alg_cipher {
	const struct seal_ops *ops;
	const char *names[3]; /* EVP names, in the order of u.encr.key_bits; none for NULL */
};

struct alg_mac {
	const struct mac_ops *ops;
	const char *mac, *param, *value; /* EVP_MAC name, its parameter and the value: "HMAC" */
	uint8_t len;			 /* bytes of the whole, untruncated MAC */
	uint8_t fixed_key;		 /* bytes of the only key length it takes, 0 for any */
	bool pad_short_key; /* as a PRF: zeros fill a short key, instead of hashing it */
};

struct alg_ke {
	const struct ke_ops *ops;
	const char *type;	/* EVP key type: "DH", "EC", "X25519", "Kyber768" */
	const char *group;	/* OpenSSL's group name, or NULL */
	const char *properties; /* of a KEM: whose it is, "provider=cygnetpq" */
};

#endif
