/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/view.h"
#include "pool/pool.h"

/* ---- initiator ---- */

static void add_attr(struct wire_cp *cp, uint16_t type, struct view value)
{
	if (cp->count < WIRE_MAX_CP_ATTRS)
		cp->attr[cp->count++] = (struct wire_cp_attr){type, value};
}

/* The next address of this family that the SA in whose place this one comes has. */
static void want_again(const struct handshake *hs, size_t *given, struct addr *a)
{
	for (size_t i = 0; i < hs->n_wanted; i++) {
		if (hs->wanted[i].family == a->family && !(*given >> i & 1)) {
			*given |= (size_t)1 << i;
			*a = hs->wanted[i];
			return;
		}
	}
}

bool config_put_request(struct ike_sa *sa, struct wire_writer *w)
{
	const struct strs *vips = &sa->conn->conf->vips;
	struct addr addrs[SA_MAX_VIPS];
	uint8_t v6[17] = {0};
	struct wire_cp cp = {.type = CP_REQUEST};
	bool has4 = false, has6 = false;
	size_t given = 0;

	for (size_t i = 0; i < vips->count && i < SA_MAX_VIPS; i++) {
		struct addr *a = &addrs[i];
		struct view value = {0};

		if (addr_parse(a, vips->items[i]))
			continue;
		if (addr_is_any(a))
			want_again(sa->hs, &given, a);
		if (a->family == AF_INET) {
			has4 = true;
			if (!addr_is_any(a))
				value = addr_view(a);
			add_attr(&cp, CP_INTERNAL_IP4_ADDRESS, value);
		} else {
			has6 = true;
			if (!addr_is_any(a)) {
				memcpy(v6, a->ip, 16);
				v6[16] = 128; /* prefix length (section 3.15.1) */
				value = view_make(v6, sizeof(v6));
			}
			add_attr(&cp, CP_INTERNAL_IP6_ADDRESS, value);
		}
	}
	if (has4)
		add_attr(&cp, CP_INTERNAL_IP4_DNS, (struct view){0});
	if (has6)
		add_attr(&cp, CP_INTERNAL_IP6_DNS, (struct view){0});
	if (cp.count == 0)
		return false;
	wire_put_cp(w, &cp);
	return true;
}

static void take_dns(struct ike_sa *sa, const struct addr *server)
{
	char text[ADDR_TEXT_MAX];

	if (sa->n_dns == SA_MAX_VIPS)
		return;
	sa->dns[sa->n_dns++] = *server;
	sa_log(sa, LOG_IKE, LOG_CTRL, "received DNS server %s", addr_text(server, text));
	if (sa->ike->hooks.dns)
		sa->ike->hooks.dns(sa->ike->hooks.ctx, server, true);
}

static int take_attr(struct ike_sa *sa, const struct wire_cp_attr *attr)
{
	bool v6 = attr->type == CP_INTERNAL_IP6_ADDRESS || attr->type == CP_INTERNAL_IP6_DNS;
	size_t len = v6 ? 16 : 4;
	struct addr a;

	switch (attr->type) {
	case CP_INTERNAL_IP4_ADDRESS:
	case CP_INTERNAL_IP6_ADDRESS:
	case CP_INTERNAL_IP4_DNS:
	case CP_INTERNAL_IP6_DNS:
		break;
	default:
		return 0;
	}
	if (attr->value.len < len || addr_from_bytes(&a, view_make(attr->value.ptr, len), 0) ||
	    addr_is_any(&a))
		return 0;
	if (attr->type == CP_INTERNAL_IP4_ADDRESS || attr->type == CP_INTERNAL_IP6_ADDRESS)
		return sa_add_local_vip(sa, &a);
	take_dns(sa, &a);
	return 0;
}

int config_take_reply(struct ike_sa *sa, const struct wire_msg *msg)
{
	int err = 0;

	if (sa->conn->conf->vips.count == 0)
		return 0;
	for (unsigned i = 0; msg->has_cp && msg->cp.type == CP_REPLY && i < msg->cp.count && !err;
	     i++)
		err = take_attr(sa, &msg->cp.attr[i]);
	if (err) {
		sa_log(sa, LOG_KNL, LOG_CTRL, "installing the virtual IP failed: %s",
		       err_text(err));
		return err;
	}
	if (sa->n_local_vips > 0)
		return 0;
	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "the peer assigned no virtual IP, but 'vips' of '%s' asks for one", sa_name(sa));
	return E_CONFIG;
}

/* ---- responder ---- */

/* Values of the reply must stay until it is encoded: the reply's owner keeps the message, the
 * addresses are in the SA and the pools keep their attributes. IPv6 addresses carry a prefix
 * length. */
static struct view reply_address(struct ike_sa *sa, size_t vip)
{
	static _Thread_local uint8_t v6[SA_MAX_VIPS][17];
	const struct addr *a = &sa->remote_vips[vip];

	if (a->family == AF_INET)
		return addr_view(a);
	memcpy(v6[vip], a->ip, 16);
	v6[vip][16] = 128;
	return view_make(v6[vip], 17);
}

static bool has_remote_vip(const struct ike_sa *sa, const struct addr *vip)
{
	for (size_t i = 0; i < sa->n_remote_vips; i++) {
		if (addr_equal(&sa->remote_vips[i], vip))
			return true;
	}
	return false;
}

/* The lease of SA o that the same peer means when it asks for this one; or for any, after we have
 * sent it away from o. NULL. */
