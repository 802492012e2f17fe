/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/house.h"

#include <openssl/evp.h>

/* The commands for credentials, pools and authorities. */

/* ---- credentials ---------------------------------------------------------------------------- */

static void put_cert(struct house *h, const char *file, const char *flag)
{
	struct wbuf data = canned_read(file);

	house_put(h, "type", "X509");
	house_put(h, "flag", flag);
	codec_value(&h->message, "data", wbuf_view(&data));
	wbuf_done(&data);
}

static void put_crl(struct house *h, const char *file)
{
	struct wbuf data = canned_read(file);

	house_put(h, "type", "X509_CRL");
	codec_value(&h->message, "data", wbuf_view(&data));
	wbuf_done(&data);
}

static unsigned count_certs(struct house *h, struct conf_node **out_event)
{
	struct conf_node *reply;
	unsigned events;

	house_ask(h, "list-certs");
	reply = house_hear(h, &events, out_event);
	conf_node_free(reply);
	return events;
}

static void test_certs(void **state)
{
	struct wbuf der = canned_read("moon.der");
	const struct conf_value *data;
	struct house *h = *state;
	struct conf_node *event;

	put_cert(h, "ca.der", "CA");
	house_expect_success(h, "load-cert");
	house_expect_line(h, "[CFG] loaded certificate 'C=CH, O=Cyber, CN=Cyber Root CA'\n");
	put_cert(h, "moon.der", "NONE");
	house_expect_success(h, "load-cert");
	put_cert(h, "moon.der", "CA");
	house_expect_error(h, "load-cert", "ca certificate lacks CA basic constraint, rejected");
	put_cert(h, "ca.crl", "NONE");
	house_expect_error(h, "load-cert", "parsing X509 certificate failed");
	house_put(h, "type", "X509_AC");
	house_expect_error(h, "load-cert", "X509_AC");
	house_put(h, "type", "PUBKEY");
	house_expect_error(h, "load-cert", "only X509 and X509_CRL are");
	memclient_send_register(h->client, "list-cert");
	assert_int_equal(count_certs(h, NULL), 2);
	house_put(h, "flag", "CA");
	assert_int_equal(count_certs(h, NULL), 1);
	house_put(h, "type", "x509_crl");
	assert_int_equal(count_certs(h, NULL), 0);
	house_put(h, "subject", "moon.strongswan.org");
	assert_int_equal(count_certs(h, &event), 1);
	data = conf_node_value(event, "data");
	assert_true(
		view_equal(view_make(data->items[0].data, data->items[0].len), wbuf_view(&der)));
	assert_null(conf_node_text(event, "has_privkey"));
	conf_node_free(event);
	house_expect_success(h, "clear-creds");
	assert_int_equal(count_certs(h, NULL), 0);
	wbuf_done(&der);
}

static void test_crls(void **state)
{
	struct wbuf der = canned_read("ca.crl");
	const struct conf_value *data;
	struct house *h = *state;
	struct conf_node *event;

	memclient_send_register(h->client, "list-cert");
	put_crl(h, "moon.der");
	house_expect_error(h, "load-cert", "parsing X509_CRL certificate failed");
	put_crl(h, "ca.crl");
	house_expect_success(h, "load-cert");
	house_expect_line(h, "[CFG] loaded crl of 'C=CH, O=Cyber, CN=Cyber Root CA'\n");
	put_crl(h, "ca.crl");
	house_expect_success(h, "load-cert");
	house_put(h, "type", "X509");
	assert_int_equal(count_certs(h, NULL), 0);
	house_put(h, "flag", "CA");
	assert_int_equal(count_certs(h, NULL), 0);
	house_put(h, "subject", "C=CH, O=Cyber, CN=another");
	assert_int_equal(count_certs(h, NULL), 0);
	house_put(h, "type", "x509_crl");
	assert_int_equal(count_certs(h, &event), 1);
	assert_string_equal(conf_node_text(event, "type"), "X509_CRL");
	assert_string_equal(conf_node_text(event, "flag"), "NONE");
	data = conf_node_value(event, "data");
	assert_true(
		view_equal(view_make(data->items[0].data, data->items[0].len), wbuf_view(&der)));
	conf_node_free(event);

	/* What was loaded is no cache. */
	house_put(h, "type", "x509_crl");
	house_expect_success(h, "flush-certs");
	assert_int_equal(count_certs(h, NULL), 1);
	house_expect_success(h, "clear-creds");
	assert_int_equal(count_certs(h, NULL), 0);
	wbuf_done(&der);
}

static void put_new_key(struct house *h)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(key, &der);

	assert_true(len > 0);
	codec_value(&h->message, "data", view_make(der, (size_t)len));
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void test_keys(void **state)
{
	struct house *h = *state;
	struct conf_node *reply;
	char id[64];

	house_put(h, "type", "any");
	put_new_key(h);
	reply = house_call(h, "load-key");
	assert_string_equal(conf_node_text(reply, "success"), "yes");
	snprintf(id, sizeof(id), "%s", conf_node_text(reply, "id"));
	assert_int_equal(strlen(id), 40);
	conf_node_free(reply);
	house_expect_line(h, "[CFG] loaded ECDSA private key\n");
	house_expect_list(h, "get-keys", "keys", id);
	house_put(h, "id", id);
	house_expect_success(h, "unload-key");
	house_put(h, "id", id);
	house_expect_error(h, "unload-key", "key not found");
	house_expect_list(h, "get-keys", "keys", "");
	house_expect_error(h, "load-key", "key type missing");
	house_put(h, "type", "chocolate");
	house_expect_error(h, "load-key", "invalid key type: chocolate");
	house_put(h, "type", "any");
	house_expect_error(h, "load-key", "key data missing");
	house_put(h, "type", "any");
	house_put(h, "data", "nonsense");
	house_expect_error(h, "load-key", "parsing ANY private key failed");
}

