/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_sa_init.h"

#include <string.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/auth_cert.h"
#include "ike/conn.h"
#include "ike/cookie.h"
#include "ike/handshake.h"
#include "ike/init.h"
#include "ike/job.h"
#include "ike/natd.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"
#include "ike/view.h"
#include "ike/window.h"

/* The responder's side of IKE_SA_INIT. */

#define MAX_CANDIDATES 16

void x_sa_init_refuse(struct ike *ike, const struct x_sa_init_refusal *refusal)
{
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];
	struct wire_hdr hdr = *refusal->request;
	struct wire_writer w;
	struct wbuf b, body;

	hdr.flags = IKE_FLAG_RESPONSE;
	hdr.version = IKE_VERSION;
	wbuf_init(&b, 0);
	wbuf_init(&body, 0);
	wire_writer_init(&w, &body);
	wire_put_notify(&w, refusal->notify, refusal->data);
	hdr.next = w.first;
	hdr.length = (uint32_t)(IKE_HDR_LEN + body.len);
	wire_hdr_encode(&hdr, &b);
	wbuf_add(&b, wbuf_view(&body));
	log_print(ike->log, NULL, LOG_ENC, LOG_CTRL, "generating %s response %u [ N(%s) ]",
		  ike_exchange_name(hdr.exchange), hdr.msgid, ike_notify_short(refusal->notify));
	if (wbuf_err(&b) == 0) {
		log_print(ike->log, NULL, LOG_NET, LOG_CTRL,
			  "sending packet: from %s to %s (%zu bytes)",
			  addr_text_port(refusal->local, from), addr_text_port(refusal->remote, to),
			  b.len);
		ike->hooks.send(ike->hooks.ctx, refusal->local, refusal->remote, wbuf_view(&b));
	}
	wbuf_done(&b);
	wbuf_done(&body);
}

/* ---- the gate ---- */

/* Half-open SAs of this address, counted no further than `max`. */
static unsigned half_open_from(const struct ike *ike, const struct addr *remote, unsigned max)
{
	unsigned n = 0;

	for (struct hash_link *l = hash_find(&ike->half_open, addr_view(remote)); l && n < max;
	     l = hash_find_next(&ike->half_open, l))
		n++;
	return n;
}

static bool cookie_required(struct ike *ike, const struct addr *remote)
{
	const struct ike_settings *s = &ike->settings;

	if (!s->dos_protection)
		return false;
	if ((s->cookie_threshold && ike->n_half_open >= s->cookie_threshold) ||
	    (s->cookie_threshold_ip &&
	     half_open_from(ike, remote, s->cookie_threshold_ip) >= s->cookie_threshold_ip)) {
		ike->cookies.required_until = ike->now + COOKIE_CALM_MS;
		return true;
	}
	return ike->now < ike->cookies.required_until;
}

/* Whether the request may go on: 0; else it was answered or dropped. */
static int pass_cookie(struct ike *ike, const struct addr *local, const struct addr *remote,
		       const struct wire_msg *msg)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_COOKIE);
	struct view ni = wire_msg_find(msg, PAYLOAD_NONCE)->u.data;
	uint8_t cookie[COOKIE_LEN], fresh[32];

	if (!cookie_required(ike, remote))
		return 0;
	if (cookie_needs_secret(&ike->cookies, ike->now)) {
		ike_random(ike, fresh, sizeof(fresh));
		cookie_set_secret(&ike->cookies, fresh, ike->now);
		secret_wipe(fresh, sizeof(fresh));
	}
	if (n && cookie_check(&ike->cookies, n->data, ni, remote, msg->hdr.spi_i))
		return 0;
	if (n)
		log_print(ike->log, NULL, LOG_NET, LOG_CTRL, "found cookie, but content invalid");
	if (cookie_make(&ike->cookies, ni, remote, msg->hdr.spi_i, cookie) == 0)
		x_sa_init_refuse(ike,
				 &(struct x_sa_init_refusal){local, remote, &msg->hdr, N_COOKIE,
							     view_make(cookie, sizeof(cookie))});
	return E_BUSY;
}

