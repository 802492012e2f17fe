/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/memclient.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/log.h"
#include "base/str.h"
#include "cred/store.h"
#include "ike/engine.h"
#include "ipsec/ipsec.h"
#include "pool/pool.h"
#include "vici/cmd.h"
#include "vici/report.h"

/* The commands, on a real engine and real stores; no peer answers and no time passes by itself. */

#define MAX_JOBS 16

struct house {
	struct log *log;
	struct log_sink sink;
	char lines[8192]; /* what was logged, a line each */
	struct cred_store *creds;
	struct pool_set *pools;
	struct ike *ike;
	struct server *server;
	struct server_client *client;
	struct vici_context context;
	uint64_t now;
	struct ike_job *jobs[MAX_JOBS];
	size_t n_jobs;
	unsigned sent, reloads;
	struct wbuf message; /* the request being written */
};

/* ---- a house without windows ---------------------------------------------------------------- */

static void hook_send(void *ctx, const struct addr *local, const struct addr *remote,
		      struct view message)
{
	(void)local;
	(void)remote;
	(void)message;
	((struct house *)ctx)->sent++;
}

static void hook_keepalive(void *ctx, const struct addr *local, const struct addr *remote)
{
	(void)ctx;
	(void)local;
	(void)remote;
}

static int hook_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	return RAND_bytes(out, (int)len) == 1 ? 0 : E_IO;
}

static void hook_submit(void *ctx, struct ike_job *job)
{
	struct house *h = ctx;

	assert_true(h->n_jobs < MAX_JOBS);
	h->jobs[h->n_jobs++] = job;
}

static int hook_source(void *ctx, const struct addr *remote, struct addr *out)
{
	(void)ctx;
	(void)remote;
	return addr_parse(out, "192.0.2.1");
}

static int64_t hook_wall(void *ctx)
{
	(void)ctx;
	return 1795287841;
}

static int ipsec_alloc_spi(struct ipsec *self, uint32_t *out)
{
	(void)self;
	*out = 0xc0000001;
	return 0;
}

static void ipsec_free_spi(struct ipsec *self, uint32_t spi)
{
	(void)self;
	(void)spi;
}

static bool ipsec_needs_encap(struct ipsec *self)
{
	(void)self;
	return false;
}

static unsigned ipsec_features(struct ipsec *self)
{
	(void)self;
	return 0;
}

/* No SA is ever established here, so nothing else is called. */
static void ipsec_drops(struct ipsec *self, struct ipsec_drops *out)
{
	(void)self;
	*out = (struct ipsec_drops){.no_policy = 7};
}

static const struct ipsec_ops ipsec_ops = {
	.name = "none",
	.alloc_spi = ipsec_alloc_spi,
	.free_spi = ipsec_free_spi,
	.drops = ipsec_drops,
	.features = ipsec_features,
	.needs_encap = ipsec_needs_encap,
};
static struct ipsec datapath = {&ipsec_ops};

static uint64_t house_now(void *ctx)
{
	return ((struct house *)ctx)->now;
}

static int house_reload(void *ctx, char **out_why)
{
	struct house *h = ctx;

	if (++h->reloads == 1)
		return 0;
	*out_why = strdup("strongswan.conf:1:1: unknown option 'x'");
	return E_CONFIG;
}

static void keep_line(struct log_sink *sink, const struct log_line *line)
{
	struct house *h = (struct house *)((char *)sink - offsetof(struct house, sink));
	size_t len = strlen(h->lines);

	snprintf(h->lines + len, sizeof(h->lines) - len, "[%s] %s\n", log_group_name(line->group),
		 line->text);
}

static void run_jobs(struct house *h)
{
	while (h->n_jobs) {
		struct ike_job *job = h->jobs[--h->n_jobs];

		ike_job_run(job);
		ike_job_done(h->ike, job, h->now);
	}
}

static void make_engine(struct house *h)
{
	struct ike_params params = {
		.hooks = {.ctx = h,
			  .send = hook_send,
			  .keepalive = hook_keepalive,
			  .random = hook_random,
			  .submit = hook_submit,
			  .source = hook_source,
			  .wall = hook_wall},
		.log = h->log,
		.creds = h->creds,
		.pools = h->pools,
		.ipsec = &datapath,
	};

	ike_settings_init(&params.settings);
	assert_int_equal(ike_new(&params, &h->ike), 0);
}

