/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_informational.h"

#include <stdlib.h>

#include "ike/child.h"
#include "ike/collide.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/liveness.h"
#include "ike/natd.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/trap.h"
#include "ike/view.h"
#include "ike/window.h"
#include "ipsec/ipsec.h"

static void log_deleting(struct ike_sa *sa)
{
	char l[ADDR_TEXT_MAX], r[ADDR_TEXT_MAX], lid[256], rid[256];

	sa_log(sa, LOG_IKE, LOG_AUDIT, "deleting IKE_SA %s[%u] between %s[%s]...%s[%s]",
	       sa_name(sa), sa->uid, addr_text(&sa->local, l),
	       sa_id_text(&sa->local_id, lid, sizeof(lid)), addr_text(&sa->remote, r),
	       sa_id_text(&sa->remote_id, rid, sizeof(rid)));
}

static void log_closing(struct child *c)
{
	struct ike_child_info info;
	struct wbuf l, r;

	child_info(c, c->sa->ike->now, &info);
	wbuf_init(&l, 0);
	wbuf_init(&r, 0);
	ts_list_text(&c->ts_local, &l);
	ts_list_text(&c->ts_remote, &r);
	sa_log(c->sa, LOG_IKE, LOG_CTRL,
	       "closing CHILD_SA %s{%u} with SPIs %08x_i (%llu bytes) %08x_o (%llu bytes) and TS "
	       "%.*s === %.*s",
	       c->conf->name, c->uid, c->spi_in, (unsigned long long)info.bytes_in, c->spi_out,
	       (unsigned long long)info.bytes_out, (int)l.len, (char *)l.data, (int)r.len,
	       (char *)r.data);
	wbuf_done(&l);
	wbuf_done(&r);
}

/* ---- responder ---- */

/* close_action: what the peer closes may be wanted here. */
static void close_child(struct child *c)
{
	struct ike_sa *sa = c->sa;
	struct conn *conn = conn_get(c->conn);
	const struct conf_child *conf = c->conf;
	struct child *heir = child_find_heir(c, false);
	bool wanted;

	/* The end of the peer's rekey: it is ready to receive (RFC 7296 section 2.8). */
	if (heir && heir->handle)
		child_take_over(heir);
	wanted = c->up;
	child_close(c);
	if (wanted && (conf->close_action & CONF_ACTION_TRAP))
		trap_again(sa->ike, conn->conf->name, conf->name);
	if (wanted && (conf->close_action & CONF_ACTION_START))
		control_start_child(sa->ike, conn, conf->name);
	conn_put(conn);
}

/* It may be what our request in flight has made there: the answer was overtaken. */
static void remember_gone(struct ike_sa *sa, uint32_t spi)
{
	if (sa->out.task && sa->out.task->keying && sa->out.n_gone < SA_MAX_GONE)
		sa->out.gone[sa->out.n_gone++] = spi;
}

/* The peer deletes children: name our halves in the reply and remove both. */
static void delete_children(struct ike_sa *sa, const struct wire_delete *d, struct wbuf *spis)
{
	struct rbuf r;
	uint32_t spi;

	rbuf_init(&r, d->spis);
	while (rbuf_u32(&r, &spi) == 0) {
		struct child *c = child_find_out(sa, spi);

		if (!c || !c->handle) {
			sa_log(sa, LOG_IKE, LOG_CTRL,
			       "received DELETE for unknown ESP CHILD_SA with SPI %08x", spi);
			remember_gone(sa, spi);
			continue;
		}
		sa_log(sa, LOG_IKE, LOG_CTRL, "received DELETE for ESP CHILD_SA with SPI %08x",
		       spi);
		/* Both delete at once: our own request names our half (section 1.4.1). */
		if (collide_child(c, COLLIDE_DELETE) != COLLIDE_AS_USUAL)
			continue;
		log_closing(c);
		sa_log(sa, LOG_IKE, LOG_CTRL, "sending DELETE for ESP CHILD_SA with SPI %08x",
		       c->spi_in);
		wbuf_u32(spis, c->spi_in);
		close_child(c);
	}
}

bool x_informational_ends(const struct wire_msg *msg)
{
	for (const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_DELETE); p;
	     p = wire_msg_next(msg, p)) {
		if (p->u.del.protocol == PROTO_IKE)
			return true;
	}
	return false;
}

