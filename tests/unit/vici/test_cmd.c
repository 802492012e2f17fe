/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/house.h"

#include "base/str.h"
#include "vici/report.h"

/* The commands for connections, SAs and the daemon. */

/* ---- connections ---------------------------------------------------------------------------- */

/* A connection to an address where nobody is; key = value in it, and remote_ts of its child. */
static void write_conn(struct house *h, const char *key, const char *value, const char *ts)
{
	struct wbuf *w = &h->message;

	codec_section(w, "home");
	codec_list(w, "remote_addrs");
	codec_item(w, view_str("192.0.2.2"));
	codec_list_end(w);
	codec_text(w, "version", "2");
	codec_text(w, key, value);
	codec_section(w, "local");
	codec_text(w, "auth", "psk");
	codec_text(w, "id", "carol@strongswan.org");
	codec_section_end(w);
	codec_section(w, "remote");
	codec_text(w, "auth", "psk");
	codec_section_end(w);
	codec_section(w, "children");
	codec_section(w, "net");
	codec_list(w, "remote_ts");
	codec_item(w, view_str(ts));
	codec_list_end(w);
	codec_section_end(w);
	codec_section_end(w);
	codec_section_end(w);
}

static void load_home(struct house *h)
{
	write_conn(h, "mobike", "yes", "10.1.0.0/16");
	house_expect_success(h, "load-conn");
	house_expect_line(h, "[CFG] added vici connection: home\n");
}

static void test_conn(void **state)
{
	struct house *h = *state;

	load_home(h);
	house_expect_list(h, "get-conns", "conns", "home");
	write_conn(h, "mobike", "yes", "10.1.0.0/16");
	house_expect_success(h, "load-conn");
	house_expect_line(h, "[CFG] unchanged vici connection: home\n");
	write_conn(h, "mobike", "yes", "10.2.0.0/16");
	house_expect_success(h, "load-conn");
	house_expect_line(h, "[CFG] updated vici connection: home\n");
	write_conn(h, "mobike", "no", "10.2.0.0/16");
	house_expect_success(h, "load-conn");
	house_expect_line(h, "[CFG] replaced vici connection: home\n");
	house_put(h, "name", "home");
	house_expect_success(h, "unload-conn");
	house_expect_line(h, "[CFG] removed vici connection: home\n");
	house_put(h, "name", "home");
	house_expect_error(h, "unload-conn", "unload: connection 'home' not found");
	house_expect_list(h, "get-conns", "conns", "");
}

static void test_bad_conn(void **state)
{
	struct house *h = *state;

	write_conn(h, "propsals", "aes256", "10.1.0.0/16");
	house_expect_error(h, "load-conn",
			   "unknown option 'propsals' in connections.home, "
			   "did you mean 'proposals'?");
	write_conn(h, "mobike", "perhaps", "10.1.0.0/16");
	house_expect_error(h, "load-conn", "mobike");
	house_expect_error(h, "load-conn", "missing connection");
	house_expect_list(h, "get-conns", "conns", "");
}

static void test_list_conns(void **state)
{
	struct house *h = *state;
	struct conf_node *reply, *event;
	unsigned events;

	load_home(h);
	memclient_send_register(h->client, "list-conn");
	house_ask(h, "list-conns");
	reply = house_hear(h, &events, &event);
	assert_int_equal(events, 1);
	assert_int_equal(reply->n_values + reply->n_sections, 0);
	assert_string_equal(conf_node_text(event, "home.version"), "IKEv2");
	assert_string_equal(conf_node_text(event, "home.rekey_time"), "14400");
	assert_string_equal(conf_node_text(event, "home.local-1.class"), "pre-shared key");
	assert_string_equal(conf_node_text(event, "home.local-1.id"), "carol@strongswan.org");
	assert_string_equal(conf_node_text(event, "home.children.net.rekey_time"), "3600");
	assert_string_equal(conf_node_text(event, "home.children.net.local-ts"), "dynamic");
	assert_string_equal(conf_node_text(event, "home.children.net.remote-ts"), "10.1.0.0/16");
	conf_node_free(reply);
	conf_node_free(event);
}

/* ---- control -------------------------------------------------------------------------------- */

static void test_initiate_errors(void **state)
{
	struct house *h = *state;

	house_expect_error(h, "initiate", "missing configuration name");
	house_put(h, "child", "nope");
	house_expect_error(h, "initiate", "CHILD_SA config 'nope' not found");
	house_put(h, "ike", "nope");
	house_expect_error(h, "initiate", "IKE_SA config 'nope' not found");
}

