/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/mobike.h"

#include <string.h>

#include "ike/child.h"
#include "ike/conn.h"
#include "ike/liveness.h"
#include "ike/move.h"
#include "ike/natd.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ike/x_informational.h"

#define PATIENCE_MS 300000 /* of a responder; section 3.11 */
#define COOKIE2_MIN 8	   /* bytes; section 4.2.5 */
#define COOKIE2_MAX 64

struct pair {
	struct addr local, remote;
};

static bool is_up(const struct ike_sa *sa)
{
	return sa->peer_mobike && sa_is_up(sa);
}

static bool is_in(const struct addr *list, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++) {
		if (addr_equal(&list[i], a))
			return true;
	}
	return false;
}

/* ---- the peer's addresses -------------------------------------------------------------------- */

static void add_peer(struct mobike *m, const struct addr *a)
{
	if (m->n_peer < MOBIKE_MAX_PEER && !addr_is_any(a) && !is_in(m->peer, m->n_peer, a))
		m->peer[m->n_peer++] = *a;
}

static bool has_list(const struct wire_msg *msg)
{
	return wire_msg_notify(msg, N_ADDITIONAL_IP4_ADDRESS) ||
	       wire_msg_notify(msg, N_ADDITIONAL_IP6_ADDRESS) ||
	       wire_msg_notify(msg, N_NO_ADDITIONAL_ADDRESSES);
}

/* A list, which came from `header`, replaces the one before. */
static void take_list(struct ike_sa *sa, const struct wire_msg *msg, const struct addr *header)
{
	struct mobike *m = &sa->mobike;
	char text[ADDR_TEXT_MAX];

	m->n_peer = 0;
	if (!addr_equal(header, &sa->remote))
		add_peer(m, header);
	for (const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_NOTIFY); p;
	     p = wire_msg_next(msg, p)) {
		const struct wire_notify *n = &p->u.notify;
		const uint8_t family = n->type == N_ADDITIONAL_IP4_ADDRESS   ? AF_INET
				       : n->type == N_ADDITIONAL_IP6_ADDRESS ? AF_INET6
									     : AF_UNSPEC;
		struct addr a;

		if (family == AF_UNSPEC || n->data.len != addr_len(family) ||
		    addr_from_bytes(&a, n->data, 0) || m->n_peer == MOBIKE_MAX_PEER)
			continue;
		sa_log(sa, LOG_IKE, LOG_CTRL, "got additional MOBIKE peer address: %s",
		       addr_text(&a, text));
		add_peer(m, &a);
	}
}

/* ---- our addresses --------------------------------------------------------------------------- */

/* Beside the one in use. */
static size_t own_additional(const struct ike_sa *sa, struct addr out[PATH_MAX_OWN])
{
	struct addr own[PATH_MAX_OWN];
	size_t n = path_own(sa->ike, own), count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!addr_equal(&own[i], &sa->local) && !is_in(out, count, &own[i]))
			out[count++] = own[i];
	}
	return count;
}

static bool told_all(const struct ike_sa *sa)
{
	const struct mobike *m = &sa->mobike;
	struct addr own[PATH_MAX_OWN];
	size_t n = own_additional(sa, own);

	if (n != m->n_told)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_in(m->told, m->n_told, &own[i]))
			return false;
	}
	return true;
}

static void put_list(struct ike_sa *sa, struct wire_writer *w)
{
	struct mobike *m = &sa->mobike;

	m->n_told = own_additional(sa, m->told);
	for (size_t i = 0; i < m->n_told; i++)
		wire_put_notify(w,
				m->told[i].family == AF_INET ? N_ADDITIONAL_IP4_ADDRESS
							     : N_ADDITIONAL_IP6_ADDRESS,
				addr_view(&m->told[i]));
	if (m->n_told == 0)
		wire_put_notify(w, N_NO_ADDITIONAL_ADDRESSES, (struct view){0});
}

/* ---- NATs that must not be (section 3.9) ----------------------------------------------------- */

static void encode_path(const struct addr *src, const struct addr *dst, struct wbuf *out)
{
	wbuf_add(out, addr_view(src));
	wbuf_add(out, addr_view(dst));
	wbuf_u16(out, src->port);
	wbuf_u16(out, dst->port);
}

/* A peer without NAT traversal takes any translation for an attack. */
static void put_no_nats(struct ike_sa *sa, struct wire_writer *w)
{
	struct wbuf data;

	if (sa->peer_natt)
		return;
	wbuf_init(&data, 0);
	encode_path(&sa->local, &sa->remote, &data);
	if (wbuf_err(&data) == 0)
		wire_put_notify(w, N_NO_NATS_ALLOWED, wbuf_view(&data));
	wbuf_done(&data);
}