void x_informational_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	char *gateway = NULL;
	bool gone = x_informational_ends(msg) || wire_msg_notify(msg, N_AUTHENTICATION_FAILED);
	struct wire_writer w;
	struct wbuf b, spis;

	wbuf_init(&b, 0);
	wbuf_init(&spis, 0);
	wire_writer_init(&w, &b);
	if (x_informational_ends(msg)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "received DELETE for IKE_SA %s[%u]", sa_name(sa),
		       sa->uid);
		log_deleting(sa);
		sa_log(sa, LOG_IKE, LOG_AUDIT, "IKE_SA deleted");
	} else if (gone) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "received AUTHENTICATION_FAILED notify: the peer does not accept our "
		       "authentication (its log says why)");
		view_alert(sa, "local-auth-failed");
		log_deleting(sa);
	}
	for (const struct wire_payload *p = gone ? NULL : wire_msg_find(msg, PAYLOAD_DELETE); p;
	     p = wire_msg_next(msg, p)) {
		if (p->u.del.protocol == PROTO_ESP && p->u.del.spi_len == 4)
			delete_children(sa, &p->u.del, &spis);
	}
	if (spis.len && wbuf_err(&spis) == 0)
		wire_put_delete(&w, &(struct wire_delete){PROTO_ESP, 4, (uint16_t)(spis.len / 4),
							  wbuf_view(&spis)});
	if (!gone) {
		mobike_request(sa, msg, &w);
		reauth_take_lifetime(sa, msg);
	}
	if (!gone)
		gateway = redirect_read(sa, msg); /* the reply ends the message */
	if (window_reply(sa, &w)) {
		free(gateway);
		sa_destroy(sa, E_NOMEM, "no reply could be made");
	} else if (gone)
		control_peer_closed(sa);
	else if (gateway)
		redirect_follow_up(sa, gateway);
	else
		mobike_replied(sa);
	wbuf_done(&b);
	wbuf_done(&spis);
}

/* ---- deleting a child ---- */

static int start_child_delete(struct ike_sa *sa, struct task *task)
{
	struct child *c = task->child;
	struct wire_writer w;
	struct wbuf b, spi;
	int err;

	wbuf_init(&b, 0);
	wbuf_init(&spi, 0);
	wire_writer_init(&w, &b);
	log_closing(c);
	sa_log(sa, LOG_IKE, LOG_CTRL, "sending DELETE for ESP CHILD_SA with SPI %08x", c->spi_in);
	child_set_state(c, CHILD_S_DELETING);
	child_mute(c);
	wbuf_u32(&spi, c->spi_in);
	wire_put_delete(&w, &(struct wire_delete){PROTO_ESP, 4, 1, wbuf_view(&spi)});
	err = window_request(sa, &w);
	wbuf_done(&b);
	wbuf_done(&spi);
	return err;
}

static void child_deleted(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_payload *d = wire_msg_find(msg, PAYLOAD_DELETE);

	if (d && d->u.del.protocol == PROTO_ESP)
		sa_log(sa, LOG_IKE, LOG_CTRL, "received DELETE for ESP CHILD_SA with SPI %08x",
		       task->child->spi_out);
	child_close(task->child);
	task->child = NULL;
	task_finish(sa, 0, NULL);
}

const struct task_kind task_child_delete = {"CHILD_DELETE", IKE_INFORMATIONAL, start_child_delete,
					    child_deleted};

/* ---- deleting the IKE SA ---- */

void x_informational_say_deleted(struct ike_sa *sa)
{
	struct wire_writer w;
	struct wbuf b;

	log_deleting(sa);
	sa_log(sa, LOG_IKE, LOG_CTRL, "sending DELETE for IKE_SA %s[%u]", sa_name(sa), sa->uid);
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_delete(&w, &(struct wire_delete){.protocol = PROTO_IKE});
	window_send_last(sa, IKE_INFORMATIONAL, &w);
	wbuf_done(&b);
}

static int start_ike_delete(struct ike_sa *sa, struct task *task)
{
	struct wire_writer w;
	struct wbuf b;
	int err;

	(void)task;
	log_deleting(sa);
	sa_log(sa, LOG_IKE, LOG_CTRL, "sending DELETE for IKE_SA %s[%u]", sa_name(sa), sa->uid);
	if (sa->state != IKE_S_REKEYED)
		sa_set_state(sa, IKE_S_DELETING);
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_delete(&w, &(struct wire_delete){.protocol = PROTO_IKE});
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

static void ike_deleted(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	struct reauth_plan *again = reauth_leave(sa, false);

	(void)task;
	(void)msg;
	sa_log(sa, LOG_IKE, LOG_AUDIT, "IKE_SA deleted");
	sa_destroy(sa, 0, NULL);
	reauth_go(again);
}

const struct task_kind task_ike_delete = {"IKE_DELETE", IKE_INFORMATIONAL, start_ike_delete,
					  ike_deleted};