static const struct addr *leased(const struct ike_sa *o, const struct ike_sa *sa,
				 const struct pool_request *req)
{
	bool any = !addr_len(req->wanted.family) || addr_is_any(&req->wanted);

	if (!sa_is_up(o) || !id_equal(&o->remote_id, &sa->remote_id) ||
	    !id_equal(&o->local_id, &sa->local_id) || !addr_equal(&o->remote, &sa->remote) ||
	    (any && !o->redirect.told))
		return NULL;
	for (size_t i = 0; i < o->n_remote_vips; i++) {
		const struct addr *vip = &o->remote_vips[i];

		if (any ? vip->family == req->family && !has_remote_vip(sa, vip)
			: addr_equal(vip, &req->wanted))
			return vip;
	}
	return NULL;
}

/*
 * A peer that reauthenticates, or is redirected to another address of ours, before its old SA goes
 * keeps its address: both have it until then. strongSwan as a redirected client asks for any, and
 * for the traffic selectors that its children had.
 */
static bool share_lease(struct ike_sa *sa, struct pool_request *req)
{
	list_foreach(it, &sa->ike->sas) {
		struct ike_sa *o = list_entry(it, struct ike_sa, link);
		const struct addr *vip = o == sa ? NULL : leased(o, sa, req);

		if (vip) {
			req->wanted = *vip;
			sa->shares_leases = o->shares_leases = true;
			return true;
		}
	}
	return false;
}

static int lease(struct ike_sa *sa, uint8_t family, struct view wanted, const char *who)
{
	struct pool_request req = {&sa->conn->conf->pools, who, family, {0}};
	struct log_tag tag = sa_tag(sa);
	struct log_notes notes = {0};
	char text[ADDR_TEXT_MAX];
	struct addr got;
	int err;

	if (wanted.len >= addr_len(family) &&
	    addr_from_bytes(&req.wanted, view_make(wanted.ptr, addr_len(family)), 0))
		return E_MALFORMED;
	if (addr_len(req.wanted.family) && !addr_is_any(&req.wanted))
		addr_text(&req.wanted, text);
	else
		snprintf(text, sizeof(text), "%s", family == AF_INET ? "%any" : "%any6");
	sa_log(sa, LOG_IKE, LOG_CTRL, "peer requested virtual IP %s", text);
	if (sa->n_remote_vips == SA_MAX_VIPS)
		return E_LIMIT;
	if (share_lease(sa, &req)) {
		sa_log(sa, LOG_CFG, LOG_CTRL, "reassigning online lease to '%s'", who);
		sa_log(sa, LOG_IKE, LOG_CTRL, "assigning virtual IP %s to peer '%s'",
		       addr_text(&req.wanted, text), who);
		return sa_add_remote_vip(sa, &req.wanted);
	}
	err = pool_acquire(sa->ike->pools, &req, &notes, &got);
	log_flush_notes(sa->ike->log, &tag, &notes);
	if (err)
		return err;
	sa_log(sa, LOG_IKE, LOG_CTRL, "assigning virtual IP %s to peer '%s'", addr_text(&got, text),
	       who);
	return sa_add_remote_vip(sa, &got);
}

static void add_pool_attrs(struct ike_sa *sa, struct wire_cp *reply)
{
	const struct ike_settings *s = &sa->ike->settings;

	for (size_t v = 0; v < sa->n_remote_vips; v++) {
		size_t n;
		const struct pool_attr *a = pool_attrs(sa->ike->pools, &sa->remote_vips[v], &n);

		for (size_t i = 0; i < n; i++)
			add_attr(reply, a[i].cp_type, view_make(a[i].value, a[i].len));
	}
	for (size_t i = 0; i < s->n_dns; i++)
		add_attr(reply,
			 s->dns[i].family == AF_INET ? CP_INTERNAL_IP4_DNS : CP_INTERNAL_IP6_DNS,
			 addr_view(&s->dns[i]));
	for (size_t i = 0; i < s->n_nbns; i++)
		add_attr(reply, CP_INTERNAL_IP4_NBNS, addr_view(&s->nbns[i]));
}

int config_answer(struct ike_sa *sa, const struct wire_msg *msg, struct wire_cp *reply)
{
	char *who = sa_peer_text(sa);
	int err = 0;
	bool asked = false;

	*reply = (struct wire_cp){.type = CP_REPLY};
	for (unsigned i = 0; i < msg->cp.count && who; i++) {
		const struct wire_cp_attr *a = &msg->cp.attr[i];
		int e;

		if (a->type != CP_INTERNAL_IP4_ADDRESS && a->type != CP_INTERNAL_IP6_ADDRESS)
			continue;
		asked = true;
		e = lease(sa, a->type == CP_INTERNAL_IP4_ADDRESS ? AF_INET : AF_INET6, a->value,
			  who);
		err = err ? err : e;
	}
	free(who);
	for (size_t v = 0; v < sa->n_remote_vips; v++)
		add_attr(reply,
			 sa->remote_vips[v].family == AF_INET ? CP_INTERNAL_IP4_ADDRESS
							      : CP_INTERNAL_IP6_ADDRESS,
			 reply_address(sa, v));
	/* One family is enough for a client that asked for both. */
	if (asked && sa->n_remote_vips == 0) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "no virtual IP found, sending INTERNAL_ADDRESS_FAILURE: %s ('pools' of "
		       "'%s')",
		       sa->conn->conf->pools.count ? err_text(err) : "no pool is configured",
		       sa_name(sa));
		view_alert(sa, "vip-failure");
		return E_FULL;
	}
	add_pool_attrs(sa, reply);
	return 0;
}
