/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/house.h"

#include <openssl/rand.h>

#include "ipsec/ipsec.h"

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

	assert_true(h->n_jobs < HOUSE_JOBS);
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

void house_run_jobs(struct house *h)
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

int house_set_up(void **state)
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

int house_tear_down(void **state)
{
	struct house *h = *state;

	server_free(h->server);
	ike_shutdown(h->ike, h->now);
	house_run_jobs(h);
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

void house_ask(struct house *h, const char *command)
{
	assert_int_equal(wbuf_err(&h->message), 0);
	memclient_send_bytes(h->client, CODEC_CMD_REQUEST, command, wbuf_view(&h->message));
	wbuf_reset(&h->message);
	server_run(h->server);
}

struct conf_node *house_hear(struct house *h, unsigned *out_events, struct conf_node **out_event)
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

struct conf_node *house_call(struct house *h, const char *command)
{
	struct conf_node *reply;

	house_ask(h, command);
	reply = house_hear(h, NULL, NULL);
	assert_non_null(reply);
	return reply;
}

void house_expect_success(struct house *h, const char *command)
{
	struct conf_node *reply = house_call(h, command);

	if (strcmp(conf_node_text(reply, "success"), "yes") != 0)
		fail_msg("%s: %s", command, conf_node_text(reply, "errmsg"));
	conf_node_free(reply);
}

void house_expect_error(struct house *h, const char *command, const char *text)
{
	struct conf_node *reply = house_call(h, command);
	const char *why = conf_node_text(reply, "errmsg");

	assert_string_equal(conf_node_text(reply, "success"), "no");
	if (!why || !strstr(why, text))
		fail_msg("%s: expected '%s' in '%s'", command, text, why);
	conf_node_free(reply);
}

void house_expect_line(struct house *h, const char *line)
{
	if (!strstr(h->lines, line))
		fail_msg("expected a line '%s' in\n%s", line, h->lines);
	h->lines[0] = '\0';
}

void house_expect_list(struct house *h, const char *command, const char *key, const char *want)
{
	struct conf_node *reply = house_call(h, command);
	const struct conf_value *v = conf_node_value(reply, key);
	char got[1024] = "";

	for (size_t i = 0; v && i < v->count; i++) {
		size_t len = strlen(got);

		snprintf(got + len, sizeof(got) - len, "%s%s", i ? " " : "", v->items[i].data);
	}
	assert_string_equal(got, want);
	conf_node_free(reply);
}

void house_put(struct house *h, const char *key, const char *value)
{
	codec_text(&h->message, key, value);
}
