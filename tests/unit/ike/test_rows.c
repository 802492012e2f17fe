/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/handshake.h"
#include "ike/rows.h"
#include "ike/sa.h"
#include "wire/ike.h"

/* The whole table of what may come when, as text: a change to it is to be seen in review. */

static const char golden[] = "IKE_SA_INIT response\n"
			     "  initiator: CONNECTING\n"
			     "  responder: -\n"
			     "  required:\n"
			     "  allowed: SA KE CERTREQ No N V\n"
			     "IKE_AUTH request\n"
			     "  initiator: -\n"
			     "  responder: CONNECTING when key exchanges are done\n"
			     "  required:\n"
			     "  allowed: SA IDi IDr CERT CERTREQ AUTH N V TSi TSr CP EAP\n"
			     "IKE_AUTH response\n"
			     "  initiator: CONNECTING\n"
			     "  responder: -\n"
			     "  required:\n"
			     "  allowed: SA IDr CERT AUTH N V TSi TSr CP EAP\n"
			     "CREATE_CHILD_SA request\n"
			     "  initiator: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  responder: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  required: SA No\n"
			     "  allowed: SA KE N V TSi TSr CP\n"
			     "CREATE_CHILD_SA response\n"
			     "  initiator: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  responder: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  required:\n"
			     "  allowed: SA KE No N V TSi TSr CP\n"
			     "INFORMATIONAL request\n"
			     "  initiator: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  responder: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  required:\n"
			     "  allowed: N D V CP\n"
			     "INFORMATIONAL response\n"
			     "  initiator: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  responder: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  required:\n"
			     "  allowed: N D V CP\n"
			     "IKE_INTERMEDIATE request\n"
			     "  initiator: -\n"
			     "  responder: CONNECTING when one is due\n"
			     "  required: KE\n"
			     "  allowed: N V\n"
			     "IKE_INTERMEDIATE response\n"
			     "  initiator: CONNECTING\n"
			     "  responder: -\n"
			     "  required:\n"
			     "  allowed: KE N V\n"
			     "IKE_FOLLOWUP_KE request\n"
			     "  initiator: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  responder: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  required: KE N\n"
			     "  allowed: N V\n"
			     "IKE_FOLLOWUP_KE response\n"
			     "  initiator: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  responder: ESTABLISHED REKEYING REKEYED DELETING\n"
			     "  required:\n"
			     "  allowed: KE N V\n";

/* Whether the row lets it in while the first of two key exchanges is done, or when both are. */
static bool allowed(const struct row *row, bool initiator, int state, bool all_done)
{
	struct handshake hs = {.addke_done = all_done ? TRANSFORM_ADDKE1 : TRANSFORM_ADDKE1 - 1};
	struct ike_sa *sa = calloc(1, sizeof(*sa));
	bool ok;

	assert_non_null(sa);
	sa->initiator = initiator;
	sa->state = (enum ike_sa_state)state;
	if (state < IKE_S_ESTABLISHED)
		sa->hs = &hs;
	assert_int_equal(proposal_add(&sa->chosen, TRANSFORM_ADDKE1, 36, 0), 0);
	ok = rows_allow_sa(row, sa);
	free(sa);
	return ok;
}

static void put_states(struct wbuf *b, const struct row *row, bool initiator)
{
	bool any = false;

	wbuf_fmt(b, "  %s:", initiator ? "initiator" : "responder");
	for (int s = IKE_S_CREATED; s <= IKE_S_DESTROYING; s++) {
		bool due = allowed(row, initiator, s, false);
		bool all_done = allowed(row, initiator, s, true);

		if (!due && !all_done)
			continue;
		any = true;
		wbuf_fmt(b, " %s", ike_sa_state_name((enum ike_sa_state)s));
		if (due != all_done)
			wbuf_str(b, due ? " when one is due" : " when key exchanges are done");
	}
	wbuf_str(b, any ? "\n" : " -\n");
}

static void put_payloads(struct wbuf *b, const char *what, uint64_t mask)
{
	wbuf_fmt(b, "  %s:", what);
	for (uint8_t type = 0; type < 64; type++) {
		if (type >= 32 && (mask & ROW_PAYLOAD(type)))
			wbuf_fmt(b, " %s", ike_payload_name(type));
	}
	wbuf_str(b, "\n");
}

static void test_table(void **state)
{
	struct wbuf b;

	(void)state;
	wbuf_init(&b, 0);
	for (unsigned exchange = 0; exchange < 256; exchange++) {
		for (int response = 0; response < 2; response++) {
			const struct row *row = rows_find((uint8_t)exchange, response);

			if (!row)
				continue;
			/* Who handles a request is in the row; responses belong to tasks. */
			assert_int_equal(row->request == NULL, response);
			wbuf_fmt(&b, "%s %s\n", ike_exchange_name(row->exchange),
				 response ? "response" : "request");
			put_states(&b, row, true);
			put_states(&b, row, false);
			put_payloads(&b, "required", row->required);
			put_payloads(&b, "allowed", row->allowed);
		}
	}
	wbuf_u8(&b, 0);
	if (strcmp((const char *)b.data, golden) != 0)
		fprintf(stderr, "the table is now:\n%s", (const char *)b.data);
	assert_string_equal((const char *)b.data, golden);
	wbuf_done(&b);
}

/* ---- payloads ---- */

static bool allows(const struct row *row, const uint8_t *types, unsigned n, uint8_t *out_type)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	bool ok;

	assert_non_null(msg);
	msg->count = n;
	for (unsigned i = 0; i < n; i++)
		msg->p[i].type = types[i];
	ok = rows_allow_payloads(row, msg, out_type);
	free(msg);
	return ok;
}

static void test_payloads(void **state)
{
	const struct row *auth = rows_find(IKE_AUTH, false);
	const struct row *further = rows_find(IKE_INTERMEDIATE, false);
	const struct row *info = rows_find(IKE_INFORMATIONAL, false);
	uint8_t type = 0;

	(void)state;
	assert_true(allows(info, NULL, 0, &type));
	assert_true(
		allows(info, (uint8_t[]){PAYLOAD_SK, PAYLOAD_DELETE, PAYLOAD_NOTIFY}, 3, &type));
	assert_false(allows(info, (uint8_t[]){PAYLOAD_SK, PAYLOAD_KE}, 2, &type));
	assert_int_equal(type, PAYLOAD_KE);
	assert_false(allows(further, (uint8_t[]){PAYLOAD_NOTIFY}, 1, &type));
	assert_int_equal(type, PAYLOAD_KE);
	assert_true(allows(auth, (uint8_t[]){PAYLOAD_SKF, PAYLOAD_AUTH, PAYLOAD_IDI}, 3, &type));
	assert_false(allows(auth, (uint8_t[]){PAYLOAD_IDI, PAYLOAD_DELETE}, 2, &type));
	assert_int_equal(type, PAYLOAD_DELETE);
}

/* What has no name is none of the table's business: it is ignored (RFC 7296 section 2.5). */
static void test_unknown_payloads(void **state)
{
	const struct row *info = rows_find(IKE_INFORMATIONAL, false);
	uint8_t out;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		uint8_t one = (uint8_t)type;

		if (!ike_payload_name(one))
			assert_true(allows(info, &one, 1, &out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_unknown_payloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