static int pass_limits(struct ike *ike, const struct addr *remote)
{
	const struct ike_settings *s = &ike->settings;
	char text[ADDR_TEXT_MAX];

	addr_text(remote, text);
	if (ike->stopping)
		return E_STATE;
	if (s->ikesa_limit && ike->n_sas >= s->ikesa_limit) {
		log_print(ike->log, NULL, LOG_NET, LOG_CTRL,
			  "ignoring IKE_SA setup from %s, ikesa_limit of %u SAs reached", text,
			  s->ikesa_limit);
		return E_FULL;
	}
	if (s->init_limit_half_open && ike->n_half_open >= s->init_limit_half_open) {
		log_print(ike->log, NULL, LOG_NET, LOG_CTRL,
			  "ignoring IKE_SA setup from %s, init_limit_half_open of %u reached", text,
			  s->init_limit_half_open);
		return E_FULL;
	}
	if (s->dos_protection && s->block_threshold &&
	    half_open_from(ike, remote, s->block_threshold) >= s->block_threshold) {
		log_print(ike->log, NULL, LOG_NET, LOG_CTRL,
			  "ignoring IKE_SA setup from %s, peer too aggressive (block_threshold %u)",
			  text, s->block_threshold);
		return E_FULL;
	}
	return 0;
}

/* An SA that this very request made before: the reply may have been lost. */
static bool answer_again(struct ike *ike, const struct addr *remote, struct view datagram,
			 const struct wire_msg *msg)
{
	for (struct hash_link *l = hash_find(&ike->half_open, addr_view(remote)); l;
	     l = hash_find_next(&ike->half_open, l)) {
		struct ike_sa *sa = hash_entry(l, struct ike_sa, by_addr);

		if (sa->spi_i != msg->hdr.spi_i || !addr_equal_port(&sa->remote, remote) ||
		    sa->in.digest != hash_siphash(ike->digest_key, datagram))
			continue;
		ladder_comes_again(sa, &msg->hdr);
		if (!sa->in.busy && window_judge(sa, &msg->hdr, datagram, 1) == WINDOW_AGAIN)
			window_reply_again(sa, &sa->local, &sa->remote);
		return true;
	}
	return false;
}

/* ---- choosing ---- */

/* Connections that these addresses may use, best match first; load order decides between equals. */
static size_t candidates(const struct ike *ike, const struct addr *local, const struct addr *remote,
			 struct conn *out[MAX_CANDIDATES])
{
	unsigned score[MAX_CANDIDATES];
	size_t n = 0;

	list_foreach(it, &ike->conns) {
		struct conn *c = list_entry(it, struct conn, link);
		unsigned m = conn_match_addrs(c, local, remote);
		size_t i = n;

		if (!m || (n == MAX_CANDIDATES && m <= score[n - 1]))
			continue;
		if (n == MAX_CANDIDATES)
			i--;
		else
			n++;
		for (; i > 0 && score[i - 1] < m; i--) {
			score[i] = score[i - 1];
			out[i] = out[i - 1];
		}
		score[i] = m;
		out[i] = c;
	}
	return n;
}

static struct select_params selection(const struct ike_sa *sa, const struct conn *c,
				      const struct wire_msg *msg)
{
	return (struct select_params){
		.configured = c->conf->ike,
		.received = &msg->sa,
		.prefer_configured = sa->ike->settings.prefer_configured_proposals,
		.allow_private = sa->peer_strongswan || sa->ike->settings.accept_private_algs,
		.without_addke = !sa->hs->peer_intermediate,
	};
}

/* Choose a proposal by the best connection that has one in common with the peer. */
static int choose_proposal(struct ike_sa *sa, const struct wire_msg *msg, struct conn **out)
{
	struct conn *found[MAX_CANDIDATES];
	size_t n = candidates(sa->ike, &sa->local, &sa->remote, found);
	char l[ADDR_TEXT_MAX], r[ADDR_TEXT_MAX];
	struct select_params sel;

	if (n == 0) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "no IKE config found for %s...%s, sending NO_PROPOSAL_CHOSEN",
		       addr_text(&sa->local, l), addr_text(&sa->remote, r));
		return E_NOTFOUND;
	}
	for (size_t i = 0; i < n; i++) {
		sel = selection(sa, found[i], msg);
		if (select_proposal(&sel, &sa->chosen) == 0) {
			*out = found[i];
			select_log_chosen(sa, &sa->chosen);
			return 0;
		}
	}
	for (size_t i = 0; i < n; i++) {
		sel = selection(sa, found[i], msg);
		select_log_mismatch(sa, &sel, found[i]->conf->name,
				    found[i]->conf->pq == CONF_PQ_REQUIRE
					    ? "proposals (with pq = require)"
					    : "proposals");
	}
	view_alert(sa, "proposal-mismatch-ike");
	return E_NOPROPOSAL;
}

