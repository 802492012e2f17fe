/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cred/idtype.h"

static struct id parse(const char *text)
{
	struct id id;

	if (id_parse(text, &id))
		fail_msg("'%s' is not taken", text);
	return id;
}

static void test_parse_and_print(void **state)
{
	static const struct {
		const char *text;
		uint8_t type;
		const char *printed;
	} rows[] = {
		{"%any", ID_ANY, "%any"},
		{"*", ID_ANY, "%any"},
		{"0.0.0.0", ID_ANY, "%any"},
		{"::", ID_ANY, "%any"},
		{"192.0.2.1", IDTYPE_IPV4, "192.0.2.1"},
		{"2001:db8::1", IDTYPE_IPV6, "2001:db8::1"},
		{"ipv4:0.0.0.0", IDTYPE_IPV4, "0.0.0.0"},
		{"ipv4:#c0000201", IDTYPE_IPV4, "192.0.2.1"},
		{"moon.strongswan.org", IDTYPE_FQDN, "moon.strongswan.org"},
		{"@moon.strongswan.org", IDTYPE_FQDN, "moon.strongswan.org"},
		{"fqdn:192.0.2.1", IDTYPE_FQDN, "192.0.2.1"},
		{"dns:x@y", IDTYPE_FQDN, "x@y"},
		{"carol@strongswan.org", IDTYPE_RFC822, "carol@strongswan.org"},
		{"@@carol@strongswan.org", IDTYPE_RFC822, "carol@strongswan.org"},
		{"email:x=y@z", IDTYPE_RFC822, "x=y@z"},
		{"userfqdn:nobody", IDTYPE_RFC822, "nobody"},
		{"@#0102ff", IDTYPE_KEY_ID, "01:02:ff"},
		{"@#6162", IDTYPE_KEY_ID, "ab"},
		{"keyid:group", IDTYPE_KEY_ID, "group"},
		{"keyid:#00:ff", IDTYPE_KEY_ID, "00:ff"},
		{"{2}:a.b", IDTYPE_FQDN, "a.b"},
		{"{200}:#0aff", 200, "{200}:#0aff"},
		{"{13}:", 13, "{13}:#"},
		{"@#610a62", IDTYPE_KEY_ID, "61:0a:62"},
		{"fqdn:#610a62", IDTYPE_FQDN, "a\\0ab"},
		{"C=CH, O=Cyber, CN=moon.strongswan.org", IDTYPE_DN,
		 "C=CH, O=Cyber, CN=moon.strongswan.org"},
		{"/C=CH/O=a b/CN=x", IDTYPE_DN, "C=CH, O=a b, CN=x"},
		{"asn1dn:CN=x", IDTYPE_DN, "CN=x"},
		{"C=CH,O=Cyber ,  CN = x", IDTYPE_DN, "C=CH, O=Cyber, CN=x"},
		{"CN=a+b, O=x/y", IDTYPE_DN, "CN=a+b, O=x/y"},
		{"CN=a+OU=b, O=x", IDTYPE_DN, "CN=a+OU=b, O=x"},
		{"O=Foo\\, Inc., CN=x", IDTYPE_DN, "O=Foo\\, Inc., CN=x"},
		{"O=\"Foo, Inc.\", CN=x", IDTYPE_DN, "O=Foo\\, Inc., CN=x"},
		{"CN=a\\0ab", IDTYPE_DN, "CN=a\\0ab"},
		{"CN=\xc3\xbc", IDTYPE_DN, "CN=\xc3\xbc"},
		{"CN=\\c2\\9b1m", IDTYPE_DN, "CN=\\c2\\9b1m"},
		{"emailAddress=a@b, E=c@d", IDTYPE_DN, "E=a@b, E=c@d"},
		{"ST=s, L=l, OU=o, SN=s, GN=g, T=t, UID=u, DC=d, serialNumber=7", IDTYPE_DN,
		 "ST=s, L=l, OU=o, SN=s, G=g, T=t, UID=u, DC=d, serialNumber=7"},
		{"1.2.3.4=x, CN=*", IDTYPE_DN, "1.2.3.4=x, CN=*"},
		{"C=*", IDTYPE_DN, "C=*"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct id id = parse(rows[i].text);
		char *printed = id_string(&id);

		if (id.type != rows[i].type)
			fail_msg("'%s' has type %u", rows[i].text, id.type);
		assert_string_equal(printed, rows[i].printed);
		if (id.type == IDTYPE_DN) {
			struct id again = parse(printed);

			assert_true(id_equal(&id, &again));
			id_done(&again);
		}
		free(printed);
		id_done(&id);
	}
}

static void test_parse_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"@",
		"@#",
		"@#0",
		"@#xy",
		"C=",
		"=x",
		"CN=a,",
		"CN=a, b",
		"NOSUCH=x",
		"CN=\"a",
		"CN=a\\",
		"ipv4:::1",
		"ipv6:1.2.3.4",
		"ipv4:#0102",
		"{256}:x",
		"{0}:x",
		"{x}:y",
		"{2}x",
		"uri:x",
		"asn1dn:x",
		"ipv4net:10.0.0.0/8",
		"CN=\\ff\\fe",
		"asn1dn:#3000ff",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct id id = {7, 7, NULL};

		if (id_parse(bad[i], &id) != E_MALFORMED)
			fail_msg("'%s' is not refused", bad[i]);
		assert_null(id.data);
		assert_int_equal(id.len, 0);
	}
}

