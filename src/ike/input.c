/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/input.h"

#include <stdio.h>

#include "ike/ladder.h"
#include "ike/protect.h"
#include "ike/rows.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/successor.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ike/window.h"
#include "ike/x_informational.h"
#include "ike/x_intermediate.h"
#include "ike/x_sa_init.h"

/* A datagram's way in: header, SA, window, opening, decoding, row, handler. */

struct arrival {
	struct ike *ike;
	struct ike_sa *sa;
	const struct addr *local, *remote;
	struct view datagram;
	bool response;
};

static void log_parsed(struct ike *ike, const struct ike_sa *sa, const struct wire_msg *msg)
{
	struct log_tag tag = {NULL, 0};
	struct wbuf text;

	if (!log_wants(ike->log, LOG_ENC, LOG_CTRL))
		return;
	if (sa)
		tag = sa_tag(sa);
	wbuf_init(&text, 0);
	wire_msg_summary(msg, &text);
	log_print(ike->log, sa ? &tag : NULL, LOG_ENC, LOG_CTRL, "parsed %.*s", (int)text.len,
		  (char *)text.data);
	wbuf_done(&text);
}

int input_load(struct ike_sa *sa, uint8_t first, struct view plain)
{
	struct wire_msg *msg = &sa->ike->msg;

	msg->count = 0;
	msg->has_sa = msg->has_tsi = msg->has_tsr = msg->has_cp = false;
	return wire_msg_decode_inner(first, plain, msg);
}

int input_reload(struct ike_sa *sa, bool inbound)
{
	return inbound ? input_load(sa, sa->in.first, secret_view(&sa->in.plain))
		       : input_load(sa, sa->out.first, secret_view(&sa->out.plain));
}

/* An authentic request that cannot be understood: say so (RFC 7296 sections 2.5 and 2.21.3). */
static void answer_error(struct ike_sa *sa, uint16_t notify, struct view data)
{
	if (notify == N_INVALID_SYNTAX)
		window_refuse(sa, notify, E_MALFORMED, "the peer sent a malformed message");
	else
		window_reply_notify(sa, notify, data);
}

/* ---- opened messages ---- */

static void handle_request(const struct arrival *a, const struct row *row, struct wire_msg *msg)
{
	struct ike_sa *sa = a->sa;
	uint8_t type;

	ladder_reads(sa, msg, false);
	mobike_arrived(sa, false, a->local, a->remote);
	/* The peer uses what its rekey made: it knows that no other SA will be used instead. */
	if (sa->replaces && !x_informational_ends(msg))
		successor_settle(sa->replaces);
	if (!rows_allow_payloads(row, msg, &type)) {
		const char *name = ike_payload_name(type);

		sa_log(sa, LOG_ENC, LOG_CTRL,
		       "%s request is malformed: %s payload missing or not allowed",
		       ike_exchange_name(msg->hdr.exchange), name ? name : "?");
		answer_error(sa, N_INVALID_SYNTAX, (struct view){0});
		return;
	}
	row->request(sa, msg);
}

static void handle_response(const struct arrival *a, const struct row *row, struct wire_msg *msg)
{
	struct ike_sa *sa = a->sa;
	struct task *task = sa->out.task;
	uint8_t type;

	if (!rows_allow_payloads(row, msg, &type))
		sa_log(sa, LOG_ENC, LOG_CTRL, "%s response has an unexpected payload, ignored",
		       ike_exchange_name(msg->hdr.exchange));
	ladder_reads(sa, msg, true);
	sa->out.next++;
	window_forget_request(sa);
	mobike_arrived(sa, true, a->local, a->remote);
	task->kind->response(sa, task, msg);
}

/* All payloads are there in the clear. */
static void handle_plain(const struct arrival *a, const struct row *row, uint8_t first,
			 struct secret *plain)
{
	struct ike_sa *sa = a->sa;
	struct wire_msg *msg = &a->ike->msg;
	struct secret *kept = a->response ? &sa->out.plain : &sa->in.plain;
	int err;

	if (!a->response) {
		sa->in.local = *a->local;
		sa->in.remote = *a->remote;
	}
	secret_move(kept, plain);
	*(a->response ? &sa->out.first : &sa->in.first) = first;
	err = input_reload(sa, !a->response);
	sa->last_in = a->ike->now;
	if (err) {
		counters_add(a->ike, sa->conn, COUNTERS_INVALID);
		sa_log(sa, LOG_ENC, LOG_CTRL, "%s %s %u cannot be decoded: %s",
		       ike_exchange_name(msg->hdr.exchange), a->response ? "response" : "request",
		       msg->hdr.msgid, err_text(err));
		view_alert(sa, "parse-error-body");
		if (a->response)
			sa_destroy(sa, err, "the peer sent a malformed response");
		else if (err == E_CRITICAL)
			answer_error(sa, N_UNSUPPORTED_CRITICAL_PAYLOAD,
				     view_make(&msg->critical_type, 1));
		else
			answer_error(sa, N_INVALID_SYNTAX, (struct view){0});
		return;
	}
	log_parsed(a->ike, sa, msg);
	counters_add_message(a->ike, sa->conn, &msg->hdr, false);
	if (msg->hdr.exchange == IKE_INTERMEDIATE &&
	    x_intermediate_authenticate(sa, false, &msg->hdr, first, secret_view(kept))) {
		sa_destroy(sa, E_CRYPTO, err_text(E_CRYPTO));
		return;
	}
	if (a->response)
		handle_response(a, row, msg);
	else
		handle_request(a, row, msg);
}