/* ---- the reply ---- */

static int send_reply(struct ike_sa *sa, const struct job_ke *j)
{
	struct handshake *hs = sa->hs;
	struct proposals *sa_payload =
		&sa->ike->msg.sa; /* free to use: nothing is being looked at */
	struct wire_writer w;
	struct wbuf b;
	int err;

	sa_payload->count = 1;
	sa_payload->p[0] = sa->chosen;
	sa_payload->p[0].spi_len = 0;
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_sa(&w, sa_payload);
	wire_put_ke(&w, j->alg->id, wbuf_view(&j->data));
	wire_put_nonce(&w, secret_view(&hs->nr));
	init_put_natd(sa, &w);
	auth_cert_put_requests(sa, NULL, &w);
	if (hs->announce_fragments)
		wire_put_notify(&w, N_FRAGMENTATION_SUPPORTED, (struct view){0});
	if (sa->peer_hashes)
		init_put_hashes(sa, &w);
	if (!hs->refuses_childless)
		wire_put_notify(&w, N_CHILDLESS_IKEV2_SUPPORTED, (struct view){0});
	ppk_answer_use(sa, &w);
	if (hs->peer_intermediate)
		wire_put_notify(&w, N_INTERMEDIATE_EXCHANGE_SUPPORTED, (struct view){0});
	if (sa->ike->settings.multiple_authentication)
		wire_put_notify(&w, N_MULTIPLE_AUTH_SUPPORTED, (struct view){0});
	init_put_vendor(sa, &w);
	err = window_reply(sa, &w);
	if (err == 0)
		err = secret_copy(&hs->msg_r, secret_view(&sa->in.reply.packets.items[0]));
	wbuf_done(&b);
	return err;
}

static void on_half_open_timeout(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, expire);

	sa_log(sa, LOG_JOB, LOG_CTRL,
	       "deleting half open IKE_SA with %s after timeout (half_open_timeout)",
	       addr_text(&sa->remote, (char[ADDR_TEXT_MAX]){0}));
	view_alert(sa, "half-open-timeout");
	sa_destroy(sa, E_TIMEOUT, "half-open IKE_SA timed out");
}

static void on_answered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	int err = base->err;

	if (err == 0)
		err = init_derive_keys(sa, secret_view(&j->shared));
	if (err == 0)
		err = send_reply(sa, j);
	if (err) {
		struct wire_hdr hdr = {.spi_i = sa->spi_i, .exchange = IKE_SA_INIT};

		sa_log(sa, LOG_IKE, LOG_CTRL, "key exchange with the peer's %s value failed: %s",
		       j->alg->name, err_text(err));
		x_sa_init_refuse(sa->ike,
				 &(struct x_sa_init_refusal){
					 .local = &sa->local,
					 .remote = &sa->remote,
					 .request = &hdr,
					 .notify = err == E_MALFORMED ? N_INVALID_SYNTAX
								      : N_NO_PROPOSAL_CHOSEN,
				 });
		sa_destroy(sa, err, "key exchange failed");
		return;
	}
	/* From now on the initiator has to show that it knows the keys. */
	sa->expire.fire = on_half_open_timeout;
	timer_start(sa->ike, &sa->expire, sa->ike->settings.half_open_timeout_ms);
}

/* Decide on a request that passed the gate; an error is the notify to refuse it with. */
static uint16_t accept_request(struct ike_sa *sa, struct view datagram, const struct wire_msg *msg,
			       struct view *out_data, uint8_t group[2])
{
	const struct wire_ke *ke = &wire_msg_find(msg, PAYLOAD_KE)->u.ke;
	const struct transform *t;
	const struct alg *alg;
	struct job_ke *job;
	struct conn *conn;
	uint8_t nonce[SA_NONCE_LEN];
	char asked[32];