static int set_up(void **state)
{
	struct server_params params = {.now = house_now};
	struct house *h = calloc(1, sizeof(*h));
	struct log_notes notes = {NULL, 0};

	assert_non_null(h);
	h->now = 1000;
	h->log = log_new();
	h->sink.write = keep_line;
	log_sink_set_all(&h->sink, LOG_CTRL);
	log_add_sink(h->log, &h->sink);
	h->creds = cred_new();
	assert_int_equal(pool_open(NULL, &notes, &h->pools), 0);
	make_engine(h);
	h->context = (struct vici_context){
		.ike = h->ike,
		.creds = h->creds,
		.pools = h->pools,
		.log = h->log,
		.ctx = h,
		.now = house_now,
		.reload = house_reload,
		.started = 1795287841,
		.workers = 4,
		.backend = "none",
	};
	cmd_context_init(&h->context);
	params.commands = cmd_table(&params.n_commands);
	params.context = &h->context;
	params.log = h->log;
	params.now_ctx = h;
	assert_int_equal(server_new(&params, &h->server), 0);
	assert_int_equal(server_client_new(h->server, h, &h->client), 0);
	wbuf_init(&h->message, 0);
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct house *h = *state;

	server_free(h->server);
	ike_shutdown(h->ike, h->now);
	run_jobs(h);
	ike_free(h->ike);
	cmd_context_done(&h->context);
	pool_close(h->pools);
	cred_free(h->creds);
	log_remove_sink(h->log, &h->sink);
	log_free(h->log);
	wbuf_done(&h->message);
	free(h);
	return 0;
}

/* ---- talking -------------------------------------------------------------------------------- */

/* Send what has been written to h->message. */
static void ask(struct house *h, const char *command)
{
	assert_int_equal(wbuf_err(&h->message), 0);
	memclient_send_bytes(h->client, CODEC_CMD_REQUEST, command, wbuf_view(&h->message));
	wbuf_reset(&h->message);
	server_run(h->server);
}

/* The answer as a tree; events before it are counted, the last one kept in *out_event. */
static struct conf_node *hear(struct house *h, unsigned *out_events, struct conf_node **out_event)
{
	struct memclient_received r = memclient_receive(h->client);
	struct codec_packet packet;
	struct conf_node *node = NULL;
	unsigned events = 0;

	if (out_event)
		*out_event = NULL;
	while (memclient_next_packet(&r, &packet)) {
		assert_null(node);
		assert_int_equal(codec_to_node(packet.message, &node), 0);
		if (packet.type == CODEC_CMD_RESPONSE)
			continue;
		events += packet.type == CODEC_EVENT;
		if (out_event && packet.type == CODEC_EVENT) {
			conf_node_free(*out_event);
			*out_event = node;
		} else {
			conf_node_free(node);
		}
		node = NULL;
	}
	wbuf_done(&r.bytes);
	if (out_events)
		*out_events = events;
	return node;
}

static struct conf_node *call(struct house *h, const char *command)
{
	struct conf_node *reply;

	ask(h, command);
	reply = hear(h, NULL, NULL);
	assert_non_null(reply);
	return reply;
}

static void expect_success(struct house *h, const char *command)
{
	struct conf_node *reply = call(h, command);

	if (strcmp(conf_node_text(reply, "success"), "yes") != 0)
		fail_msg("%s: %s", command, conf_node_text(reply, "errmsg"));
	conf_node_free(reply);
}

/* The errmsg contains this. */
static void expect_error(struct house *h, const char *command, const char *text)
{
	struct conf_node *reply = call(h, command);
	const char *why = conf_node_text(reply, "errmsg");

	assert_string_equal(conf_node_text(reply, "success"), "no");
	if (!why || !strstr(why, text))
		fail_msg("%s: expected '%s' in '%s'", command, text, why);
	conf_node_free(reply);
}

static void expect_line(struct house *h, const char *line)
{
	if (!strstr(h->lines, line))
		fail_msg("expected a line '%s' in\n%s", line, h->lines);
	h->lines[0] = '\0';
}