static void test_initiate_times_out(void **state)
{
	struct conf_node *reply, *event;
	struct house *h = *state;
	unsigned events;

	load_home(h);
	memclient_send_register(h->client, "control-log");
	house_put(h, "child", "net");
	house_put(h, "timeout", "100");
	house_ask(h, "initiate");
	house_expect_line(h, "[CFG] vici initiate CHILD_SA 'net'\n");
	house_run_jobs(h);
	reply = house_hear(h, &events, &event);
	assert_null(reply);
	/* "initiating IKE_SA home[1] to 192.0.2.2" and what it sends. */
	assert_true(events >= 1);
	assert_string_equal(conf_node_text(event, "ikesa-name"), "home");
	conf_node_free(event);
	assert_int_equal(h->sent, 1);
	h->now += 100;
	server_run(h->server);
	reply = house_hear(h, NULL, NULL);
	assert_string_equal(conf_node_text(reply, "errmsg"),
			    "CHILD_SA 'net' not established after 100ms");
	conf_node_free(reply);
	/* What was begun goes on. */
	assert_false(ike_is_idle(h->ike));
}

static void test_initiate_without_waiting(void **state)
{
	struct house *h = *state;

	load_home(h);
	house_put(h, "child", "net");
	house_put(h, "timeout", "-1");
	house_expect_success(h, "initiate");
	house_run_jobs(h);
	assert_int_equal(h->sent, 1);
}

static void test_disconnect_while_initiating(void **state)
{
	struct house *h = *state;

	load_home(h);
	memclient_send_register(h->client, "control-log");
	house_put(h, "child", "net");
	house_ask(h, "initiate");
	server_client_free(h->client);
	house_run_jobs(h);
	assert_int_equal(h->sent, 1);
	assert_int_equal(server_client_new(h->server, h, &h->client), 0);
	house_expect_list(h, "get-conns", "conns", "home");
}

/* The engine gives up, and the waiting client hears of it. */
static void test_initiate_fails(void **state)
{
	struct house *h = *state;
	struct conf_node *reply = NULL;

	load_home(h);
	house_put(h, "child", "net");
	house_ask(h, "initiate");
	for (int i = 0; i < 20 && !reply; i++) {
		house_run_jobs(h);
		h->now = ike_deadline(h->ike);
		assert_true(h->now < UINT64_MAX);
		ike_tick(h->ike, h->now);
		reply = house_hear(h, NULL, NULL);
	}
	assert_non_null(reply);
	assert_string_equal(conf_node_text(reply, "success"), "no");
	assert_non_null(
		strstr(conf_node_text(reply, "errmsg"), "establishing CHILD_SA 'net' failed"));
	conf_node_free(reply);
}

static void test_terminate(void **state)
{
	struct house *h = *state;
	struct conf_node *reply;

	house_expect_error(h, "terminate", "missing terminate selector");
	house_put(h, "ike", "home");
	house_expect_error(h, "terminate", "no matching SAs to terminate found");
	load_home(h);
	house_put(h, "child", "net");
	house_put(h, "timeout", "-1");
	house_expect_success(h, "initiate");
	house_put(h, "ike", "home");
	house_put(h, "force", "yes");
	reply = house_call(h, "terminate");
	assert_string_equal(conf_node_text(reply, "success"), "yes");
	assert_string_equal(conf_node_text(reply, "matches"), "1");
	assert_string_equal(conf_node_text(reply, "terminated"), "1");
	conf_node_free(reply);
}

