/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/window.h"

#include <math.h>
#include <stdlib.h>

#include "ike/conn.h"
#include "ike/control.h"
#include "ike/ladder.h"
#include "ike/protect.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/target.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ike/x_intermediate.h"

#define MAX_WHOLE 1452 /* of a datagram that fits an Ethernet frame, with IPv6 and UDP headers */

/* IP and UDP headers and the non-ESP marker: a fragment's IKE part is smaller by these. */
static size_t max_datagram(const struct ike_sa *sa)
{
	bool v6 = sa->remote.family == AF_INET6;
	unsigned size =
		v6 ? sa->ike->settings.fragment_size_v6 : sa->ike->settings.fragment_size_v4;
	size_t overhead = (v6 ? 40u : 20u) + 8u + IKE_NON_ESP_MARKER;

	/* Minimum every host takes (RFC 7383 section 2.5.1): 1280 for IPv6, 576 for IPv4. */
	if (size < (v6 ? 1280u : 576u))
		size = v6 ? 1280 : 576;
	return size - overhead;
}

/* Log and send all packets of a message. */
static void send_packets(struct ike_sa *sa, const struct protect_packets *packets,
			 const struct addr *local, const struct addr *remote)
{
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	for (size_t i = 0; i < packets->count; i++) {
		struct view v = secret_view(&packets->items[i]);

		sa_log(sa, LOG_NET, LOG_CTRL, "sending packet: from %s to %s (%zu bytes)",
		       addr_text_port(local, from), addr_text_port(remote, to), v.len);
		sa->ike->hooks.send(sa->ike->hooks.ctx, local, remote, v);
	}
}

void window_send_request(struct ike_sa *sa, const struct addr *local, const struct addr *remote)
{
	ladder_sends(sa, sa->out.request.packets.count);
	send_packets(sa, &sa->out.request.packets, local, remote);
}

static void send_reply(struct ike_sa *sa, const struct addr *local, const struct addr *remote)
{
	ladder_sends_reply(sa, sa->in.reply.packets.count);
	send_packets(sa, &sa->in.reply.packets, local, remote);
}

/* The line that says what a message consists of; the message is decoded to see. */
static void log_generated(struct ike_sa *sa, const struct wire_hdr *hdr, uint8_t first,
			  struct view plain)
{
	struct wire_msg *msg;
	struct wbuf text;

	if (!log_wants(sa->ike->log, LOG_ENC, LOG_CTRL))
		return;
	msg = calloc(1, sizeof(*msg));
	if (!msg)
		return;
	wbuf_init(&text, 0);
	msg->hdr = *hdr;
	if (wire_msg_decode_inner(first, plain, msg) == 0) {
		wire_msg_summary(msg, &text);
		sa_log(sa, LOG_ENC, LOG_CTRL, "generating %.*s", (int)text.len, (char *)text.data);
	}
	wbuf_done(&text);
	free(msg);
}

static void log_fragments(struct ike_sa *sa, const struct wire_hdr *hdr, size_t total, size_t len)
{
	if (total < 2)
		return;
	sa_log(sa, LOG_ENC, LOG_CTRL, "splitting IKE message (%zu bytes) into %zu fragments", len,
	       total);
	for (size_t i = 1; i <= total; i++)
		sa_log(sa, LOG_ENC, LOG_CTRL, "generating %s %s %u [ EF(%zu/%zu) ]",
		       ike_exchange_name(hdr->exchange),
		       hdr->flags & IKE_FLAG_RESPONSE ? "response" : "request", hdr->msgid, i,
		       total);
}

static void random_bytes(void *ctx, void *out, size_t len)
{
	ike_random(ctx, out, len);
}

/* Unprotected: IKE_SA_INIT only. */
static int encode_plain(struct wire_hdr *hdr, uint8_t first, struct view plain,
			struct protect_packets *out)
{
	struct wbuf b;
	int err;

	*out = (struct protect_packets){0};
	wbuf_init(&b, 0);
	hdr->next = first;
	hdr->length = (uint32_t)(IKE_HDR_LEN + plain.len);
	wire_hdr_encode(hdr, &b);
	wbuf_add(&b, plain);
	err = wbuf_err(&b);
	if (err == 0)
		err = protect_packets_add(out, wbuf_view(&b));
	wbuf_done(&b);
	return err;
}

/* Encode (and protect, but for IKE_SA_INIT) one message into datagrams, with its log lines. */
static int encode(struct ike_sa *sa, struct wire_hdr *hdr, const struct wire_writer *payloads,
		  struct protect_packets *out)
{
	struct view plain = {0};
	uint8_t first = PAYLOAD_NONE;
	int err;