static void test_shared(void **state)
{
	struct house *h = *state;

	house_put(h, "id", "ike-1");
	house_put(h, "type", "IKE");
	house_put(h, "data", "geheim");
	codec_list(&h->message, "owners");
	codec_item(&h->message, view_str("carol@strongswan.org"));
	codec_item(&h->message, view_str("192.0.2.2"));
	codec_list_end(&h->message);
	house_expect_success(h, "load-shared");
	assert_null(strstr(h->lines, "geheim"));
	house_expect_line(h, "[CFG] loaded IKE shared key with id 'ike-1' for: "
			     "'carol@strongswan.org', '192.0.2.2'\n");
	house_expect_list(h, "get-shared", "keys", "ike-1");
	house_put(h, "id", "ike-1");
	house_expect_success(h, "unload-shared");
	house_put(h, "id", "ike-1");
	house_expect_error(h, "unload-shared", "not found");
	house_put(h, "type", "tattoo");
	house_put(h, "data", "x");
	house_expect_error(h, "load-shared", "invalid shared key type: tattoo");
}

/* ---- pools and authorities ------------------------------------------------------------------ */

static void put_pool(struct house *h, const char *key, const char *value)
{
	codec_section(&h->message, "rw_pool");
	codec_text(&h->message, key, value);
	codec_section_end(&h->message);
}

static void test_pools(void **state)
{
	struct house *h = *state;
	struct conf_node *reply;

	put_pool(h, "addrs", "10.3.0.0/24");
	house_expect_success(h, "load-pool");
	house_expect_line(h, "[CFG] added vici pool rw_pool: 10.3.0.0, 254 entries\n");
	house_put(h, "leases", "yes");
	reply = house_call(h, "get-pools");
	assert_string_equal(conf_node_text(reply, "rw_pool.base"), "10.3.0.0");
	assert_string_equal(conf_node_text(reply, "rw_pool.size"), "254");
	assert_string_equal(conf_node_text(reply, "rw_pool.online"), "0");
	assert_non_null(conf_node_section(conf_node_section(reply, "rw_pool"), "leases"));
	conf_node_free(reply);
	put_pool(h, "addrs", "10.4.0.0/24");
	house_expect_success(h, "load-pool");
	house_expect_line(h, "[CFG] updated vici pool rw_pool: 10.4.0.0, 254 entries\n");
	put_pool(h, "addrs", "ten");
	house_expect_error(h, "load-pool", "ten");
	put_pool(h, "dns", "10.1.1.1");
	house_expect_error(h, "load-pool", "missing addrs for pool 'rw_pool'");
	house_put(h, "name", "rw_pool");
	house_expect_success(h, "unload-pool");
	house_expect_line(h, "[CFG] unloaded vici pool rw_pool\n");
	house_put(h, "name", "rw_pool");
	house_expect_error(h, "unload-pool", "rw_pool not found");
}

static void test_authorities(void **state)
{
	struct house *h = *state;
	struct wbuf data = canned_read("ca.der");
	struct conf_node *reply, *event;

	codec_section(&h->message, "cyber");
	codec_value(&h->message, "cacert", wbuf_view(&data));
	codec_list(&h->message, "crl_uris");
	codec_item(&h->message, view_str("http://crl.example.org/a.crl"));
	codec_list_end(&h->message);
	codec_section_end(&h->message);
	house_expect_success(h, "load-authority");
	house_expect_list(h, "get-authorities", "authorities", "cyber");
	memclient_send_register(h->client, "list-authority");
	house_ask(h, "list-authorities");
	reply = house_hear(h, NULL, &event);
	assert_string_equal(conf_node_text(event, "cyber.cacert"),
			    "C=CH, O=Cyber, CN=Cyber Root CA");
	assert_string_equal(conf_node_text(event, "cyber.crl_uris"),
			    "http://crl.example.org/a.crl");
	conf_node_free(reply);
	conf_node_free(event);
	codec_section(&h->message, "cyber");
	codec_text(&h->message, "cacrt", "x");
	codec_section_end(&h->message);
	house_expect_error(h, "load-authority", "unknown option: cacrt, authority discarded");
	codec_section(&h->message, "empty");
	codec_section_end(&h->message);
	house_expect_error(h, "load-authority", "CA certificate missing: empty");
	house_put(h, "name", "cyber");
	house_expect_success(h, "unload-authority");
	house_put(h, "name", "cyber");
	house_expect_error(h, "unload-authority", "not found");
	wbuf_done(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(certs),  HOUSE_TEST(crls),  HOUSE_TEST(keys),
		HOUSE_TEST(shared), HOUSE_TEST(pools), HOUSE_TEST(authorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
