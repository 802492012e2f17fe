/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keylog.h"

#include <sys/stat.h>

#include "base/addr.h"
#include "ike/settings.h"
#include "lines.h"

static const uint8_t bytes[4] = {0x01, 0x23, 0xab, 0xff};

static struct view key(size_t len)
{
	return view_make(bytes, len);
}

static void test_ike_cbc(void **state)
{
	const struct ike_keylog k = {.is_ike = true,
				     .spi_i = 0x12,
				     .spi_r = 0xfedcba9876543210,
				     .sk_ei = key(1),
				     .sk_er = key(2),
				     .sk_ai = key(3),
				     .sk_ar = key(4),
				     .encr = 12,
				     .encr_bits = 256,
				     .integ = 12};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	assert_int_equal(keylog_format(&w, &k), 0);
	check_text(&w, "0000000000000012,fedcba9876543210,01,0123,\"AES-CBC-256 [RFC3602]\","
		       "0123ab,0123abff,\"HMAC_SHA2_256_128 [RFC4868]\"\n");
	wbuf_done(&w);
}

static void test_ike_aead(void **state)
{
	const struct ike_keylog k = {.is_ike = true,
				     .spi_i = 1,
				     .spi_r = 2,
				     .sk_ei = key(1),
				     .sk_er = key(2),
				     .encr = 20,
				     .encr_bits = 128};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	assert_int_equal(keylog_format(&w, &k), 0);
	check_text(&w, "0000000000000001,0000000000000002,01,0123,"
		       "\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n");
	wbuf_done(&w);
}

static void test_esp(void **state)
{
	struct ike_keylog k = {.spi = 0xc0ffee,
			       .encr = 12,
			       .encr_bits = 128,
			       .integ = 2,
			       .encr_key = key(2),
			       .integ_key = key(3)};
	struct wbuf w;

	(void)state;
	assert_int_equal(addr_parse(&k.src, "192.0.2.1"), 0);
	assert_int_equal(addr_parse(&k.dst, "192.0.2.2"), 0);
	wbuf_init(&w, 0);
	assert_int_equal(keylog_format(&w, &k), 0);
	check_text(&w, "\"IPv4\",\"192.0.2.1\",\"192.0.2.2\",\"0x00c0ffee\",\"AES-CBC [RFC3602]\","
		       "\"0x0123\",\"HMAC-SHA-1-96 [RFC2404]\",\"0x0123ab\"\n");
	assert_int_equal(addr_parse(&k.src, "2001:db8::1"), 0);
	assert_int_equal(addr_parse(&k.dst, "2001:db8::2"), 0);
	k.encr = 20;
	k.integ = 0;
	k.integ_key = key(0);
	assert_int_equal(keylog_format(&w, &k), 0);
	check_text(&w, "\"IPv6\",\"2001:db8::1\",\"2001:db8::2\",\"0x00c0ffee\","
		       "\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x0123\",\"NULL\",\"\"\n");
	wbuf_done(&w);
}

static void test_unknown_algorithms(void **state)
{
	struct ike_keylog k = {.encr = 28, .encr_bits = 256};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	assert_int_equal(keylog_format(&w, &k), E_UNSUPPORTED); /* ChaCha20-Poly1305 */
	k.encr = 16;
	assert_int_equal(keylog_format(&w, &k), E_UNSUPPORTED); /* CCM: only for IKE */
	k.encr = 12;
	k.integ = 99;
	assert_int_equal(keylog_format(&w, &k), E_UNSUPPORTED);
	k.integ = 12;
	k.encr_bits = 100;
	assert_int_equal(keylog_format(&w, &k), E_UNSUPPORTED);
	check_text(&w, "");
	wbuf_done(&w);
}

static void check_mode(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_files(void **state)
{
	const struct ike_keylog ike = {.is_ike = true, .encr = 11, .integ = 12};
	struct ike_keylog esp = {.encr = 11, .integ = 12};
	const char *const line = "\"IPv4\",\"192.0.2.1\",\"192.0.2.1\",\"0x00000000\",\"NULL\","
				 "\"\",\"HMAC-SHA-256-128 [RFC4868]\",\"\"\n";
	char dir[64], ike_path[96], esp_path[96], want[512];

	(void)state;
	make_dir(dir);
	snprintf(ike_path, sizeof(ike_path), "%s/" KEYLOG_IKE_FILE, dir);
	snprintf(esp_path, sizeof(esp_path), "%s/" KEYLOG_ESP_FILE, dir);
	write_file(esp_path, "");
	assert_int_equal(chmod(esp_path, 0644), 0);
	assert_int_equal(addr_parse(&esp.src, "192.0.2.1"), 0);
	esp.dst = esp.src;
	assert_int_equal(keylog_write(dir, &ike), 0);
	assert_int_equal(keylog_write(dir, &esp), 0);
	assert_int_equal(keylog_write(dir, &esp), 0);
	snprintf(want, sizeof(want), "%s%s", line, line);
	check_file(esp_path, want);
	check_mode(ike_path);
	check_mode(esp_path);
	unlink(ike_path);
	unlink(esp_path);
	rmdir(dir);
	assert_int_equal(keylog_write(dir, &ike), E_IO);
}

static void test_no_links(void **state)
{
	const struct ike_keylog ike = {.is_ike = true, .encr = 11, .integ = 12};
	char dir[64], path[96], target[96];

	(void)state;
	make_dir(dir);
	snprintf(path, sizeof(path), "%s/" KEYLOG_IKE_FILE, dir);
	snprintf(target, sizeof(target), "%s/target", dir);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(keylog_write(dir, &ike), E_IO);
	assert_int_equal(access(target, F_OK), -1);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ike_cbc), cmocka_unit_test(test_ike_aead),
		cmocka_unit_test(test_esp),	cmocka_unit_test(test_unknown_algorithms),
		cmocka_unit_test(test_files),	cmocka_unit_test(test_no_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