bool mobike_nat_forbidden(const struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_NO_NATS_ALLOWED);
	struct wbuf here;
	bool differs;

	if (!n)
		return false;
	wbuf_init(&here, 0);
	encode_path(&sa->in.remote, &sa->in.local, &here);
	differs = wbuf_err(&here) || !view_equal(n->data, wbuf_view(&here));
	wbuf_done(&here);
	if (differs)
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "the peer allows no NAT, but its packets come from another address than "
		       "it sent them from");
	return differs;
}

/* ---- IKE_AUTH -------------------------------------------------------------------------------- */

void mobike_put_supported(struct ike_sa *sa, struct wire_writer *w)
{
	wire_put_notify(w, N_MOBIKE_SUPPORTED, (struct view){0});
	put_list(sa, w);
	if (sa->caller)
		put_no_nats(sa, w);
}

void mobike_take_supported(struct ike_sa *sa, const struct wire_msg *msg)
{
	if (!wire_msg_notify(msg, N_MOBIKE_SUPPORTED))
		return;
	sa_log(sa, LOG_IKE, LOG_CTRL, "peer supports MOBIKE");
	sa->peer_mobike = sa->conn->conf->mobike;
	sa->mobike.verified = sa->remote;
	if (sa->peer_mobike)
		take_list(sa, msg, &sa->remote);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void add_pair(struct pair *list, size_t *n, const struct addr *local,
		     const struct addr *remote)
{
	for (size_t i = 0; i < *n; i++) {
		if (addr_equal(&list[i].local, local) && addr_equal(&list[i].remote, remote))
			return;
	}
	if (*n < MOBIKE_MAX_PAIRS)
		list[(*n)++] = (struct pair){*local, *remote};
}

/* What leads to this address of the peer: the address that routing prefers first. */
static void add_pairs_to(const struct ike_sa *sa, struct addr remote, struct pair *list, size_t *n)
{
	struct addr own[PATH_MAX_OWN], local;
	size_t n_own = path_own(sa->ike, own);

	/* The responder's port is that of before; an initiator's may be its NAT's. */
	remote.port = sa->caller ? sa->remote.port : IKE_PORT_NATT;
	if (addr_equal(&remote, &sa->remote))
		remote.port = sa->remote.port;
	if (path_choose(sa->ike, sa->conn->conf, &remote, &local) == 0) {
		local.port = sa->local.port;
		add_pair(list, n, &local, &remote);
	}
	for (size_t i = 0; i < n_own; i++) {
		own[i].port = sa->local.port;
		if (path_works(sa->ike, &own[i], &remote))
			add_pair(list, n, &own[i], &remote);
	}
}

/* All paths that this host thinks possible, best first. */
static size_t list_pairs(const struct ike_sa *sa, struct pair list[MOBIKE_MAX_PAIRS])
{
	size_t n = 0;

	add_pairs_to(sa, sa->remote, list, &n);
	for (size_t i = 0; i < sa->mobike.n_peer; i++)
		add_pairs_to(sa, sa->mobike.peer[i], list, &n);
	return n;
}

static bool is_current(const struct ike_sa *sa, const struct pair *p)
{
	return addr_equal(&p->local, &sa->local) && addr_equal(&p->remote, &sa->remote);
}

/* Before everything else that waits. */
static void enqueue(struct ike_sa *sa)
{
	struct list *last;

	list_foreach(it, &sa->queue) {
		if (list_entry(it, struct task, link)->kind == &task_mobike)
			return;
	}
	if (task_queue(sa, &task_mobike, NULL, NULL, NULL) || list_empty(&sa->queue))
		return;
	last = sa->queue.prev;
	if (list_entry(last, struct task, link)->kind != &task_mobike)
		return;
	list_remove(last);
	list_append(sa->queue.next, last);
}

static void adopt(struct ike_sa *sa, const struct pair *p)
{
	struct mobike *m = &sa->mobike;

	if (!addr_equal(&sa->remote, &p->remote))
		add_peer(m, &sa->remote);
	m->stranded = false;
	m->update = true;
	m->refusals = 0;
	move_ike(sa, &p->local, &p->remote);
	enqueue(sa);
}

/* Nothing that we can see is wrong with the path in use. */
static void keep(struct ike_sa *sa)
{
	struct mobike *m = &sa->mobike;
	char l[ADDR_TEXT_MAX], r[ADDR_TEXT_MAX];

	if (m->stranded) {
		/* Back, but perhaps behind another NAT. */
		m->stranded = false;
		m->update = sa->caller;
		m->announce = true;
		window_readdress(sa);
		enqueue(sa);
	} else if (!told_all(sa)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "sending address list update using MOBIKE");
		m->announce = true;
		enqueue(sa);
	} else if (sa->ike->settings.check_current_path && sa->caller) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "checking if current path still works using DPD");
		liveness_check(sa);
	} else {
		sa_log(sa, LOG_IKE, LOG_DETAIL, "keeping connection path %s - %s",
		       addr_text(&sa->local, l), addr_text(&sa->remote, r));
	}
}

