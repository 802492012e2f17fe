/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wire/bytes.h"

#include "wire/ike.h"
#include "wire/proposal.h"

static struct proposals list;

static int decode(const char *hex)
{
	struct bytes b = bytes_hex(hex);
	int err = proposals_decode(bytes_view(&b), &list);

	bytes_done(&b);
	return err;
}

#define ESP_HEAD "00 00 0020 01 03 04 02 cafebabe "
#define AES256	 "03 00 000c 01 00 000c 800e 0100 "
#define ESN	 "00 00 0008 05 00 0000"

static void test_golden(void **state)
{
	static const char golden[] =
		/* IKE, rekeying: the new SPI; aes256-prfsha256-x25519-ke1_kyber3 */
		"02 00 0034 01 01 08 04 0102030405060708"
		"03 00 000c 01 00 000c 800e 0100"
		"03 00 0008 02 00 0005"
		"03 00 0008 04 00 001f"
		"00 00 0008 06 00 0439"
		"00 00 0020 02 03 04 02 cafebabe"
		"03 00 000c 01 00 0014 800e 0080"
		"00 00 0008 05 00 0001";
	struct wbuf w;

	(void)state;
	assert_int_equal(decode(golden), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.p[0].number, 1);
	assert_int_equal(list.p[0].protocol, PROTO_IKE);
	assert_int_equal(list.p[0].spi_len, 8);
	assert_int_equal(list.p[0].spi[7], 8);
	assert_int_equal(list.p[0].count, 4);
	assert_true(proposal_has(&list.p[0], TRANSFORM_ENCR, 12, 256));
	assert_true(proposal_has(&list.p[0], TRANSFORM_ADDKE1, 1081, 0));
	assert_int_equal(list.p[1].number, 2);
	assert_int_equal(list.p[1].spi[4], 0); /* nothing left of the one before */
	assert_true(proposal_has(&list.p[1], TRANSFORM_ESN, 1, 0));
	wbuf_init(&w, 0);
	proposals_encode(&list, &w);
	assert_written(&w, golden);
	wbuf_done(&w);
}

static void test_reserved_ignored(void **state)
{
	struct wbuf w;

	(void)state;
	assert_int_equal(decode("00 ff 0020 01 03 04 02 cafebabe 03 ff 000c 01 ff 000c 800e 0100 "
				"00 ff 0008 05 ff 0000"),
			 0);
	wbuf_init(&w, 0);
	proposals_encode(&list, &w);
	assert_written(&w, ESP_HEAD AES256 ESN);
	wbuf_done(&w);
}

static void test_markers(void **state)
{
	(void)state;
	assert_int_equal(decode(ESP_HEAD AES256 ESN), 0);
	assert_int_equal(decode("02 00 0020 01 03 04 02 cafebabe " AES256 ESN), E_SHORT);
	assert_int_equal(list.count, 0);
	assert_int_equal(decode("01 00 0020 01 03 04 02 cafebabe " AES256 ESN), E_MALFORMED);
	assert_int_equal(decode(ESP_HEAD AES256 ESN " 00"), E_TRAILING);
	assert_int_equal(decode(ESP_HEAD AES256 ESN ESP_HEAD AES256 ESN), E_TRAILING);
	/* "last" too early, "more" too late, neither */
	assert_int_equal(decode(ESP_HEAD "00 00 000c 01 00 000c 800e 0100" ESN), E_MALFORMED);
	assert_int_equal(decode(ESP_HEAD AES256 "03 00 0008 05 00 0000"), E_MALFORMED);
	assert_int_equal(decode(ESP_HEAD AES256 "02 00 0008 05 00 0000"), E_MALFORMED);
	assert_int_equal(decode(""), E_SHORT);
}

static void test_lengths(void **state)
{
	(void)state;
	/* number of transforms: one too few, one too many */
	assert_int_equal(decode("00 00 0020 01 03 04 03 cafebabe " AES256 "03 00 0008 05 00 0000"),
			 E_SHORT);
	assert_int_equal(
		decode("00 00 0020 01 03 04 01 cafebabe 00 00 000c 01 00 000c 800e 0100" ESN),
		E_TRAILING);
	/* the proposal's own length */
	assert_int_equal(decode("00 00 001f 01 03 04 02 cafebabe " AES256 ESN), E_SHORT);
	assert_int_equal(decode("00 00 0021 01 03 04 02 cafebabe " AES256 ESN), E_SHORT);
	assert_int_equal(decode("00 00 0021 01 03 04 02 cafebabe " AES256 ESN "00"), E_TRAILING);
	assert_int_equal(decode("00 00 0003"), E_MALFORMED);
	assert_int_equal(decode("00 00 0007 01 03 04"), E_SHORT);
	/* a transform's */
	assert_int_equal(decode(ESP_HEAD AES256 "00 00 0007 05 00 0000"), E_SHORT);
	assert_int_equal(decode(ESP_HEAD AES256 "00 00 0003 05 00 0000"), E_MALFORMED);
	assert_int_equal(decode(ESP_HEAD AES256 "00 00 0009 05 00 0000"), E_SHORT);
	/* an attribute's */
	assert_int_equal(decode("00 00 0016 01 03 04 01 cafebabe 00 00 000a 01 00 000c 800e"),
			 E_SHORT);
	assert_int_equal(
		decode("00 00 0019 01 03 04 01 cafebabe 00 00 000d 01 00 000c 0007 0002 aa"),
		E_SHORT);
}

