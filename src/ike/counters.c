/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/counters.h"

#include <stdlib.h>
#include <string.h>

#include "ike/conn.h"
#include "ike/state.h"
#include "wire/ike.h"
#include "wire/msg.h"

enum { INIT, AUTH, CHILD, INFO };

static const char *const names[COUNTERS_N] = {
	"ike-rekey-init",	 "ike-rekey-resp",
	"child-rekey",		 "invalid",
	"invalid-spi",		 "ike-init-in-req",
	"ike-init-in-resp",	 "ike-init-out-req",
	"ike-init-out-resp",	 "ike-auth-in-req",
	"ike-auth-in-resp",	 "ike-auth-out-req",
	"ike-auth-out-resp",	 "create-child-in-req",
	"create-child-in-resp",	 "create-child-out-req",
	"create-child-out-resp", "info-in-req",
	"info-in-resp",		 "info-out-req",
	"info-out-resp",
};

struct counters *counters_new(void)
{
	struct counters *c = calloc(1, sizeof(*c));

	if (c)
		c->refs = 1;
	return c;
}

struct counters *counters_get(struct counters *c)
{
	c->refs++;
	return c;
}

void counters_put(struct counters *c)
{
	if (c && --c->refs == 0)
		free(c);
}

void counters_add(struct ike *ike, struct conn *conn, enum counters_kind kind)
{
	ike->counters.n[kind]++;
	if (conn)
		conn->counters->n[kind]++;
}

void counters_add_message(struct ike *ike, struct conn *conn, const struct wire_hdr *hdr, bool out)
{
	static const struct {
		uint8_t exchange, group;
	} groups[] = {
		{IKE_SA_INIT, INIT},	      {IKE_INTERMEDIATE, AUTH}, {IKE_AUTH, AUTH},
		{IKE_CREATE_CHILD_SA, CHILD}, {IKE_FOLLOWUP_KE, CHILD}, {IKE_INFORMATIONAL, INFO},
	};

	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (groups[i].exchange == hdr->exchange)
			counters_add(ike, conn,
				     COUNTERS_MESSAGES + 4u * groups[i].group + (out ? 2u : 0u) +
					     (hdr->flags & IKE_FLAG_RESPONSE ? 1u : 0u));
	}
}

void counters_add_event(struct ike *ike, const struct ike_event *event)
{
	struct conn *conn = event->sa ? conn_find(ike, event->sa->name) : NULL;

	if (event->type == IKE_EV_CHILD_REKEY)
		counters_add(ike, conn, COUNTERS_CHILD_REKEY);
	else if (event->type == IKE_EV_IKE_REKEY)
		counters_add(ike, conn,
			     event->sa && event->sa->initiator ? COUNTERS_IKE_REKEY_INIT
							       : COUNTERS_IKE_REKEY_RESP);
}

const char *counters_name(enum counters_kind kind)
{
	return names[kind];
}

int counters_read(const struct ike *ike, const char *conn, uint64_t out[COUNTERS_N])
{
	const struct conn *c = conn ? conn_find(ike, conn) : NULL;

	if (conn && !c)
		return E_NOTFOUND;
	memcpy(out, c ? c->counters->n : ike->counters.n, sizeof(ike->counters.n));
	return 0;
}

int counters_reset(struct ike *ike, const char *conn)
{
	struct conn *c = conn ? conn_find(ike, conn) : NULL;

	if (conn && !c)
		return E_NOTFOUND;
	memset(c ? c->counters->n : ike->counters.n, 0, sizeof(ike->counters.n));
	return 0;
}
