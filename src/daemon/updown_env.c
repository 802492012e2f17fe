/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/updown_env.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"
#include "conf/conn.h"
#include "ike/report.h"
#include "wire/ts.h"

struct list {
	struct strs *out;
	int err;
};

static void put(struct list *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct list *l, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	if (l->err)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	l->err = n < 0 ? E_NOMEM : strs_add(l->out, text);
	if (n >= 0)
		free(text);
}

/* Many a script forgets its quotation marks, or evals. */
static void put_id(struct list *l, const char *name, const char *id)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   " .,:@_-+/=%";
	char *text = id ? strdup(id) : NULL;

	if (!id)
		return;
	if (!text) {
		l->err = E_NOMEM;
		return;
	}
	for (char *c = text; *c; c++) {
		if (!strchr(safe, *c))
			*c = '_';
	}
	put(l, "PLUTO_%s=%s", name, text);
	free(text);
}

static void put_addr(struct list *l, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	put(l, "PLUTO_%s=%s", name, addr_text(a, text));
}

/* NAME of the first, and one for each with its number among those of its family. */
static void put_numbered(struct list *l, const char *name, bool first, size_t n,
			 const struct addr *addrs)
{
	unsigned numbers[2] = {0, 0};
	char numbered[64];

	if (first && n > 0)
		put_addr(l, name, &addrs[0]);
	for (size_t i = 0; i < n; i++) {
		bool six = addrs[i].family == AF_INET6;

		snprintf(numbered, sizeof(numbered), "%s%d_%u", name, six ? 6 : 4, ++numbers[six]);
		put_addr(l, numbered, &addrs[i]);
	}
}

/* The smallest subnet that has the whole range. */
static void put_client(struct list *l, const char *side, const struct ts *ts)
{
	const size_t len = addr_len(ts->range.family);
	struct addr net = {.family = ts->range.family};
	char text[ADDR_TEXT_MAX];
	unsigned bits = 0;

	while (bits < len * 8 &&
	       !((ts->range.first[bits / 8] ^ ts->range.last[bits / 8]) >> (7 - bits % 8) & 1))
		bits++;
	for (unsigned i = 0; i < bits; i++)
		net.ip[i / 8] |= ts->range.first[i / 8] & (uint8_t)(0x80u >> i % 8);
	put(l, "PLUTO_%s_CLIENT=%s/%u", side, addr_text(&net, text), bits);
}

/* The first port; of ICMP our variable has the type and the peer's the code. */
static void put_ports(struct list *l, const struct updown_env *e)
{
	uint8_t protocol = e->local->protocol ? e->local->protocol : e->remote->protocol;
	bool icmp = protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
	uint16_t mine = e->local->port_first, theirs = e->remote->port_first;

	if (icmp) {
		uint16_t both = mine ? mine : theirs;

		mine = both >> 8;
		theirs = both & 0xff;
	}
	put(l, "PLUTO_MY_PORT=%u", mine);
	put(l, "PLUTO_PEER_PORT=%u", theirs);
	put(l, "PLUTO_MY_PROTOCOL=%u", e->local->protocol);
	put(l, "PLUTO_PEER_PROTOCOL=%u", e->remote->protocol);
}

static const char *verb(const struct updown_env *e, char buf[32])
{
	const struct addr_range own = ts_from_addr(&e->sa->local).range;
	bool host = addr_range_contains(&own, &e->local->range);

	snprintf(buf, 32, "%s-%s%s", e->up ? "up" : "down", host ? "host" : "client",
		 e->local->range.family == AF_INET6 ? "-v6" : "");
	return buf;
}

static void put_labels(struct list *l, const struct ike_child_info *c)
{
	if (c->mark_in_mask)
		put(l, "PLUTO_MARK_IN=%u/0x%08x", c->mark_in, c->mark_in_mask);
	if (c->mark_out_mask)
		put(l, "PLUTO_MARK_OUT=%u/0x%08x", c->mark_out, c->mark_out_mask);
	if (c->if_id_in)
		put(l, "PLUTO_IF_ID_IN=%u", c->if_id_in);
	if (c->if_id_out)
		put(l, "PLUTO_IF_ID_OUT=%u", c->if_id_out);
}

int updown_env_add(const struct updown_env *e, struct strs *out)
{
	const struct ike_sa_info *sa = e->sa;
	struct list l = {.out = out};
	char text[32];

	put(&l, "PLUTO_VERSION=1.1");
	put(&l, "PLUTO_VERB=%s", verb(e, text));
	put_id(&l, "CONNECTION", e->child->name);
	if (e->interface)
		put(&l, "PLUTO_INTERFACE=%s", e->interface);
	put(&l, "PLUTO_REQID=%u", e->child->reqid);
	put(&l, "PLUTO_PROTO=esp");
	put(&l, "PLUTO_UNIQUEID=%u", sa->uid);
	put_addr(&l, "ME", &sa->local);
	put_id(&l, "MY_ID", sa->local_id);
	put_client(&l, "MY", e->local);
	put_addr(&l, "PEER", &sa->remote);
	put_id(&l, "PEER_ID", sa->remote_id);
	put_client(&l, "PEER", e->remote);
	put_ports(&l, e);
	put_id(&l, "XAUTH_ID", sa->remote_eap_id);
	put_numbered(&l, "MY_SOURCEIP", true, sa->n_local_vips, sa->local_vips);
	put_numbered(&l, "PEER_SOURCEIP", true, sa->n_remote_vips, sa->remote_vips);
	put_numbered(&l, "DNS", false, sa->n_dns, sa->dns);
	put_labels(&l, e->child);
	if (e->child->encap)
		put(&l, "PLUTO_UDP_ENC=%u", sa->remote.port);
	if (e->conf->hostaccess)
		put(&l, "PLUTO_HOST_ACCESS=1");
	return l.err;
}