static void test_list_sas(void **state)
{
	static const char *const keys[] = {"uniqueid",	  "version",	   "state",
					   "local-host",  "local-port",	   "local-id",
					   "remote-host", "remote-port",   "remote-id",
					   "initiator",	  "initiator-spi", "responder-spi"};
	struct house *h = *state;
	struct conf_node *reply, *event;
	unsigned events;

	load_home(h);
	house_put(h, "child", "net");
	house_put(h, "timeout", "-1");
	house_expect_success(h, "initiate");
	memclient_send_register(h->client, "list-sa");
	house_ask(h, "list-sas");
	reply = house_hear(h, &events, &event);
	assert_int_equal(events, 1);
	assert_non_null(conf_node_section(event, "home"));
	assert_non_null(conf_node_section(conf_node_section(event, "home"), "child-sas"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_string_equal(conf_node_section(event, "home")->values[i].key, keys[i]);
	assert_string_equal(conf_node_text(event, "home.state"), "CONNECTING");
	assert_null(conf_node_section(conf_node_section(event, "home"), "exchanges"));
	conf_node_free(reply);
	conf_node_free(event);
	house_run_jobs(h);
	memclient_send_register(h->client, "trace-sa");
	house_ask(h, "trace");
	reply = house_hear(h, &events, &event);
	assert_int_equal(events, 1);
	assert_string_equal(conf_node_text(event, "home.exchanges.1.exchange"), "IKE_SA_INIT");
	assert_string_equal(conf_node_text(event, "home.exchanges.1.asked-by"), "local");
	assert_null(conf_node_text(event, "home.exchanges.1.took-us"));
	conf_node_free(reply);
	conf_node_free(event);
	house_put(h, "ike", "other");
	house_ask(h, "list-sas");
	reply = house_hear(h, &events, NULL);
	assert_int_equal(events, 0);
	conf_node_free(reply);
}

/* ---- the daemon ----------------------------------------------------------------------------- */

static void test_version_and_stats(void **state)
{
	struct house *h = *state;
	struct conf_node *reply = house_call(h, "version");

	assert_string_equal(conf_node_text(reply, "daemon"), "cygnetd");
	assert_non_null(conf_node_text(reply, "machine"));
	conf_node_free(reply);
	reply = house_call(h, "stats");
	assert_string_equal(conf_node_text(reply, "workers.total"), "4");
	assert_string_equal(conf_node_text(reply, "ikesas.half-open"), "0");
	assert_string_equal(conf_node_text(reply, "datapath.dropped-no-policy"), "7");
	conf_node_free(reply);
}

static void test_algorithms(void **state)
{
	static const char *const sections[] = {"encryption", "integrity", "aead",     "hasher",
					       "prf",	     "xof",	  "kdf",      "drbg",
					       "ke",	     "rng",	  "nonce-gen"};
	struct house *h = *state;
	struct conf_node *reply = house_call(h, "get-algorithms");

	assert_int_equal(reply->n_sections, 11);
	for (size_t i = 0; i < 11; i++)
		assert_string_equal(reply->sections[i]->name, sections[i]);
	assert_string_equal(conf_node_text(reply, "ke.CURVE_25519"), "openssl");
	assert_non_null(conf_node_text(reply, "encryption.AES_CBC"));
	assert_non_null(conf_node_text(reply, "aead.AES_GCM_16"));
	assert_null(conf_node_text(reply, "encryption.AES_GCM_16"));
	conf_node_free(reply);
}

static void test_reload(void **state)
{
	struct house *h = *state;

	house_expect_success(h, "reload-settings");
	house_expect_error(h, "reload-settings", "unknown option 'x'");
}

static void test_unsupported(void **state)
{
	house_expect_error(*state, "load-token",
			   "PKCS#11 tokens and other modules are not supported");
}

static void test_rekey_and_redirect(void **state)
{
	struct house *h = *state;

	house_expect_error(h, "rekey", "missing rekey selector");
	house_put(h, "child", "net");
	house_expect_error(h, "rekey", "no matching SAs to rekey found");
	house_put(h, "ike", "home");
	house_expect_error(h, "redirect", "missing target gateway");
	house_put(h, "ike", "home");
	house_put(h, "gateway", "192.0.2.9");
	house_expect_error(h, "redirect", "");
}

static void test_counters(void **state)
{
	struct house *h = *state;
	struct addr here, there;
	uint8_t junk[28] = {1};
	struct conf_node *reply;
	unsigned events;

	load_home(h);
	assert_int_equal(addr_parse(&here, "192.0.2.1"), 0);
	assert_int_equal(addr_parse(&there, "192.0.2.2"), 0);
	/* a request of no SA: IKE 2.0, INFORMATIONAL, 28 bytes */
	junk[17] = 0x20;
	junk[18] = 37;
	junk[27] = sizeof(junk);
	ike_input(h->ike, h->now, &here, &there, view_make(junk, sizeof(junk)));
	house_ask(h, "get-counters");
	reply = house_hear(h, &events, NULL);
	assert_string_equal(conf_node_text(reply, "success"), "yes");
	assert_int_equal(conf_node_section(reply, "counters")->n_sections, 1);
	assert_int_equal(conf_node_section(reply, "counters")->sections[0]->n_values, 21);
	assert_string_equal(conf_node_section(reply, "counters")->sections[0]->name, "");
	assert_string_equal(
		conf_node_value(conf_node_section(reply, "counters")->sections[0], "invalid-spi")
			->items[0]
			.data,
		"1");
	conf_node_free(reply);
	house_put(h, "all", "yes");
	house_ask(h, "get-counters");
	reply = house_hear(h, &events, NULL);
	assert_string_equal(conf_node_text(reply, "counters.home.invalid-spi"), "0");
	conf_node_free(reply);
	house_put(h, "name", "nope");
	house_expect_error(h, "get-counters", "no counters found for this connection");
	house_put(h, "name", "nope");
	house_expect_error(h, "reset-counters", "no counters found for this connection");
	house_expect_success(h, "reset-counters");
	house_ask(h, "get-counters");
	reply = house_hear(h, &events, NULL);
	assert_string_equal(
		conf_node_value(conf_node_section(reply, "counters")->sections[0], "invalid-spi")
			->items[0]
			.data,
		"0");
	conf_node_free(reply);
}

/* A connection whose children don't fit into one message comes in several, each a part. */
static void test_many_children(void **state)
{
	enum { CHILDREN = 4000 };
	struct house *h = *state;
	struct memclient_received r;
	struct codec_packet packet;
	unsigned events = 0, children = 0;
	char text[64];

	codec_section(&h->message, "home");
	codec_section(&h->message, "local");
	codec_text(&h->message, "auth", "psk");
	codec_section_end(&h->message);
	codec_section(&h->message, "remote");
	codec_text(&h->message, "auth", "psk");
	codec_section_end(&h->message);
	codec_section(&h->message, "children");
	for (unsigned i = 0; i < CHILDREN; i++) {
		snprintf(text, sizeof(text), "child-%u", i);
		codec_section(&h->message, text);
		codec_section_end(&h->message);
	}
	codec_section_end(&h->message);
	codec_section_end(&h->message);
	house_expect_success(h, "load-conn");
	memclient_send_register(h->client, "list-conn");
	house_ask(h, "list-conns");
	r = memclient_receive(h->client);
	while (memclient_next_packet(&r, &packet)) {
		struct conf_node *event;

		if (packet.type != CODEC_EVENT)
			continue;
		assert_int_equal(codec_to_node(packet.message, &event), 0);
		assert_string_equal(conf_node_text(event, "home.local-1.class"), "pre-shared key");
		children += conf_node_section(event->sections[0], "children")->n_sections;
		events++;
		conf_node_free(event);
	}
	wbuf_done(&r.bytes);
	assert_int_equal(children, CHILDREN);
	assert_int_equal(events, 2);
}

static void test_events(void **state)
{
	struct house *h = *state;
	struct strs none = {NULL, 0};
	const struct ike_child_info child = {.name = "net", .uid = 4};
	const struct ike_sa_info sa = {
		.name = "home",
		.uid = 2,
		.state = IKE_S_ESTABLISHED,
		.tasks_queued = &none,
		.tasks_active = &none,
		.tasks_passive = &none,
		.established_ago = UINT64_MAX,
	};
	struct ike_event e = {.type = IKE_EV_CHILD_UPDOWN, .up = true, .sa = &sa, .child = &child};
	struct conf_node *event;

	report_event(h->server, &e);
	memclient_send_register(h->client, "child-updown");
	memclient_send_register(h->client, "alert");
	server_run(h->server);
	report_event(h->server, &e);
	assert_null(house_hear(h, NULL, &event));
	assert_string_equal(conf_node_text(event, "up"), "yes");
	assert_string_equal(conf_node_text(event, "home.child-sas.net-4.name"), "net");
	conf_node_free(event);
	e = (struct ike_event){.type = IKE_EV_ALERT, .alert = "peer-auth-failed", .sa = &sa};
	report_event(h->server, &e);
	assert_null(house_hear(h, NULL, &event));
	assert_string_equal(conf_node_text(event, "type"), "peer-auth-failed");
	assert_string_equal(conf_node_text(event, "ike-sa.home.uniqueid"), "2");
	conf_node_free(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(conn),
		HOUSE_TEST(bad_conn),
		HOUSE_TEST(list_conns),
		HOUSE_TEST(initiate_errors),
		HOUSE_TEST(initiate_times_out),
		HOUSE_TEST(initiate_without_waiting),
		HOUSE_TEST(disconnect_while_initiating),
		HOUSE_TEST(initiate_fails),
		HOUSE_TEST(terminate),
		HOUSE_TEST(list_sas),
		HOUSE_TEST(version_and_stats),
		HOUSE_TEST(algorithms),
		HOUSE_TEST(reload),
		HOUSE_TEST(unsupported),
		HOUSE_TEST(rekey_and_redirect),
		HOUSE_TEST(counters),
		HOUSE_TEST(many_children),
		HOUSE_TEST(events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
