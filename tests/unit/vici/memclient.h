/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_VICI_MEMCLIENT_H
#define TESTS_UNIT_VICI_MEMCLIENT_H

#include <stdbool.h>

#include "tests/unit/vici/canned.h"
#include "vici/server.h"

/* The far end of a client of a server in memory: packets in, packets out. */

static inline void memclient_send_bytes(struct server_client *c, enum codec_type type,
					const char *name, struct view message)
{
	struct wbuf w;
	size_t begun;

	wbuf_init(&w, 0);
	begun = codec_packet_begin(&w, type, name);
	wbuf_add(&w, message);
	codec_packet_end(&w, begun);
	server_client_input(c, wbuf_view(&w));
	wbuf_done(&w);
}

static inline void memclient_send_request(struct server_client *c, const char *command,
					  const char *text)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	codec_text(&w, "text", text);
	memclient_send_bytes(c, CODEC_CMD_REQUEST, command, wbuf_view(&w));
	wbuf_done(&w);
}

static inline void memclient_send_register(struct server_client *c, const char *event)
{
	memclient_send_bytes(c, CODEC_EVENT_REGISTER, event, view_str(NULL));
}

/* What a client has been sent, packet by packet. */
struct memclient_received {
	struct wbuf bytes;
	size_t at;
};

static inline struct memclient_received memclient_receive(struct server_client *c)
{
	struct memclient_received r = {.at = 0};
	uint8_t *data;
	size_t len;

	wbuf_init(&r.bytes, SERVER_MAX_ANSWERS * 2);
	assert_int_equal(server_client_take(c, &data, &len), 0);
	if (len) {
		wbuf_bytes(&r.bytes, data, len);
		server_client_sent(c, len);
		free(data);
	}
	return r;
}

static inline bool memclient_next_packet(struct memclient_received *r, struct codec_packet *out)
{
	struct rbuf in;
	struct view v;
	uint32_t len;

	rbuf_init(&in, view_make(r->bytes.data + r->at, r->bytes.len - r->at));
	if (rbuf_u32(&in, &len))
		return false;
	assert_int_equal(rbuf_view(&in, len, &v), 0);
	assert_int_equal(codec_packet_read(v, out), 0);
	r->at += 4 + len;
	return true;
}

/* The next packet has this type, and key = value in its message when key is given. */
static inline void memclient_expect(struct memclient_received *r, enum codec_type type,
				    const char *key, const char *value)
{
	struct codec_packet packet;
	struct conf_node *node;

	assert_true(memclient_next_packet(r, &packet));
	assert_int_equal(packet.type, type);
	assert_int_equal(codec_to_node(packet.message, &node), 0);
	if (key) {
		assert_non_null(conf_node_text(node, key));
		assert_string_equal(conf_node_text(node, key), value);
	}
	conf_node_free(node);
}

static inline void memclient_expect_end(struct memclient_received *r)
{
	struct codec_packet packet;

	assert_false(memclient_next_packet(r, &packet));
	wbuf_done(&r->bytes);
}

#endif