	if (payloads) {
		err = wbuf_err(payloads->buf);
		if (err)
			return err;
		plain = wbuf_view(payloads->buf);
		first = payloads->first;
	}
	log_generated(sa, hdr, first, plain);
	counters_add_message(sa->ike, sa->conn, hdr, true);
	if (hdr->exchange == IKE_INTERMEDIATE) {
		err = x_intermediate_authenticate(sa, true, hdr, first, plain);
		if (err)
			return err;
	}
	if (hdr->exchange == IKE_SA_INIT)
		return encode_plain(hdr, first, plain, out);
	err = protect_seal(
		&(struct protect_seal_params){
			.seal = sa->seal_out,
			.hdr = hdr,
			.first = first,
			.plain = plain,
			.max_datagram = sa->peer_fragments ? max_datagram(sa) : 0,
			.iv_counter = &sa->iv_counter,
			.random = random_bytes,
			.ctx = sa->ike,
		},
		out);
	if (err == 0)
		log_fragments(sa, hdr, out->count, protect_message_len(sa->seal_out, plain.len));
	return err;
}

static struct wire_hdr header(const struct ike_sa *sa, uint8_t exchange, uint32_t msgid,
			      bool response)
{
	return (struct wire_hdr){
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.version = IKE_VERSION,
		.exchange = exchange,
		.flags = (uint8_t)((sa->initiator ? IKE_FLAG_INITIATOR : 0) |
				   (response ? IKE_FLAG_RESPONSE : 0)),
		.msgid = msgid,
	};
}

/* Bytes of a message of ours as if it were not fragmented. */
static size_t message_len(const struct ike_sa *sa, const struct wire_writer *payloads,
			  const struct protect_packets *packets)
{
	return packets->count == 1 ? packets->items[0].len
				   : protect_message_len(sa->seal_out, payloads->buf->len);
}

static uint64_t retransmit_delay(const struct ike_sa *sa)
{
	const struct ike_settings *s = &sa->ike->settings;
	double ms = (double)s->retransmit_timeout_ms * pow(s->retransmit_base, sa->out.tries);

	if (s->retransmit_limit_ms && ms > (double)s->retransmit_limit_ms)
		ms = (double)s->retransmit_limit_ms;
	if (s->retransmit_jitter) {
		uint32_t r;

		ike_random(sa->ike, &r, sizeof(r));
		ms -= ms * (double)(r % (s->retransmit_jitter + 1)) / 100;
	}
	return (uint64_t)ms;
}

/* IKE cannot split IKE_SA_INIT (RFC 7383 section 2.3), and a large first KE makes it large. */
static void warn_of_size(const struct ike_sa *sa)
{
	size_t len = sa->out.request.packets.count ? sa->out.request.packets.items[0].len : 0;

	if (sa->out.exchange != IKE_SA_INIT || len <= MAX_WHOLE)
		return;
	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "the IKE_SA_INIT request of %zu bytes went in IP fragments, which not every network "
	       "lets through: put a small key exchange like x25519 first in 'proposals' of %s, and "
	       "this one after it, as ke1_",
	       len, sa->conn->conf->name);
}

static void give_up(struct ike_sa *sa)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "giving up after %u retransmits", sa->out.tries);
	warn_of_size(sa);
	view_alert(sa, "retransmit-send-timeout");
	control_peer_silent(sa);
}

/* Of several addresses of a peer that we call, one that does not answer is not waited for long. */
static unsigned max_tries(const struct ike_sa *sa)
{
	unsigned tries = sa->ike->settings.retransmit_tries;

	if (sa->out.exchange == IKE_SA_INIT && target_left(sa) && tries > TARGET_TRIES)
		return TARGET_TRIES;
	return tries;
}

static void retransmit(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, out.retransmit);

	if (sa->mobike.stranded) {
		timer_start(sa->ike, t, retransmit_delay(sa));
		return;
	}
	if (sa->out.tries < max_tries(sa)) {
		sa->out.tries++;
	} else if (!mobike_is_patient(sa)) {
		give_up(sa);
		return;
	}
	sa_log(sa, LOG_IKE, LOG_CTRL, "retransmit %u of request with message ID %u", sa->out.tries,
	       sa->out.next);
	window_send_request(sa, &sa->out.request.local, &sa->out.request.remote);
	mobike_probe(sa);
	timer_start(sa->ike, t, retransmit_delay(sa));
}

int window_request(struct ike_sa *sa, const struct wire_writer *payloads)
{
	uint8_t exchange = sa->out.task->kind->exchange;
	struct wire_hdr hdr = header(sa, exchange, sa->out.next, false);
	struct protect_packets packets;
	int err = encode(sa, &hdr, payloads, &packets);

	if (err)
		return err;
	protect_packets_done(&sa->out.request.packets);
	sa->out.request = (struct sa_sent){packets, sa->local, sa->remote};
	sa->out.exchange = exchange;
	sa->out.waiting = true;
	sa->out.n_gone = 0;
	sa->out.tries = 0;
	sa->out.retransmit.fire = retransmit;
	ladder_asks(sa, exchange, message_len(sa, payloads, &packets), packets.count);
	window_send_request(sa, &sa->local, &sa->remote);
	timer_start(sa->ike, &sa->out.retransmit, retransmit_delay(sa));
	return 0;
}