static void test_from_wire(void **state)
{
	struct id id;
	struct addr a;
	(void)state;

	assert_int_equal(id_from_wire(ID_ANY, view_str("x"), &id), E_MALFORMED);
	assert_int_equal(id_from_wire(IDTYPE_IPV4, view_str("abc"), &id), E_MALFORMED);
	assert_int_equal(id_from_wire(IDTYPE_IPV6, view_str("abcd"), &id), E_MALFORMED);
	assert_int_equal(id_from_wire(IDTYPE_FQDN, view_make(NULL, 0), &id), E_MALFORMED);
	assert_int_equal(id_from_wire(IDTYPE_DN, view_str("CN=x"), &id), E_MALFORMED);
	assert_int_equal(id_from_wire(IDTYPE_DN, view_make("\x30\x00\x00", 3), &id), E_MALFORMED);
	assert_int_equal(id_from_wire(IDTYPE_DN, view_make("\x30\x00", 2), &id), 0);
	id_done(&id);
	assert_int_equal(addr_parse(&a, "10.1.2.3"), 0);
	assert_int_equal(id_from_addr(&a, &id), 0);
	assert_int_equal(id.type, IDTYPE_IPV4);
	assert_memory_equal(id.data, "\x0a\x01\x02\x03", 4);
	id_done(&id);
	assert_int_equal(id_from_addr(&(struct addr){0}, &id), E_MALFORMED);
}

static void test_match(void **state)
{
	static const struct {
		const char *id, *pattern;
		unsigned score;
	} rows[] = {
		{"moon.strongswan.org", "moon.strongswan.org", 20},
		{"moon.strongswan.org", "MOON.StrongSwan.Org", 20},
		{"moon.strongswan.org", "%any", 1},
		{"%any", "%any", 1},
		{"%any", "moon.strongswan.org", 0},
		{"moon.strongswan.org", "*.strongswan.org", 19},
		{".strongswan.org", "*.strongswan.org", 0},
		{"evilstrongswan.org", "*.strongswan.org", 0},
		{"moon.strongswan.org", "sun.strongswan.org", 0},
		{"*.strongswan.org", "moon.strongswan.org", 0},
		{"carol@strongswan.org", "*@strongswan.org", 19},
		{"carol@STRONGSWAN.org", "*@strongswan.org", 19},
		{"carol@strongswan.org", "*.strongswan.org", 0},
		{"fqdn:carol@strongswan.org", "carol@strongswan.org", 0},
		{"@#610062", "@#610063", 0},
		{"fqdn:#610062", "fqdn:#610063", 0},
		{"fqdn:#6100", "fqdn:a", 0},
		{"192.0.2.1", "192.0.2.1", 20},
		{"192.0.2.1", "192.0.2.2", 0},
		{"fqdn:192.0.2.1", "192.0.2.1", 0},
		{"C=CH, O=Cyber, CN=moon", "C=CH, O=Cyber, CN=moon", 20},
		{"C=CH, O=Cyber, CN=moon", "c=ch, o=cyber, cn=MOON", 20},
		{"C=CH, O=Cyber, CN=moon", "C=CH, O=Cyber, CN=*", 19},
		{"C=CH, O=Cyber, CN=moon", "C=*, O=CYBER, CN=*", 18},
		{"C=CH, O=Cyber, CN=moon", "C=CH, CN=*", 0},
		{"C=CH, O=Cyber, CN=moon", "C=CH, O=Other, CN=*", 0},
		{"C=CH, O=Cyber, CN=moon", "C=CH, CN=*, O=Cyber", 0},
		{"C=CH, O=Cyber, CN=moon", "C=CH, O=Cyber, OU=*", 0},
		{"C=CH, O=Cyber, CN=moon", "C=CH, O=Cyber, CN=*, OU=*", 0},
		{"O=Cyber, CN=a+OU=b", "O=Cyber, CN=*+OU=b", 19},
		{"O=Cyber, CN=a, OU=b", "O=Cyber, CN=*+OU=b", 0},
		{"CN=*", "CN=moon", 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct id id = parse(rows[i].id);
		struct id pattern = parse(rows[i].pattern);
		unsigned score = id_match(&id, &pattern);

		if (score != rows[i].score)
			fail_msg("'%s' against '%s': %u, not %u", rows[i].id, rows[i].pattern,
				 score, rows[i].score);
		id_done(&id);
		id_done(&pattern);
	}
}

static void test_copy(void **state)
{
	struct id id = parse("C=CH, CN=x"), copy, any = {0};
	(void)state;

	assert_int_equal(id_copy(&id, &copy), 0);
	id_done(&id);
	assert_null(id.data);
	id = parse("C=CH, CN=x");
	assert_true(id_equal(&id, &copy));
	id_done(&copy);
	assert_int_equal(id_copy(&any, &copy), 0);
	assert_true(id_equal(&any, &copy));
	assert_false(id_equal(&any, &id));
	id_done(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_print),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_from_wire),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