/* ---- protected messages ---- */

/* One authentic fragment: gather, and go on when the message is whole. */
static void handle_fragment(const struct arrival *a, const struct row *row, struct secret *part)
{
	struct ike_sa *sa = a->sa;
	const struct wire_msg *msg = &a->ike->msg;
	const struct wire_skf skf = msg->p[msg->count - 1].u.frag.skf;
	struct protect_frags *f = a->response ? &sa->out.frags : &sa->in.frags;
	struct secret whole;
	uint8_t first;
	int rc = protect_frags_add(f, msg, part, a->ike->settings.max_packet, &whole);

	if (rc == E_LIMIT)
		sa_log(sa, LOG_ENC, LOG_CTRL,
		       "fragmented IKE message is larger than %zu bytes (max_packet), dropped",
		       a->ike->settings.max_packet);
	if (rc < 0)
		return;
	if (rc == 0) {
		sa_log(sa, LOG_ENC, LOG_CTRL,
		       "received fragment #%u of %u, waiting for complete IKE message", skf.number,
		       skf.total);
		return;
	}
	sa_log(sa, LOG_ENC, LOG_CTRL,
	       "received fragment #%u of %u, reassembled fragmented IKE message (%zu bytes)",
	       skf.number, skf.total, protect_message_len(sa->seal_in, whole.len));
	first = f->first;
	protect_frags_done(f);
	ladder_is_whole(sa, a->response, protect_message_len(sa->seal_in, whole.len), skf.total);
	if (!a->response)
		sa->in.busy = true;
	handle_plain(a, row, first, &whole);
	secret_done(&whole);
}

static void handle_protected(const struct arrival *a, const struct row *row)
{
	struct ike_sa *sa = a->sa;
	const struct wire_msg *msg = &a->ike->msg;
	const struct wire_payload *last = &msg->p[msg->count - 1];
	struct secret plain;
	unsigned number = last->type == PAYLOAD_SKF ? last->u.frag.skf.number : 1;
	int err = sa->seal_in ? protect_open(sa->seal_in, a->datagram, msg, &plain) : E_STATE;

	if (err) {
		counters_add(a->ike, sa->conn, COUNTERS_INVALID);
		sa_log(sa, LOG_ENC, LOG_CTRL, "%s %s with message ID %u dropped: %s",
		       ike_exchange_name(msg->hdr.exchange), a->response ? "response" : "request",
		       msg->hdr.msgid, err_text(err));
		return;
	}
	if (a->response)
		ladder_comes(sa);
	else
		window_begin(sa, &msg->hdr, a->datagram, number);
	if (last->type == PAYLOAD_SKF) {
		log_parsed(a->ike, sa, msg);
		handle_fragment(a, row, &plain);
	} else {
		if (!a->response)
			sa->in.busy = true;
		ladder_is_whole(sa, a->response, a->datagram.len, 1);
		handle_plain(a, row, last->next, &plain);
	}
	secret_done(&plain);
}

/* IKE_SA_INIT responses are not protected: none alone is a reason to give up. */
static void handle_init_response(const struct arrival *a, const struct row *row)
{
	struct ike_sa *sa = a->sa;

	log_parsed(a->ike, sa, &a->ike->msg);
	counters_add_message(a->ike, sa->conn, &a->ike->msg.hdr, false);
	if (!x_init_i_is_useful(sa, &a->ike->msg))
		return;
	ladder_comes(sa);
	ladder_is_whole(sa, true, a->datagram.len, 1);
	secret_done(&sa->out.plain);
	if (secret_copy(&sa->out.plain, a->datagram) == 0)
		handle_response(a, row, &a->ike->msg);
}

static bool is_protected(const struct wire_msg *msg)
{
	return msg->count > 0 && (msg->p[msg->count - 1].type == PAYLOAD_SK ||
				  msg->p[msg->count - 1].type == PAYLOAD_SKF);
}