/* Items of a list in the answer, joined by blanks. */
static void expect_list(struct house *h, const char *command, const char *key, const char *want)
{
	struct conf_node *reply = call(h, command);
	const struct conf_value *v = conf_node_value(reply, key);
	char got[1024] = "";

	for (size_t i = 0; v && i < v->count; i++) {
		size_t len = strlen(got);

		snprintf(got + len, sizeof(got) - len, "%s%s", i ? " " : "", v->items[i].data);
	}
	assert_string_equal(got, want);
	conf_node_free(reply);
}

static void put(struct house *h, const char *key, const char *value)
{
	codec_text(&h->message, key, value);
}

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
	expect_success(h, "load-conn");
	expect_line(h, "[CFG] added vici connection: home\n");
}

static void test_conn(void **state)
{
	struct house *h = *state;

	load_home(h);
	expect_list(h, "get-conns", "conns", "home");
	write_conn(h, "mobike", "yes", "10.1.0.0/16");
	expect_success(h, "load-conn");
	expect_line(h, "[CFG] unchanged vici connection: home\n");
	write_conn(h, "mobike", "yes", "10.2.0.0/16");
	expect_success(h, "load-conn");
	expect_line(h, "[CFG] updated vici connection: home\n");
	write_conn(h, "mobike", "no", "10.2.0.0/16");
	expect_success(h, "load-conn");
	expect_line(h, "[CFG] replaced vici connection: home\n");
	put(h, "name", "home");
	expect_success(h, "unload-conn");
	expect_line(h, "[CFG] removed vici connection: home\n");
	put(h, "name", "home");
	expect_error(h, "unload-conn", "unload: connection 'home' not found");
	expect_list(h, "get-conns", "conns", "");
}

static void test_bad_conn(void **state)
{
	struct house *h = *state;

	write_conn(h, "propsals", "aes256", "10.1.0.0/16");
	expect_error(h, "load-conn",
		     "unknown option 'propsals' in connections.home, "
		     "did you mean 'proposals'?");
	write_conn(h, "mobike", "perhaps", "10.1.0.0/16");
	expect_error(h, "load-conn", "mobike");
	expect_error(h, "load-conn", "missing connection");
	expect_list(h, "get-conns", "conns", "");
}

static void test_list_conns(void **state)
{
	struct house *h = *state;
	struct conf_node *reply, *event;
	unsigned events;

	load_home(h);
	memclient_send_register(h->client, "list-conn");
	ask(h, "list-conns");
	reply = hear(h, &events, &event);
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

	expect_error(h, "initiate", "missing configuration name");
	put(h, "child", "nope");
	expect_error(h, "initiate", "CHILD_SA config 'nope' not found");
	put(h, "ike", "nope");
	expect_error(h, "initiate", "IKE_SA config 'nope' not found");
}

static void test_initiate_times_out(void **state)
{
	struct conf_node *reply, *event;
	struct house *h = *state;
	unsigned events;

	load_home(h);
	memclient_send_register(h->client, "control-log");
	put(h, "child", "net");
	put(h, "timeout", "100");
	ask(h, "initiate");
	expect_line(h, "[CFG] vici initiate CHILD_SA 'net'\n");
	run_jobs(h);
	reply = hear(h, &events, &event);
	assert_null(reply);
	/* "initiating IKE_SA home[1] to 192.0.2.2" and what it sends. */
	assert_true(events >= 1);
	assert_string_equal(conf_node_text(event, "ikesa-name"), "home");
	conf_node_free(event);
	assert_int_equal(h->sent, 1);
	h->now += 100;
	server_run(h->server);
	reply = hear(h, NULL, NULL);
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
	put(h, "child", "net");
	put(h, "timeout", "-1");
	expect_success(h, "initiate");
	run_jobs(h);
	assert_int_equal(h->sent, 1);
}

static void test_disconnect_while_initiating(void **state)
{
	struct house *h = *state;

	load_home(h);
	memclient_send_register(h->client, "control-log");
	put(h, "child", "net");
	ask(h, "initiate");
	server_client_free(h->client);
	run_jobs(h);
	assert_int_equal(h->sent, 1);
	assert_int_equal(server_client_new(h->server, h, &h->client), 0);
	expect_list(h, "get-conns", "conns", "home");
}

