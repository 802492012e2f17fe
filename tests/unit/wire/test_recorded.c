/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wire/bytes.h"

#include <stdio.h>

#include "tests/unit/wire/echo.h"

/*
 * Messages of another implementation (tests/vectors/wire/messages.txt, or the file given): each is
 * decoded, described and written again octet by octet, then truncated everywhere and damaged
 * everywhere.
 */

static const char *path = TEST_VECTORS "/wire/messages.txt";

#define RECORDS_MAX 512

static struct record {
	char *name;
	char *summary;
	struct bytes message;
	uint8_t first; /* PAYLOAD_NONE without an inner chain, or with an empty one */
	bool opened;
	struct bytes inner;
} records[RECORDS_MAX];

static size_t n_records;
static struct wire_msg msg;

static void read_line(char *line)
{
	struct record *r = n_records ? &records[n_records - 1] : NULL;
	char *value = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || !value)
		return;
	*value++ = '\0';
	if (strcmp(line, "name") == 0) {
		assert_true(n_records < RECORDS_MAX);
		r = &records[n_records++];
		r->name = strdup(value);
		return;
	}
	assert_non_null(r);
	if (strcmp(line, "summary") == 0) {
		r->summary = strdup(value);
	} else if (strcmp(line, "message") == 0) {
		r->message = bytes_hex(value);
	} else {
		char *hex;

		assert_string_equal(line, "inner");
		r->first = (uint8_t)strtoul(value, &hex, 10);
		r->inner = bytes_hex(hex);
		r->opened = true;
	}
}

static int read_records(void **state)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;

	(void)state;
	if (!f)
		fail_msg("%s cannot be read", path);
	while (getline(&line, &cap, f) > 0)
		read_line(line);
	free(line);
	fclose(f);
	assert_true(n_records >= 6);
	return 0;
}

static int free_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_records; i++) {
		free(records[i].name);
		free(records[i].summary);
		bytes_done(&records[i].message);
		bytes_done(&records[i].inner);
	}
	return 0;
}

static int decode(const struct record *r)
{
	int err = wire_msg_decode(bytes_view(&r->message), &msg);

	if (err == 0 && r->opened)
		err = wire_msg_decode_inner(r->first, bytes_view(&r->inner), &msg);
	return err;
}

static void test_summary(void **state)
{
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	for (size_t i = 0; i < n_records; i++) {
		assert_int_equal(decode(&records[i]), 0);
		wire_msg_summary(&msg, &w);
		assert_text(&w, records[i].summary);
	}
	wbuf_done(&w);
}

static void test_written_again(void **state)
{
	struct wire_writer w;
	struct wbuf buf;

	(void)state;
	wbuf_init(&buf, 0);
	for (size_t i = 0; i < n_records; i++) {
		const struct record *r = &records[i];

		assert_int_equal(wire_msg_decode(bytes_view(&r->message), &msg), 0);
		wire_hdr_encode(&msg.hdr, &buf);
		wire_writer_init(&w, &buf);
		assert_true(echo_payloads(&msg, 0, &w));
		assert_int_equal(w.first, msg.hdr.next);
		assert_view_equal(wbuf_view(&buf), bytes_view(&r->message));
		wbuf_reset(&buf);
		if (!r->opened)
			continue;
		msg.count = 0;
		assert_int_equal(wire_msg_decode_inner(r->first, bytes_view(&r->inner), &msg), 0);
		wire_writer_init(&w, &buf);
		assert_true(echo_payloads(&msg, 0, &w));
		assert_int_equal(w.first, r->first);
		assert_view_equal(wbuf_view(&buf), bytes_view(&r->inner));
		wbuf_reset(&buf);
	}
	wbuf_done(&buf);
}

static void summarize(void)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	wire_msg_summary(&msg, &w);
	assert_int_equal(wbuf_err(&w), 0);
	wbuf_done(&w);
}

static void test_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_records; i++) {
		const struct record *r = &records[i];

		for (size_t len = 0; len < r->message.len; len++) {
			struct bytes cut = bytes_copy(view_make(r->message.data, len));

			assert_int_equal(wire_msg_decode(bytes_view(&cut), &msg), E_SHORT);
			/* Also with a header that fits what is left. */
			if (len >= IKE_HDR_LEN) {
				cut.data[26] = (uint8_t)(len >> 8);
				cut.data[27] = (uint8_t)len;
				assert_int_not_equal(wire_msg_decode(bytes_view(&cut), &msg), 0);
				assert_int_equal(msg.count, 0);
			}
			bytes_done(&cut);
		}
		for (size_t len = 0; len < r->inner.len; len++) {
			struct bytes cut = bytes_copy(view_make(r->inner.data, len));

			msg.count = 0;
			assert_int_equal(wire_msg_decode_inner(r->first, bytes_view(&cut), &msg),
					 E_SHORT);
			assert_int_equal(msg.count, 0);
			bytes_done(&cut);
		}
	}
}

static void test_damaged(void **state)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff};

	(void)state;
	for (size_t i = 0; i < n_records; i++) {
		struct bytes m = bytes_copy(bytes_view(&records[i].message));
		struct bytes in = bytes_copy(bytes_view(&records[i].inner));

		for (size_t at = 0; at < (m.len + in.len) * sizeof(flips); at++) {
			size_t k = at / sizeof(flips);
			uint8_t *byte = k < m.len ? &m.data[k] : &in.data[k - m.len];
			uint8_t flip = flips[at % sizeof(flips)];

			*byte ^= flip;
			if (k >= m.len) {
				msg.count = 0;
				if (wire_msg_decode_inner(records[i].first, bytes_view(&in),
							  &msg) == 0)
					summarize();
				else
					assert_int_equal(msg.count, 0);
			} else if (wire_msg_decode(bytes_view(&m), &msg) == 0) {
				summarize();
			}
			*byte ^= flip;
		}
		bytes_done(&m);
		bytes_done(&in);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_written_again),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),
	};

	if (argc > 1)
		path = argv[1];
	return cmocka_run_group_tests(tests, read_records, free_records);
}