static void dispatch(const struct arrival *a)
{
	struct ike_sa *sa = a->sa;
	struct wire_msg *msg = &a->ike->msg;
	const struct row *row = rows_find(msg->hdr.exchange, a->response);
	unsigned fragment = 1;

	if (is_protected(msg) && msg->p[msg->count - 1].type == PAYLOAD_SKF)
		fragment = msg->p[msg->count - 1].u.frag.skf.number;
	if (!a->response) {
		enum window_verdict v = window_judge(sa, &msg->hdr, a->datagram, fragment);

		if (v != WINDOW_NEW)
			ladder_comes_again(sa, &msg->hdr);
		if (v == WINDOW_AGAIN)
			window_reply_again(sa, a->local, a->remote);
		if (v != WINDOW_NEW)
			return;
	}
	if (!row || !rows_allow_sa(row, sa)) {
		sa_log(sa, LOG_ENC, LOG_CTRL, "%s %s is not allowed in state %s, ignored",
		       ike_exchange_name(msg->hdr.exchange), a->response ? "response" : "request",
		       ike_sa_state_name(sa->state));
		return;
	}
	if (a->response && (!sa->out.waiting || msg->hdr.msgid != sa->out.next ||
			    msg->hdr.exchange != sa->out.exchange)) {
		ladder_comes_again(sa, &msg->hdr);
		return; /* the answer to nothing we wait for: a duplicate */
	}
	if (msg->hdr.exchange == IKE_SA_INIT)
		handle_init_response(a, row);
	else if (is_protected(msg))
		handle_protected(a, row);
	else
		sa_log(sa, LOG_ENC, LOG_CTRL, "%s without protection ignored",
		       ike_exchange_name(msg->hdr.exchange));
}

/* ---- datagrams ---- */

static struct ike_sa *find_sa(const struct ike *ike, const struct wire_hdr *hdr)
{
	bool from_initiator = hdr->flags & IKE_FLAG_INITIATOR;
	struct ike_sa *sa = sa_find_spi(ike, from_initiator ? hdr->spi_r : hdr->spi_i);

	if (!sa || sa->initiator == from_initiator)
		return NULL;
	/* The peer's SPI must be right too, once it is known. */
	if (sa->initiator ? sa->spi_r && sa->spi_r != hdr->spi_r : sa->spi_i != hdr->spi_i)
		return NULL;
	return sa;
}

static void refuse_undecodable(const struct arrival *a, int err)
{
	struct wire_msg *msg = &a->ike->msg;
	struct x_sa_init_refusal refusal = {
		.local = a->local, .remote = a->remote, .request = &msg->hdr};

	log_print(a->ike->log, NULL, LOG_ENC, LOG_CTRL, "received message cannot be decoded: %s",
		  err_text(err));
	/* Only requests that could begin something get an answer, and no more than a notify. */
	if (a->response || msg->hdr.exchange != IKE_SA_INIT || msg->hdr.spi_r)
		return;
	if (err == E_UNSUPPORTED)
		refusal.notify = N_INVALID_MAJOR_VERSION;
	else if (err == E_CRITICAL)
		refusal = (struct x_sa_init_refusal){a->local, a->remote, &msg->hdr,
						     N_UNSUPPORTED_CRITICAL_PAYLOAD,
						     view_make(&msg->critical_type, 1)};
	else
		return;
	x_sa_init_refuse(a->ike, &refusal);
}

static void log_received(struct ike *ike, const struct ike_sa *sa, const struct addr *local,
			 const struct addr *remote, size_t len)
{
	struct log_tag tag = {NULL, 0};
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	if (sa)
		tag = sa_tag(sa);
	log_print(ike->log, sa ? &tag : NULL, LOG_NET, LOG_CTRL,
		  "received packet: from %s to %s (%zu bytes)", addr_text_port(remote, from),
		  addr_text_port(local, to), len);
}

void ike_input(struct ike *ike, uint64_t now, const struct addr *local, const struct addr *remote,
	       struct view message)
{
	struct arrival a = {ike, NULL, local, remote, message, false};
	struct wire_msg *msg = &ike->msg;
	struct wire_hdr hdr;
	int err;

	ike->now = now;
	if (wire_hdr_decode(message, &hdr)) {
		log_print(ike->log, NULL, LOG_NET, LOG_DETAIL,
			  "datagram of %zu bytes is no IKE message", message.len);
		view_alert_bare(ike, "parse-error-header");
		return;
	}
	a.response = hdr.flags & IKE_FLAG_RESPONSE;
	a.sa = find_sa(ike, &hdr);
	log_received(ike, a.sa, local, remote, message.len);
	err = wire_msg_decode(message, msg);
	if (err) {
		msg->hdr = hdr;
		counters_add(ike, a.sa ? a.sa->conn : NULL, COUNTERS_INVALID);
		view_alert_bare(ike,
				err == E_UNSUPPORTED ? "parse-error-header" : "parse-error-body");
		refuse_undecodable(&a, err);
	} else if (!a.response && hdr.exchange == IKE_SA_INIT && hdr.spi_r == 0 &&
		   (hdr.flags & IKE_FLAG_INITIATOR)) {
		log_parsed(ike, NULL, msg);
		counters_add_message(ike, NULL, &hdr, false);
		x_sa_init_request(ike, local, remote, message, msg);
	} else if (a.sa) {
		dispatch(&a);
	} else {
		counters_add(ike, NULL, COUNTERS_INVALID_SPI);
		log_print(ike->log, NULL, LOG_NET, LOG_CTRL,
			  "received %s message with unknown SPIs, ignored",
			  ike_exchange_name(hdr.exchange));
		view_alert_bare(ike, "invalid-ike-spi");
	}
}