static void strand(struct ike_sa *sa)
{
	char r[ADDR_TEXT_MAX];

	if (!sa->mobike.stranded)
		sa_log(sa, LOG_IKE, LOG_CTRL, "no route found to reach %s, MOBIKE update deferred",
		       addr_text(&sa->remote, r));
	sa->mobike.stranded = true;
}

static void roam_initiator(struct ike_sa *sa, bool works, const struct pair *best)
{
	const bool same_remote = addr_equal(&best->remote, &sa->remote);

	if (works && (!sa->ike->settings.prefer_best_path || is_current(sa, best))) {
		keep(sa);
		return;
	}
	if (!works)
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "old path is not available anymore, try to find another");
	sa_log(sa, LOG_IKE, LOG_CTRL, "requesting address change using MOBIKE");
	adopt(sa, best);
	/* On the old path ESP is lost for certain; where the peer gets it has not changed. */
	if (!works && same_remote)
		move_children(sa);
}

/* Our source address is gone: the one reason for a responder to move by itself (section 3.5). */
static void roam_responder(struct ike_sa *sa, bool works, const struct pair *best)
{
	/* A link that has just come up is not reported as such for up to a second, while routing
	 * uses it: then there is nowhere else to go. */
	if (works || is_current(sa, best)) {
		keep(sa);
		return;
	}
	sa_log(sa, LOG_IKE, LOG_CTRL, "sending address list update using MOBIKE");
	sa->mobike.stranded = false;
	sa->mobike.announce = true;
	move_ike(sa, &best->local, &best->remote);
	move_children(sa);
	move_finish(sa);
	enqueue(sa);
}

/* Where routing leads is decisive only for an address that routing has chosen. */
static bool path_in_use_works(const struct ike_sa *sa)
{
	if (!sa->caller || path_is_named(sa->conn->conf, &sa->local))
		return path_lasts(sa->ike, &sa->local, &sa->remote);
	return path_works(sa->ike, &sa->local, &sa->remote);
}

static void roam(struct ike_sa *sa)
{
	const bool works = path_in_use_works(sa);
	struct pair pairs[MOBIKE_MAX_PAIRS];

	if (list_pairs(sa, pairs) == 0 && !works)
		strand(sa);
	else if (works && !sa->ike->settings.prefer_best_path)
		keep(sa);
	else if (sa->caller)
		roam_initiator(sa, works, &pairs[0]);
	else
		roam_responder(sa, works, &pairs[0]);
}

void ike_addresses_changed(struct ike *ike, uint64_t now)
{
	ike->now = now;
	list_foreach_safe(it, &ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		if (is_up(sa))
			roam(sa);
	}
}

bool mobike_is_patient(const struct ike_sa *sa)
{
	return !sa->caller && is_up(sa) && sa->out.task && sa->out.task->kind == &task_mobike &&
	       sa->ike->now - sa->mobike.since < PATIENCE_MS;
}

void mobike_probe(struct ike_sa *sa)
{
	struct pair pairs[MOBIKE_MAX_PAIRS];
	char l[ADDR_TEXT_MAX], r[ADDR_TEXT_MAX];
	size_t n;

	/* The responder only where it cannot be found otherwise (section 3.6). */
	if (!is_up(sa) || !(sa->caller || sa->out.task->kind == &task_mobike))
		return;
	n = list_pairs(sa, pairs);
	for (size_t i = 0; i < n; i++) {
		if (is_current(sa, &pairs[i]))
			continue;
		sa_log(sa, LOG_IKE, LOG_CTRL, "checking path %s - %s",
		       addr_text_port(&pairs[i].local, l), addr_text_port(&pairs[i].remote, r));
		window_send_request(sa, &pairs[i].local, &pairs[i].remote);
		sa->mobike.probed = true;
	}
}

