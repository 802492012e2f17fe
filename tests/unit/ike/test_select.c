/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/suite.h"
#include "ike/select.h"
#include "wire/ike.h"

/* Which proposal two sides agree on: a row a case, in the words of configuration. */

static void parse(uint8_t protocol, const char *texts, struct proposals *out)
{
	char *copy = strdup(texts), *save = NULL;

	assert_non_null(copy);
	out->count = 0;
	for (char *t = strtok_r(copy, ", ", &save); t; t = strtok_r(NULL, ", ", &save)) {
		char *why = NULL;

		if (suite_parse(protocol, t, &out->p[out->count], &why))
			fail_msg("'%s': %s", t, why);
		out->count++;
		out->p[out->count - 1].number = (uint8_t)out->count;
	}
	free(copy);
}

enum { OURS = 0, THEIRS = 1, NO_KE = 2 };

static const struct {
	const char *configured, *received;
	unsigned how;
	const char *chosen; /* NULL: nothing in common */
} ike_rows[] = {
	{"aes128-sha256-x25519", "aes128-sha256-x25519", OURS,
	 "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	/* Whose order counts. */
	{"aes128-aes256-sha256-x25519", "aes256-aes128-sha256-x25519", OURS,
	 "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{"aes128-aes256-sha256-x25519", "aes256-aes128-sha256-x25519", THEIRS,
	 "AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{"aes128-sha256-x25519, aes256-sha512-x448", "aes256-sha512-x448, aes128-sha256-x25519",
	 OURS, "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{"aes128-sha256-x25519, aes256-sha512-x448", "aes256-sha512-x448, aes128-sha256-x25519",
	 THEIRS, "AES_CBC_256/HMAC_SHA2_512_256/PRF_HMAC_SHA2_512/CURVE_448"},
	/* A key length is part of the cipher. */
	{"aes128-sha256-x25519", "aes256-sha256-x25519", OURS, NULL},
	{"aes192gcm16-prfsha256-x25519", "aes256gcm16-prfsha256-x25519", OURS, NULL},
	/* AEAD goes without integrity; the other side's other proposal has one. */
	{"aes128gcm16-prfsha256-x25519", "aes128-sha256-x25519, aes128gcm16-prfsha256-x25519", OURS,
	 "AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{"aes128gcm16-prfsha256-x25519", "aes128-sha256-x25519", OURS, NULL},
	{"aes128gcm8-prfsha256-x25519", "aes128gcm16-prfsha256-x25519", OURS, NULL},
	{"chacha20poly1305-prfsha512-x448", "chacha20poly1305-prfsha512-prfsha256-x448-x25519",
	 OURS, "CHACHA20_POLY1305/PRF_HMAC_SHA2_512/CURVE_448"},
	/* Every kind must meet. */
	{"aes128-sha256-x25519", "aes128-sha384-x25519", OURS, NULL},
	{"aes128-sha256-prfsha256-x25519", "aes128-sha256-prfsha384-x25519", OURS, NULL},
	{"aes128-sha256-x25519", "aes128-sha256-x448", OURS, NULL},
	{"aes128-sha256-x25519-modp2048", "aes128-sha256-x448-modp2048", OURS,
	 "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048"},
};

static const struct {
	const char *configured, *received;
	unsigned how;
	const char *chosen;
} esp_rows[] = {
	{"aes128gcm16", "aes128gcm16", OURS, "AES_GCM_16_128/NO_EXT_SEQ"},
	{"aes128gcm16-esn-noesn", "aes128gcm16-esn", OURS, "AES_GCM_16_128/EXT_SEQ"},
	{"aes128gcm16-esn-noesn", "aes128gcm16-noesn-esn", THEIRS, "AES_GCM_16_128/NO_EXT_SEQ"},
	{"aes128gcm16-esn", "aes128gcm16-noesn", OURS, NULL},
	/* PFS: wanted by one is wanted; in IKE_AUTH there is none. */
	{"aes128gcm16-x25519", "aes128gcm16-x25519", OURS, "AES_GCM_16_128/CURVE_25519/NO_EXT_SEQ"},
	{"aes128gcm16-x25519", "aes128gcm16", OURS, NULL},
	{"aes128gcm16", "aes128gcm16-x25519", OURS, NULL},
	{"aes128gcm16-x25519", "aes128gcm16", NO_KE, "AES_GCM_16_128/NO_EXT_SEQ"},
	{"aes128gcm16-x25519", "aes128gcm16-x448", NO_KE, "AES_GCM_16_128/NO_EXT_SEQ"},
	/* Further key exchanges go with a first one (RFC 9370). */
	{"aes128gcm16-ke1_x25519", "aes128gcm16-ke1_x25519", OURS, NULL},
	{"null-sha256", "null-sha256", OURS, "NULL/HMAC_SHA2_256_128/NO_EXT_SEQ"},
	{"aes128-sha256", "aes128gcm16", OURS, NULL},
};

static void check(const struct proposals *configured, const struct proposals *received,
		  unsigned how, const char *want)
{
	struct proposal chosen;
	struct wbuf text;
	int err = select_proposal(&(struct select_params){.configured = configured,
							  .received = received,
							  .prefer_configured = !(how & THEIRS),
							  .without_ke = how & NO_KE},
				  &chosen);

	wbuf_init(&text, 0);
	if (err == 0)
		suite_text(&chosen, &text);
	wbuf_u8(&text, 0);
	if (want)
		assert_string_equal(strchr((char *)text.data, ':') + 1, want);
	else
		assert_int_equal(err, E_NOPROPOSAL);
	wbuf_done(&text);
}

static struct proposals *new_list(void)
{
	struct proposals *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	return l;
}

static void test_ike(void **state)
{
	struct proposals *c = new_list(), *r = new_list();

	(void)state;
	for (size_t i = 0; i < sizeof(ike_rows) / sizeof(ike_rows[0]); i++) {
		parse(PROTO_IKE, ike_rows[i].configured, c);
		parse(PROTO_IKE, ike_rows[i].received, r);
		check(c, r, ike_rows[i].how, ike_rows[i].chosen);
	}
	free(c);
	free(r);
}

static void test_esp(void **state)
{
	struct proposals *c = new_list(), *r = new_list();

	(void)state;
	for (size_t i = 0; i < sizeof(esp_rows) / sizeof(esp_rows[0]); i++) {
		parse(PROTO_ESP, esp_rows[i].configured, c);
		parse(PROTO_ESP, esp_rows[i].received, r);
		check(c, r, esp_rows[i].how, esp_rows[i].chosen);
	}
	/* One for IKE is none for ESP. */
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", c);
	check(c, r, OURS, NULL);
	free(c);
	free(r);
}

/* Number and SPI are those of the received proposal that is answered. */
static void test_number_and_spi(void **state)
{
	struct proposals *c = new_list(), *r = new_list();
	struct proposal chosen;

	(void)state;
	parse(PROTO_ESP, "aes256gcm16", c);
	parse(PROTO_ESP, "aes128gcm16, aes192gcm16, aes256gcm16", r);
	for (unsigned i = 0; i < 3; i++) {
		r->p[i].spi_len = 4;
		r->p[i].spi[3] = (uint8_t)(0x40 + i);
	}
	assert_int_equal(select_proposal(&(struct select_params){.configured = c,
								 .received = r,
								 .prefer_configured = true},
					 &chosen),
			 0);
	assert_int_equal(chosen.number, 3);
	assert_int_equal(chosen.spi_len, 4);
	assert_int_equal(chosen.spi[3], 0x42);
	free(c);
	free(r);
}

static int select_one(struct proposals *c, struct proposals *r, bool allow_private,
		      struct proposal *out)
{
	return select_proposal(&(struct select_params){.configured = c,
						       .received = r,
						       .prefer_configured = true,
						       .allow_private = allow_private},
			       out);
}

/* Numbers for private use mean something among kin only. */
static void test_private_ids(void **state)
{
	struct proposals *c = new_list(), *r = new_list();
	struct proposal chosen;

	(void)state;
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", c);
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", r);
	c->p[0].t[2].id = r->p[0].t[2].id = 1024;
	assert_int_equal(c->p[0].t[2].type, TRANSFORM_KE);
	assert_int_equal(select_one(c, r, false, &chosen), E_NOPROPOSAL);
	assert_int_equal(select_one(c, r, true, &chosen), 0);
	assert_true(select_has_ke(&chosen, 1024));
	assert_false(select_has_ke(&chosen, 31));
	free(c);
	free(r);
}

/* Additional key exchanges that we do not do: chosen only where NONE will do (RFC 9370). */
static void test_additional_exchanges(void **state)
{
	struct proposals *c = new_list(), *r = new_list();
	struct proposal chosen;

	(void)state;
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", c);
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", r);
	assert_int_equal(proposal_add(&r->p[0], TRANSFORM_ADDKE1, 36, 0), 0);
	assert_int_equal(select_one(c, r, false, &chosen), E_NOPROPOSAL);
	assert_int_equal(proposal_add(&r->p[0], TRANSFORM_ADDKE1, 0, 0), 0);
	assert_int_equal(select_one(c, r, false, &chosen), 0);
	assert_false(proposal_has(&chosen, TRANSFORM_ADDKE1, 36, 0));
	/* The same method for both sides is taken. */
	assert_int_equal(proposal_add(&c->p[0], TRANSFORM_ADDKE1, 36, 0), 0);
	assert_int_equal(select_one(c, r, false, &chosen), 0);
	assert_true(proposal_has(&chosen, TRANSFORM_ADDKE1, 36, 0));
	free(c);
	free(r);
}

/* KE and INTEG NONE (0) are as good as absent; ESN 0 is a value. */
static void test_none(void **state)
{
	struct proposals *c = new_list(), *r = new_list();
	struct proposal chosen;

	(void)state;
	parse(PROTO_ESP, "aes128gcm16", c);
	parse(PROTO_ESP, "aes128gcm16", r);
	assert_int_equal(proposal_add(&r->p[0], TRANSFORM_KE, 0, 0), 0);
	assert_int_equal(proposal_add(&r->p[0], TRANSFORM_INTEG, 0, 0), 0);
	assert_int_equal(select_one(c, r, false, &chosen), 0);
	assert_false(proposal_has_type(&chosen, TRANSFORM_INTEG));
	/* An AEAD offered together with an integrity algorithm is not sound (section 3.3). */
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", c);
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", r);
	assert_int_equal(proposal_add(&c->p[0], TRANSFORM_INTEG, 12, 0), 0);
	assert_int_equal(proposal_add(&r->p[0], TRANSFORM_INTEG, 12, 0), 0);
	assert_int_equal(select_one(c, r, false, &chosen), E_NOPROPOSAL);
	free(c);
	free(r);
}

/* Unknown transform types and attributes never match (sections 3.3.2 and 3.3.6). */
static void test_unknown(void **state)
{
	struct proposals *c = new_list(), *r = new_list();
	struct proposal chosen;

	(void)state;
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", c);
	parse(PROTO_IKE, "aes128gcm16-prfsha256-x25519", r);
	r->p[0].t[0].unknown_attr = true;
	assert_int_equal(select_one(c, r, false, &chosen), E_NOPROPOSAL);
	r->p[0].t[0].unknown_attr = false;
	assert_int_equal(proposal_add(&r->p[0], 13, 1, 0), 0);
	assert_int_equal(select_one(c, r, false, &chosen), E_NOPROPOSAL);
	r->p[0].count--;
	assert_int_equal(select_one(c, r, false, &chosen), 0);
	r->p[0].t[0].key_bits = 129;
	c->p[0].t[0].key_bits = 129; /* both agree on what cannot be */
	assert_int_equal(select_one(c, r, false, &chosen), E_NOPROPOSAL);
	free(c);
	free(r);
}

static void test_copy(void **state)
{
	static const uint8_t spi[] = {1, 2, 3, 4};
	struct proposals *from = new_list(), *to = new_list();

	(void)state;
	parse(PROTO_ESP, "aes128gcm16-x25519, aes128gcm16-x448, aes256gcm16, aes128gcm16", from);
	select_copy(from, false, view_make(spi, 4), to);
	assert_int_equal(to->count, 4);
	assert_int_equal(to->p[3].number, 4);
	assert_memory_equal(to->p[3].spi, spi, 4);
	/* Without KE three of them say the same. */
	select_copy(from, true, view_make(spi, 4), to);
	assert_int_equal(to->count, 2);
	assert_int_equal(to->p[1].number, 2);
	assert_int_equal(proposal_find(&to->p[1], TRANSFORM_ENCR)->key_bits, 256);
	assert_false(proposal_has_type(&to->p[0], TRANSFORM_KE));
	free(from);
	free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ike),
		cmocka_unit_test(test_esp),
		cmocka_unit_test(test_number_and_spi),
		cmocka_unit_test(test_private_ids),
		cmocka_unit_test(test_additional_exchanges),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
