/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab_pki.h"
#include "pair.h"

/* Constraints on keys and signatures in `auth`: the local ones choose, the remote ones are kept. */

static void not_inherited(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.signature_constraints = false;
}

struct row {
	const char *cert;   /* carol's */
	const char *local;  /* her local.auth */
	const char *remote; /* moon's remote.auth */
	bool up;
	const char *carol_line, *moon_line; /* NULL: none is asked for */
	bool not_inherited;
};

#define P256	     "ECDSA_WITH_SHA256_DER"
#define WITH(scheme) "authentication of 'carol.example.org' .myself. with " scheme " successful"

static const struct row rows[] = {
	/* what the key and the peer lead to, without a word */
	{"carol", "pubkey", "pubkey", true, WITH("ECDSA_WITH_SHA256_DER"), NULL, false},
	/* local: the hash, the padding, the type */
	{"carol", "pubkey-sha384", "pubkey", true, WITH("ECDSA_WITH_SHA384_DER"), NULL, false},
	{"carol", "ecdsa-sha512", "pubkey", true, WITH("ECDSA_WITH_SHA512_DER"), NULL, false},
	{"carol", "ike:pubkey-sha512", "pubkey", true, WITH("ECDSA_WITH_SHA512_DER"), NULL, false},
	{"carol-rsa", "rsa/pss", "pubkey", true, WITH("RSA_EMSA_PSS_SHA2_256_SALT_32"), NULL,
	 false},
	{"carol-rsa", "rsa-sha512", "pubkey", true, WITH("RSA_EMSA_PKCS1_SHA2_512"), NULL, false},
	{"carol-rsa", "ike:rsa/pss-sha384", "pubkey", true, WITH("RSA_EMSA_PSS_SHA2_384_SALT_48"),
	 NULL, false},
	{"carol", "rsa", "pubkey", false, "no signature scheme of our ECDSA key of 256 bits", NULL,
	 false},
	{"carol-rsa", "rsa-3072", "pubkey", false,
	 "RSA key of 2048 bits is acceptable to the peer and allowed by local.auth", NULL, false},
	{"carol-ed", "pubkey-identity", "ed25519", true, WITH("ED25519"), NULL, false},
	/* remote: kept for the IKE signature */
	{"carol", "pubkey", "ecdsa", true, NULL, NULL, false},
	{"carol", "pubkey", "rsa-ecdsa", true, NULL, NULL, false},
	{"carol", "pubkey", "ecdsa-256-sha256", true, NULL, NULL, false},
	{"carol", "pubkey", "ecdsa-384", false, NULL, "key of 256 bits", false},
	{"carol", "pubkey", "rsa", false, NULL,
	 "signed with " P256 " and a ECDSA key of 256 bits, but remote.auth allows rsa", false},
	{"carol", "pubkey", "ike:pubkey-sha512", false, NULL,
	 "signed with " P256 ".*allows ike:sha512", false},
	{"carol", "pubkey-sha512", "ike:pubkey-sha512", true, NULL, NULL, false},
	{"carol-rsa", "pubkey", "ike:rsa/pss", false, NULL, "signed with RSA_EMSA_PKCS1", false},
	{"carol-rsa", "rsa/pss", "ike:rsa/pss", true, NULL, NULL, false},
	{"carol", "pubkey", "dilithium5", false, NULL, "allows dilithium5", false},
	/* and for the certificates: they are signed with SHA-256 by an ECDSA key */
	{"carol", "pubkey", "pubkey-sha256", true, NULL, NULL, false},
	{"carol", "pubkey-sha384", "pubkey-sha256", false, NULL,
	 "signed with ECDSA_WITH_SHA384_DER", false},
	{"carol", "pubkey-sha384", "pubkey-sha384", false, NULL,
	 "is signed with ecdsa-with-SHA256, but remote.auth allows sha384", false},
	{"carol", "pubkey-sha384", "pubkey-sha256-ike:sha384", true, NULL, NULL, false},
	{"carol-rsa", "pubkey", "rsa-sha256-ecdsa-sha384", false, NULL,
	 "is signed with ecdsa-with-SHA256", false},
	{"carol-rsa", "pubkey", "rsa-2048", true, NULL, NULL, false},
	{"carol-rsa", "pubkey", "rsa-3072", false, NULL,
	 "has a key of 2048 bits, but remote.auth wants rsa-3072", false},
	/* charon.signature_authentication_constraints = no */
	{"carol", "pubkey-sha384", "pubkey-sha256", true, NULL, NULL, true},
	{"carol", "pubkey-sha384", "pubkey-sha384", false, NULL, "is signed with ecdsa", true},
	{"carol", "pubkey", "ike:pubkey-sha512", false, NULL, "allows ike:sha512", true},
};

static void load(struct lab_host *h, const char *fmt, const char *a, const char *b)
{
	char text[1024];

	snprintf(text, sizeof(text), fmt, a, b);
	lab_load(h, text);
}

static void try_row(const struct row *row)
{
	struct pair p = pair_new(
		&(struct pair_params){.certs = true,
				      .carol_cert = row->cert,
				      .prepare = row->not_inherited ? not_inherited : NULL});
	struct lab_result *r;

	load(p.carol,
	     "connections { home {\nremote_addrs = 192.168.0.2\n"
	     "proposals = aes128gcm16-prfsha256-x25519\n"
	     "local { auth = %s\n certs = %s\n id = carol.example.org }\n"
	     "remote { id = moon.example.org }\n"
	     "children { net { remote_ts = 10.1.0.0/16\n esp_proposals = aes128gcm16 } } } }\n",
	     row->local, row->cert);
	load(p.moon,
	     "connections { rw {\nlocal_addrs = 192.168.0.2\n"
	     "proposals = aes128gcm16-prfsha256-x25519\n"
	     "local { certs = moon\n id = moon.example.org }\nremote { auth = %s\n%s }\n"
	     "children { net { local_ts = 10.1.0.0/16\n esp_proposals = aes128gcm16 } } } }\n",
	     row->remote, "");
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	if (row->carol_line)
		lab_assert_logged(p.carol, row->carol_line);
	if (row->moon_line)
		lab_assert_logged(p.moon, row->moon_line);
	if (row->up) {
		lab_assert_result(r, 0, NULL);
		lab_assert_pair(p.carol, p.moon, 1, 1);
	} else {
		assert_int_not_equal(r->err, 0);
		assert_int_equal(p.moon->ike_up, 0);
	}
	pair_down(&p);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s, local %s, remote %s\n", rows[i].cert, rows[i].local,
			      rows[i].remote);
		try_row(&rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return rc;
}