/* The answer came by a path that we tried beside the one in use: that one seems to be dead. */
static void take_path(struct ike_sa *sa, const struct addr *local, const struct addr *remote)
{
	struct pair pairs[MOBIKE_MAX_PAIRS];
	size_t n = list_pairs(sa, pairs);

	for (size_t i = 0; i < n; i++) {
		if (is_current(sa, &pairs[i]) || !addr_equal(&pairs[i].local, local) ||
		    !addr_equal_port(&pairs[i].remote, remote))
			continue;
		sa_log(sa, LOG_IKE, LOG_CTRL, "requesting address change using MOBIKE");
		adopt(sa, &pairs[i]);
		return;
	}
}

void mobike_arrived(struct ike_sa *sa, bool response, const struct addr *local,
		    const struct addr *remote)
{
	if (addr_equal_port(&sa->local, local) && addr_equal_port(&sa->remote, remote))
		return;
	if (sa->half_open)
		sa_set_addresses(sa, local, remote); /* it finds its ports */
	else if (response && sa->caller && is_up(sa))
		take_path(sa, local, remote);
	else if (!sa->peer_mobike && !sa->hs && sa->nat_remote && !sa->nat_local)
		move_follow(sa, remote);
}

/* ---- our exchange ---------------------------------------------------------------------------- */

static int start(struct ike_sa *sa, struct task *task)
{
	struct mobike *m = &sa->mobike;
	struct wire_writer w;
	struct wbuf b;
	int err;

	(void)task;
	m->updating = m->update && sa->caller;
	m->since = sa->ike->now;
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	if (m->updating) {
		wire_put_notify(&w, N_UPDATE_SA_ADDRESSES, (struct view){0});
		if (sa->peer_natt)
			natd_put(sa, &sa->local, &sa->remote, &w);
	}
	if (m->updating || m->announce) {
		put_list(sa, &w);
		put_no_nats(sa, &w);
	}
	m->update = m->announce = m->check = m->probed = false;
	ike_random(sa->ike, m->cookie2, sizeof(m->cookie2));
	wire_put_notify(&w, N_COOKIE2, view_make(m->cookie2, sizeof(m->cookie2)));
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

static void remember_seen(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_NAT_DETECTION_DESTINATION_IP);
	struct mobike *m = &sa->mobike;

	m->seen_known = n && n->data.len == MOBIKE_NATD;
	if (m->seen_known)
		memcpy(m->seen, n->data.ptr, MOBIKE_NATD);
}

/* The peer does not take this path: once more, for one packet may have been tampered with, then
 * others, if there are any (sections 3.5 and 3.9). */
static void refused(struct ike_sa *sa, bool by_nat)
{
	struct mobike *m = &sa->mobike;
	struct pair pairs[MOBIKE_MAX_PAIRS];
	const size_t n = list_pairs(sa, pairs);
	unsigned tries = by_nat ? sa->ike->settings.retransmit_tries + 1 : 1;
	unsigned refusals = ++m->refusals;

	sa_log(sa, LOG_IKE, LOG_CTRL, "received %s: the peer does not take this path",
	       by_nat ? "UNEXPECTED_NAT_DETECTED" : "UNACCEPTABLE_ADDRESSES");
	if (refusals < tries) {
		m->update = true;
		enqueue(sa);
		return;
	}
	for (size_t i = refusals - tries; i < n; i++) {
		if (is_current(sa, &pairs[i]))
			continue;
		adopt(sa, &pairs[i]);
		m->refusals = tries + (unsigned)i;
		return;
	}
	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "no path is left to try: the peer sends to where we were before");
}

static void updated(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *error = wire_msg_error(msg);

	if (error &&
	    (error->type == N_UNACCEPTABLE_ADDRESSES || error->type == N_UNEXPECTED_NAT_DETECTED)) {
		refused(sa, error->type == N_UNEXPECTED_NAT_DETECTED);
		return;
	}
	natd_check(sa, msg, &sa->local, &sa->remote);
	remember_seen(sa, msg);
	move_children(sa);
	move_finish(sa);
}

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_notify *cookie2 = wire_msg_notify(msg, N_COOKIE2);
	struct mobike *m = &sa->mobike;

	(void)task;
	if (!cookie2 || !view_equal(cookie2->data, view_make(m->cookie2, sizeof(m->cookie2)))) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "COOKIE2 mismatch, closing IKE_SA");
		x_informational_say_deleted(sa);
		sa_destroy(sa, E_AUTH, "the peer did not return our COOKIE2");
		return;
	}
	/* Who knows which of several copies the peer has followed (sections 3.6 and 3.7)? */
	if (m->updating && m->probed && !m->update) {
		m->update = true;
		enqueue(sa);
	}
	/* After another move the answer is to what is not true any more. */
	if (!m->update) {
		m->verified = sa->remote;
		if (m->updating)
			updated(sa, msg);
	}
	task_finish(sa, 0, NULL);
}