/* The engine gives up, and the waiting client hears of it. */
static void test_initiate_fails(void **state)
{
	struct house *h = *state;
	struct conf_node *reply = NULL;

	load_home(h);
	put(h, "child", "net");
	ask(h, "initiate");
	for (int i = 0; i < 20 && !reply; i++) {
		run_jobs(h);
		h->now = ike_deadline(h->ike);
		assert_true(h->now < UINT64_MAX);
		ike_tick(h->ike, h->now);
		reply = hear(h, NULL, NULL);
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

	expect_error(h, "terminate", "missing terminate selector");
	put(h, "ike", "home");
	expect_error(h, "terminate", "no matching SAs to terminate found");
	load_home(h);
	put(h, "child", "net");
	put(h, "timeout", "-1");
	expect_success(h, "initiate");
	put(h, "ike", "home");
	put(h, "force", "yes");
	reply = call(h, "terminate");
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
	put(h, "child", "net");
	put(h, "timeout", "-1");
	expect_success(h, "initiate");
	memclient_send_register(h->client, "list-sa");
	ask(h, "list-sas");
	reply = hear(h, &events, &event);
	assert_int_equal(events, 1);
	assert_non_null(conf_node_section(event, "home"));
	assert_non_null(conf_node_section(conf_node_section(event, "home"), "child-sas"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_string_equal(conf_node_section(event, "home")->values[i].key, keys[i]);
	assert_string_equal(conf_node_text(event, "home.state"), "CONNECTING");
	conf_node_free(reply);
	conf_node_free(event);
	put(h, "ike", "other");
	ask(h, "list-sas");
	reply = hear(h, &events, NULL);
	assert_int_equal(events, 0);
	conf_node_free(reply);
}

/* ---- credentials ---------------------------------------------------------------------------- */

static void put_cert(struct house *h, const char *file, const char *flag)
{
	struct wbuf data = canned_read(file);

	put(h, "type", "X509");
	put(h, "flag", flag);
	codec_value(&h->message, "data", wbuf_view(&data));
	wbuf_done(&data);
}

static void put_crl(struct house *h, const char *file)
{
	struct wbuf data = canned_read(file);

	put(h, "type", "X509_CRL");
	codec_value(&h->message, "data", wbuf_view(&data));
	wbuf_done(&data);
}

static unsigned count_certs(struct house *h, struct conf_node **out_event)
{
	struct conf_node *reply;
	unsigned events;

	ask(h, "list-certs");
	reply = hear(h, &events, out_event);
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
	expect_success(h, "load-cert");
	expect_line(h, "[CFG] loaded certificate 'C=CH, O=Cyber, CN=Cyber Root CA'\n");
	put_cert(h, "moon.der", "NONE");
	expect_success(h, "load-cert");
	put_cert(h, "moon.der", "CA");
	expect_error(h, "load-cert", "ca certificate lacks CA basic constraint, rejected");
	put_cert(h, "ca.crl", "NONE");
	expect_error(h, "load-cert", "parsing X509 certificate failed");
	put(h, "type", "X509_AC");
	expect_error(h, "load-cert", "X509_AC");
	put(h, "type", "PUBKEY");
	expect_error(h, "load-cert", "only X509 and X509_CRL are");
	memclient_send_register(h->client, "list-cert");
	assert_int_equal(count_certs(h, NULL), 2);
	put(h, "flag", "CA");
	assert_int_equal(count_certs(h, NULL), 1);
	put(h, "type", "x509_crl");
	assert_int_equal(count_certs(h, NULL), 0);
	put(h, "subject", "moon.strongswan.org");
	assert_int_equal(count_certs(h, &event), 1);
	data = conf_node_value(event, "data");
	assert_true(
		view_equal(view_make(data->items[0].data, data->items[0].len), wbuf_view(&der)));
	assert_null(conf_node_text(event, "has_privkey"));
	conf_node_free(event);
	expect_success(h, "clear-creds");
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
	expect_error(h, "load-cert", "parsing X509_CRL certificate failed");
	put_crl(h, "ca.crl");
	expect_success(h, "load-cert");
	expect_line(h, "[CFG] loaded crl of 'C=CH, O=Cyber, CN=Cyber Root CA'\n");
	put_crl(h, "ca.crl");
	expect_success(h, "load-cert");
	put(h, "type", "X509");
	assert_int_equal(count_certs(h, NULL), 0);
	put(h, "flag", "CA");
	assert_int_equal(count_certs(h, NULL), 0);
	put(h, "subject", "C=CH, O=Cyber, CN=another");
	assert_int_equal(count_certs(h, NULL), 0);
	put(h, "type", "x509_crl");
	assert_int_equal(count_certs(h, &event), 1);
	assert_string_equal(conf_node_text(event, "type"), "X509_CRL");
	assert_string_equal(conf_node_text(event, "flag"), "NONE");
	data = conf_node_value(event, "data");
	assert_true(
		view_equal(view_make(data->items[0].data, data->items[0].len), wbuf_view(&der)));
	conf_node_free(event);

	/* What was loaded is no cache. */
	put(h, "type", "x509_crl");
	expect_success(h, "flush-certs");
	assert_int_equal(count_certs(h, NULL), 1);
	expect_success(h, "clear-creds");
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

	put(h, "type", "any");
	put_new_key(h);
	reply = call(h, "load-key");
	assert_string_equal(conf_node_text(reply, "success"), "yes");
	snprintf(id, sizeof(id), "%s", conf_node_text(reply, "id"));
	assert_int_equal(strlen(id), 40);
	conf_node_free(reply);
	expect_line(h, "[CFG] loaded ECDSA private key\n");
	expect_list(h, "get-keys", "keys", id);
	put(h, "id", id);
	expect_success(h, "unload-key");
	put(h, "id", id);
	expect_error(h, "unload-key", "key not found");
	expect_list(h, "get-keys", "keys", "");
	expect_error(h, "load-key", "key type missing");
	put(h, "type", "chocolate");
	expect_error(h, "load-key", "invalid key type: chocolate");
	put(h, "type", "any");
	expect_error(h, "load-key", "key data missing");
	put(h, "type", "any");
	put(h, "data", "nonsense");
	expect_error(h, "load-key", "parsing ANY private key failed");
}

static void test_shared(void **state)
{
	struct house *h = *state;

	put(h, "id", "ike-1");
	put(h, "type", "IKE");
	put(h, "data", "geheim");
	codec_list(&h->message, "owners");
	codec_item(&h->message, view_str("carol@strongswan.org"));
	codec_item(&h->message, view_str("192.0.2.2"));
	codec_list_end(&h->message);
	expect_success(h, "load-shared");
	assert_null(strstr(h->lines, "geheim"));
	expect_line(h, "[CFG] loaded IKE shared key with id 'ike-1' for: "
		       "'carol@strongswan.org', '192.0.2.2'\n");
	expect_list(h, "get-shared", "keys", "ike-1");
	put(h, "id", "ike-1");
	expect_success(h, "unload-shared");
	put(h, "id", "ike-1");
	expect_error(h, "unload-shared", "not found");
	put(h, "type", "tattoo");
	put(h, "data", "x");
	expect_error(h, "load-shared", "invalid shared key type: tattoo");
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
	expect_success(h, "load-pool");
	expect_line(h, "[CFG] added vici pool rw_pool: 10.3.0.0, 254 entries\n");
	put(h, "leases", "yes");
	reply = call(h, "get-pools");
	assert_string_equal(conf_node_text(reply, "rw_pool.base"), "10.3.0.0");
	assert_string_equal(conf_node_text(reply, "rw_pool.size"), "254");
	assert_string_equal(conf_node_text(reply, "rw_pool.online"), "0");
	assert_non_null(conf_node_section(conf_node_section(reply, "rw_pool"), "leases"));
	conf_node_free(reply);
	put_pool(h, "addrs", "10.4.0.0/24");
	expect_success(h, "load-pool");
	expect_line(h, "[CFG] updated vici pool rw_pool: 10.4.0.0, 254 entries\n");
	put_pool(h, "addrs", "ten");
	expect_error(h, "load-pool", "ten");
	put_pool(h, "dns", "10.1.1.1");
	expect_error(h, "load-pool", "missing addrs for pool 'rw_pool'");
	put(h, "name", "rw_pool");
	expect_success(h, "unload-pool");
	expect_line(h, "[CFG] unloaded vici pool rw_pool\n");
	put(h, "name", "rw_pool");
	expect_error(h, "unload-pool", "rw_pool not found");
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
	expect_success(h, "load-authority");
	expect_list(h, "get-authorities", "authorities", "cyber");
	memclient_send_register(h->client, "list-authority");
	ask(h, "list-authorities");
	reply = hear(h, NULL, &event);
	assert_string_equal(conf_node_text(event, "cyber.cacert"),
			    "C=CH, O=Cyber, CN=Cyber Root CA");
	assert_string_equal(conf_node_text(event, "cyber.crl_uris"),
			    "http://crl.example.org/a.crl");
	conf_node_free(reply);
	conf_node_free(event);
	codec_section(&h->message, "cyber");
	codec_text(&h->message, "cacrt", "x");
	codec_section_end(&h->message);
	expect_error(h, "load-authority", "unknown option: cacrt, authority discarded");
	codec_section(&h->message, "empty");
	codec_section_end(&h->message);
	expect_error(h, "load-authority", "CA certificate missing: empty");
	put(h, "name", "cyber");
	expect_success(h, "unload-authority");
	put(h, "name", "cyber");
	expect_error(h, "unload-authority", "not found");
	wbuf_done(&data);
}

/* ---- the daemon ----------------------------------------------------------------------------- */

static void test_version_and_stats(void **state)
{
	struct house *h = *state;
	struct conf_node *reply = call(h, "version");

	assert_string_equal(conf_node_text(reply, "daemon"), "cygnetd");
	assert_non_null(conf_node_text(reply, "machine"));
	conf_node_free(reply);
	reply = call(h, "stats");
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
	struct conf_node *reply = call(h, "get-algorithms");

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

	expect_success(h, "reload-settings");
	expect_error(h, "reload-settings", "unknown option 'x'");
}

static void test_unsupported(void **state)
{
	expect_error(*state, "load-token", "PKCS#11 tokens and other modules are not supported");
}

static void test_rekey_and_redirect(void **state)
{
	struct house *h = *state;

	expect_error(h, "rekey", "missing rekey selector");
	put(h, "child", "net");
	expect_error(h, "rekey", "no matching SAs to rekey found");
	put(h, "ike", "home");
	expect_error(h, "redirect", "missing target gateway");
	put(h, "ike", "home");
	put(h, "gateway", "192.0.2.9");
	expect_error(h, "redirect", "");
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
	ask(h, "get-counters");
	reply = hear(h, &events, NULL);
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
	put(h, "all", "yes");
	ask(h, "get-counters");
	reply = hear(h, &events, NULL);
	assert_string_equal(conf_node_text(reply, "counters.home.invalid-spi"), "0");
	conf_node_free(reply);
	put(h, "name", "nope");
	expect_error(h, "get-counters", "no counters found for this connection");
	put(h, "name", "nope");
	expect_error(h, "reset-counters", "no counters found for this connection");
	expect_success(h, "reset-counters");
	ask(h, "get-counters");
	reply = hear(h, &events, NULL);
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
	expect_success(h, "load-conn");
	memclient_send_register(h->client, "list-conn");
	ask(h, "list-conns");
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
	assert_null(hear(h, NULL, &event));
	assert_string_equal(conf_node_text(event, "up"), "yes");
	assert_string_equal(conf_node_text(event, "home.child-sas.net-4.name"), "net");
	conf_node_free(event);
	e = (struct ike_event){.type = IKE_EV_ALERT, .alert = "peer-auth-failed", .sa = &sa};
	report_event(h->server, &e);
	assert_null(hear(h, NULL, &event));
	assert_string_equal(conf_node_text(event, "type"), "peer-auth-failed");
	assert_string_equal(conf_node_text(event, "ike-sa.home.uniqueid"), "2");
	conf_node_free(event);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(conn),
		TEST(bad_conn),
		TEST(list_conns),
		TEST(initiate_errors),
		TEST(initiate_times_out),
		TEST(initiate_without_waiting),
		TEST(disconnect_while_initiating),
		TEST(initiate_fails),
		TEST(terminate),
		TEST(list_sas),
		TEST(certs),
		TEST(crls),
		TEST(keys),
		TEST(shared),
		TEST(pools),
		TEST(authorities),
		TEST(version_and_stats),
		TEST(algorithms),
		TEST(reload),
		TEST(unsupported),
		TEST(rekey_and_redirect),
		TEST(counters),
		TEST(many_children),
		TEST(events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