	init_take_notifies(sa, msg);
	if (choose_proposal(sa, msg, &conn))
		return N_NO_PROPOSAL_CHOSEN;
	init_take_fragmentation(sa, msg, conn->conf);
	sa->hs->refuses_childless = conn->conf->childless == CONF_CHILDLESS_NEVER;
	t = proposal_find(&sa->chosen, TRANSFORM_KE);
	alg = alg_find(TRANSFORM_KE, t->id);
	if (ke->method != t->id) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "key exchange method %s unacceptable, requesting %s",
		       alg_name(TRANSFORM_KE, ke->method, asked), alg->name);
		group[0] = (uint8_t)(t->id >> 8);
		group[1] = (uint8_t)t->id;
		*out_data = view_make(group, 2);
		return N_INVALID_KE_PAYLOAD;
	}
	natd_check(sa, msg, &sa->local, &sa->remote);
	ike_random(sa->ike, nonce, sizeof(nonce));
	job = job_ke_new(JOB_KE_ANSWER, alg, ke->data, NULL, on_answered);
	if (!job || secret_copy(&sa->hs->nr, view_make(nonce, sizeof(nonce))) ||
	    secret_copy(&sa->hs->ni, wire_msg_find(msg, PAYLOAD_NONCE)->u.data) ||
	    secret_copy(&sa->hs->msg_i, datagram)) {
		if (job)
			job->base.dispose(&job->base);
		return N_NO_PROPOSAL_CHOSEN;
	}
	init_set_algs(sa);
	job_submit(sa, &job->base, true);
	return 0;
}

static bool is_sound(struct ike *ike, const struct wire_msg *msg)
{
	const struct wire_payload *nonce = wire_msg_find(msg, PAYLOAD_NONCE);

	if (msg->has_sa && nonce && wire_msg_find(msg, PAYLOAD_KE) &&
	    nonce->u.data.len >= IKE_NONCE_MIN && nonce->u.data.len <= IKE_NONCE_MAX &&
	    msg->hdr.spi_i != 0 && msg->hdr.msgid == 0)
		return true;
	log_print(ike->log, NULL, LOG_ENC, LOG_CTRL,
		  "IKE_SA_INIT request lacks SA, KE or Nonce, or they are malformed");
	return false;
}

void x_sa_init_request(struct ike *ike, const struct addr *local, const struct addr *remote,
		       struct view datagram, const struct wire_msg *msg)
{
	char text[ADDR_TEXT_MAX];
	struct ike_sa *sa;
	struct view data = {0};
	uint8_t group[2];
	uint16_t notify;

	if (ike->settings.initiator_only) {
		log_print(ike->log, NULL, LOG_IKE, LOG_CTRL,
			  "ignoring IKE_SA setup from %s: charon.initiator_only = yes",
			  addr_text(remote, text));
		return;
	}
	if (!is_sound(ike, msg)) {
		x_sa_init_refuse(ike, &(struct x_sa_init_refusal){local, remote, &msg->hdr,
								  N_INVALID_SYNTAX, data});
		return;
	}
	if (answer_again(ike, remote, datagram, msg) || pass_cookie(ike, local, remote, msg) ||
	    pass_limits(ike, remote) || redirect_refuse_init(ike, local, remote, msg) ||
	    sa_new(ike, false, &sa))
		return;
	sa->spi_i = msg->hdr.spi_i;
	sa->local = sa->in.local = *local;
	sa->remote = sa->in.remote = *remote;
	sa_set_state(sa, IKE_S_CONNECTING);
	window_begin(sa, &msg->hdr, datagram, 1);
	ladder_is_whole(sa, false, datagram.len, 1);
	ladder_reads(sa, msg, false);
	sa->in.busy = true;
	sa_set_half_open(sa, true);
	sa_log(sa, LOG_IKE, LOG_AUDIT, "%s is initiating an IKE_SA", addr_text(remote, text));
	notify = accept_request(sa, datagram, msg, &data, group);
	if (notify) {
		x_sa_init_refuse(
			ike, &(struct x_sa_init_refusal){local, remote, &msg->hdr, notify, data});
		sa_destroy(sa, E_NOPROPOSAL, "request refused");
	}
}