const struct task_kind task_mobike = {"IKE_MOBIKE", IKE_INFORMATIONAL, start, response};

/* ---- the peer's exchanges -------------------------------------------------------------------- */

/* Transport mode has the addresses in its selectors: it cannot move. */
static bool has_transport(const struct ike_sa *sa)
{
	list_foreach(it, &sa->children) {
		const struct child *c = list_entry(it, struct child, link);

		if (c->handle && c->conf->mode == CONF_MODE_TRANSPORT)
			return true;
	}
	return false;
}

static void take_update(struct ike_sa *sa, const struct wire_msg *msg)
{
	move_ike(sa, &sa->in.local, &sa->in.remote);
	natd_check(sa, msg, &sa->local, &sa->remote);
	move_children(sa);
	move_finish(sa);
	/* Who moves to where it cannot receive floods somebody else: seen soon (section 3.7). */
	sa->mobike.check = !addr_equal(&sa->mobike.verified, &sa->remote);
}

static void take_notifies(struct ike_sa *sa, const struct wire_msg *msg, struct wire_writer *w)
{
	const bool update = !sa->caller && wire_msg_notify(msg, N_UPDATE_SA_ADDRESSES);
	const bool list = has_list(msg);

	if ((update || list) && mobike_nat_forbidden(sa, msg)) {
		wire_put_notify(w, N_UNEXPECTED_NAT_DETECTED, (struct view){0});
		return;
	}
	if (update && has_transport(sa)) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "a CHILD_SA in transport mode cannot move, refusing the peer's new "
		       "address");
		wire_put_notify(w, N_UNACCEPTABLE_ADDRESSES, (struct view){0});
		return;
	}
	if (list)
		take_list(sa, msg, &sa->in.remote);
	if (update)
		take_update(sa, msg);
	/* The address in use is not the peer's any more (section 3.5). */
	if (list && sa->caller && !addr_equal(&sa->in.remote, &sa->remote))
		sa->mobike.check = !is_in(sa->mobike.peer, sa->mobike.n_peer, &sa->remote);
}

void mobike_request(struct ike_sa *sa, const struct wire_msg *msg, struct wire_writer *w)
{
	const struct wire_notify *cookie2 = wire_msg_notify(msg, N_COOKIE2);

	if (is_up(sa))
		take_notifies(sa, msg, w);
	if (wire_msg_notify(msg, N_NAT_DETECTION_SOURCE_IP))
		natd_put(sa, &sa->in.local, &sa->in.remote, w);
	if (cookie2 && cookie2->data.len >= COOKIE2_MIN && cookie2->data.len <= COOKIE2_MAX)
		wire_put_notify(w, N_COOKIE2, cookie2->data);
}

void mobike_replied(struct ike_sa *sa)
{
	const struct pair there = {sa->in.local, sa->in.remote};

	if (!sa->mobike.check || !is_up(sa))
		return;
	if (!sa->caller) {
		enqueue(sa);
		return;
	}
	sa->mobike.check = false;
	sa_log(sa, LOG_IKE, LOG_CTRL, "requesting address change using MOBIKE");
	adopt(sa, &there);
}

/* ---- liveness -------------------------------------------------------------------------------- */

static bool watches_mapping(const struct ike_sa *sa)
{
	return sa->caller && is_up(sa) && sa->nat_local && sa->peer_natt;
}

void mobike_put_dpd(struct ike_sa *sa, struct wire_writer *w)
{
	if (watches_mapping(sa))
		natd_put(sa, &sa->local, &sa->remote, w);
}

void mobike_take_dpd(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_NAT_DETECTION_DESTINATION_IP);
	struct mobike *m = &sa->mobike;

	if (!n || !watches_mapping(sa) || m->update ||
	    (m->seen_known && view_equal(n->data, view_make(m->seen, MOBIKE_NATD))))
		return;
	if (m->seen_known)
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "detected changes in NAT mappings, initiating MOBIKE update");
	m->update = true;
	enqueue(sa);
}