void window_readdress(struct ike_sa *sa)
{
	if (!sa->out.waiting)
		return;
	sa->out.request.local = sa->local;
	sa->out.request.remote = sa->remote;
	sa->out.tries = 0;
	window_send_request(sa, &sa->local, &sa->remote);
	timer_start(sa->ike, &sa->out.retransmit, retransmit_delay(sa));
}

void window_forget_request(struct ike_sa *sa)
{
	timer_stop(sa->ike, &sa->out.retransmit);
	protect_packets_done(&sa->out.request.packets);
	protect_frags_done(&sa->out.frags);
	sa->out.waiting = false;
}

int window_reply(struct ike_sa *sa, const struct wire_writer *payloads)
{
	struct wire_hdr hdr = header(sa, sa->in.exchange, sa->in.expected, true);
	struct protect_packets packets;
	int err = encode(sa, &hdr, payloads, &packets);

	sa->in.busy = false;
	secret_done(&sa->in.plain);
	protect_frags_done(&sa->in.frags);
	if (err)
		return err;
	protect_packets_done(&sa->in.reply.packets);
	sa->in.reply = (struct sa_sent){packets, sa->in.local, sa->in.remote};
	sa->in.expected++;
	ladder_replies(sa, message_len(sa, payloads, &packets), packets.count);
	send_reply(sa, &sa->in.local, &sa->in.remote);
	return 0;
}

static int reply_one(struct ike_sa *sa, uint16_t notify, struct view data)
{
	struct wire_writer w;
	struct wbuf b;
	int err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_notify(&w, notify, data);
	err = window_reply(sa, &w);
	wbuf_done(&b);
	return err;
}

void window_reply_notify(struct ike_sa *sa, uint16_t notify, struct view data)
{
	if (reply_one(sa, notify, data))
		sa_destroy(sa, E_NOMEM, "no reply could be made");
}

void window_refuse(struct ike_sa *sa, uint16_t notify, int err, const char *message)
{
	if (reply_one(sa, notify, (struct view){0}))
		sa_destroy(sa, err, message);
	else
		sa_close(sa, err, message);
}

void window_send_last(struct ike_sa *sa, uint8_t exchange, const struct wire_writer *payloads)
{
	struct wire_hdr hdr = header(sa, exchange, sa->out.next + (sa->out.waiting ? 1 : 0), false);
	struct protect_packets packets;

	if (!sa->seal_out || encode(sa, &hdr, payloads, &packets))
		return;
	/* The peer takes this one only after the one in flight, which may have been lost. */
	if (sa->out.waiting)
		window_send_request(sa, &sa->out.request.local, &sa->out.request.remote);
	send_packets(sa, &packets, &sa->local, &sa->remote);
	protect_packets_done(&packets);
}

void window_reply_again(struct ike_sa *sa, const struct addr *local, const struct addr *remote)
{
	const struct sa_sent *r = &sa->in.reply;
	bool back = sa->peer_mobike && sa->in.exchange != IKE_AUTH;

	send_reply(sa, back ? local : &r->local, back ? remote : &r->remote);
}

static uint64_t digest_of(const struct ike_sa *sa, struct view datagram)
{
	return hash_siphash(sa->ike->digest_key, datagram);
}

enum window_verdict window_judge(struct ike_sa *sa, const struct wire_hdr *hdr,
				 struct view datagram, unsigned fragment)
{
	if (hdr->msgid == sa->in.expected)
		return sa->in.busy ? WINDOW_IGNORE : WINDOW_NEW;
	if (hdr->msgid + 1 == sa->in.expected && sa->in.reply.packets.count) {
		/* Only the same bytes again earn an answer, and of a fragmented request only the
		 * first one (RFC 7383 section 2.6.1): no amplifier for strangers. */
		if (fragment != 1 || digest_of(sa, datagram) != sa->in.digest)
			return WINDOW_IGNORE;
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "received retransmit of request with ID %u, retransmitting response",
		       hdr->msgid);
		return WINDOW_AGAIN;
	}
	sa_log(sa, LOG_IKE, LOG_CTRL, "received message ID %u, expected %u, ignored", hdr->msgid,
	       sa->in.expected);
	return WINDOW_IGNORE;
}

void window_begin(struct ike_sa *sa, const struct wire_hdr *hdr, struct view datagram,
		  unsigned fragment)
{
	if (fragment == 1)
		sa->in.digest = digest_of(sa, datagram);
	sa->in.exchange = hdr->exchange;
	ladder_is_asked(sa, hdr);
}