static void test_spi(void **state)
{
	static const struct {
		const char *hex;
		int err;
	} cases[] = {
		{"00 00 0010 01 01 00 01 00 00 0008 02 00 0005", 0},
		{"00 00 0014 01 01 04 01 00000001 00 00 0008 02 00 0005", E_MALFORMED},
		{"00 00 0018 01 01 08 01 0000000000000001 00 00 0008 02 00 0005", 0},
		{"00 00 0010 01 03 00 01 00 00 0008 05 00 0000", E_MALFORMED},
		{"00 00 0014 01 02 04 01 00000001 00 00 0008 05 00 0000", 0},
		{"00 00 0010 01 09 00 01 00 00 0008 05 00 0000", 0},
		{"00 00 0019 01 09 09 01 000000000000000001 00 00 0008 05 00 0000", E_MALFORMED},
		{"00 00 0008 01 03 04 00", E_SHORT},
		{"00 00 000c 01 03 04 00 00000001", 0}, /* offers nothing: matches nothing */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decode(cases[i].hex), cases[i].err);
}

static void test_attributes(void **state)
{
	(void)state;
	/* unknown in the short form, unknown in the long form beside a key length */
	assert_int_equal(decode("00 00 0018 01 03 04 01 cafebabe 00 00 000c 01 00 000c 800f 0100"),
			 0);
	assert_true(list.p[0].t[0].unknown_attr);
	assert_int_equal(list.p[0].t[0].key_bits, 0);
	assert_int_equal(decode("00 00 001e 01 03 04 01 cafebabe 00 00 0012 01 00 000c 800e 0100 "
				"0007 0002 abcd"),
			 0);
	assert_true(list.p[0].t[0].unknown_attr);
	assert_int_equal(list.p[0].t[0].key_bits, 256);
	assert_false(proposal_has(&list.p[0], TRANSFORM_ENCR, 12, 256));
	/* key length in the long form, zero, twice */
	assert_int_equal(
		decode("00 00 001a 01 03 04 01 cafebabe 00 00 000e 01 00 000c 000e 0002 0100"), 0);
	assert_true(list.p[0].t[0].unknown_attr);
	assert_int_equal(decode("00 00 0018 01 03 04 01 cafebabe 00 00 000c 01 00 000c 800e 0000"),
			 0);
	assert_true(list.p[0].t[0].unknown_attr);
	assert_int_equal(decode("00 00 001c 01 03 04 01 cafebabe 00 00 0010 01 00 000c 800e 0100 "
				"800e 0100"),
			 0);
	assert_true(list.p[0].t[0].unknown_attr);
}

/* n proposals of m transforms each. */
static int decode_many(unsigned n, unsigned m)
{
	struct wbuf w;
	int err;

	wbuf_init(&w, 0);
	for (unsigned i = 0; i < n; i++) {
		wbuf_u16(&w, i + 1 < n ? 0x0200 : 0);
		wbuf_u16(&w, (uint16_t)(8 + 8 * m));
		wbuf_u32(&w, 0x01010000 | m);
		for (unsigned k = 0; k < m; k++) {
			wbuf_u32(&w, k + 1 < m ? 0x03000008 : 0x00000008);
			wbuf_u32(&w, 0x01000000 | k);
		}
	}
	err = proposals_decode(wbuf_view(&w), &list);
	wbuf_done(&w);
	return err;
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(decode_many(PROPOSALS_MAX, PROPOSAL_MAX_TRANSFORMS), 0);
	assert_int_equal(list.count, PROPOSALS_MAX);
	assert_int_equal(list.p[PROPOSALS_MAX - 1].count, PROPOSAL_MAX_TRANSFORMS);
	assert_int_equal(decode_many(PROPOSALS_MAX + 1, 1), E_LIMIT);
	assert_int_equal(list.count, 0);
	assert_int_equal(decode_many(1, PROPOSAL_MAX_TRANSFORMS + 1), E_LIMIT);
	assert_int_equal(decode_many(1, 255), E_LIMIT);
}

static void test_sets(void **state)
{
	static struct proposal a, b;

	(void)state;
	assert_int_equal(proposal_add(&a, TRANSFORM_ENCR, 12, 256), 0);
	assert_int_equal(proposal_add(&a, TRANSFORM_ENCR, 12, 256), 0);
	assert_int_equal(proposal_add(&a, TRANSFORM_ENCR, 12, 128), 0);
	assert_int_equal(a.count, 2);
	assert_true(proposal_has_type(&a, TRANSFORM_ENCR));
	assert_false(proposal_has_type(&a, TRANSFORM_PRF));
	assert_int_equal(proposal_find(&a, TRANSFORM_ENCR)->key_bits, 256);
	assert_null(proposal_find(&a, TRANSFORM_PRF));
	assert_false(proposal_has(&a, TRANSFORM_ENCR, 12, 0));

	b = a;
	b.number = 7;
	b.spi_len = 4;
	assert_true(proposal_equal(&a, &b));
	b.t[1].unknown_attr = true;
	assert_false(proposal_equal(&a, &b));
	b = a;
	b.protocol = PROTO_ESP;
	assert_false(proposal_equal(&a, &b));
	b = a;
	b.t[0] = a.t[1];
	b.t[1] = a.t[0];
	assert_false(proposal_equal(&a, &b)); /* order is preference */
	for (uint16_t i = 0; i < PROPOSAL_MAX_TRANSFORMS - 2; i++)
		assert_int_equal(proposal_add(&a, TRANSFORM_KE, i, 0), 0);
	assert_int_equal(proposal_add(&a, TRANSFORM_KE, 5000, 0), E_LIMIT);
	assert_int_equal(proposal_add(&a, TRANSFORM_KE, 1, 0), 0); /* there already */
	assert_int_equal(a.count, PROPOSAL_MAX_TRANSFORMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	cmocka_unit_test(test_reserved_ignored),
		cmocka_unit_test(test_markers), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_spi),	cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_limits),	cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
