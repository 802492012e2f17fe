/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/rows.h"

#include <stddef.h>

#include "ike/sa.h"
#include "ike/x_auth.h"
#include "ike/x_create_child.h"
#include "ike/x_followup_ke.h"
#include "ike/x_informational.h"
#include "ike/x_intermediate.h"

#define P(t)	     ROW_PAYLOAD(PAYLOAD_##t)
#define ANY_TIME     (P(NOTIFY) | P(VENDOR))
#define CONNECTING   ROW_STATE(IKE_S_CONNECTING)
#define UP	     (ROW_STATE(IKE_S_ESTABLISHED) | ROW_STATE(IKE_S_REKEYING))
#define UP_OR_ENDING (UP | ROW_STATE(IKE_S_REKEYED) | ROW_STATE(IKE_S_DELETING))
#define CHILD	     (P(SA) | P(TSI) | P(TSR))

/* IKE_INTERMEDIATE comes as often as negotiated, and IKE_AUTH after all of them (RFC 9370). */
static bool further_ke_due(const struct ike_sa *sa)
{
	return sa->hs && x_intermediate_next(sa);
}

static bool further_ke_done(const struct ike_sa *sa)
{
	return sa->hs && !x_intermediate_next(sa);
}

/*
 * IKE_SA_INIT requests make SAs and have a gate of their own (x_sa_init.c). CREATE_CHILD_SA and
 * INFORMATIONAL before authentication has ended get nothing.
 */
static const struct row table[] = {
	{
		.exchange = IKE_SA_INIT,
		.response = true,
		.states = CONNECTING,
		.to_initiator = true,
		.allowed = P(SA) | P(KE) | P(NONCE) | P(CERTREQ) | ANY_TIME,
	},
	{
		.exchange = IKE_INTERMEDIATE,
		.states = CONNECTING,
		.to_responder = true,
		.guard = further_ke_due,
		.required = P(KE),
		.allowed = ANY_TIME,
		.request = x_intermediate_request,
	},
	{
		.exchange = IKE_INTERMEDIATE,
		.response = true,
		.states = CONNECTING,
		.to_initiator = true,
		.allowed = P(KE) | ANY_TIME,
	},
	{
		.exchange = IKE_AUTH,
		.states = CONNECTING,
		.to_responder = true,
		.guard = further_ke_done,
		.allowed = P(IDI) | P(IDR) | P(CERT) | P(CERTREQ) | P(AUTH) | P(CP) | P(EAP) |
			   CHILD | ANY_TIME,
		.request = x_auth_request,
	},
	{
		.exchange = IKE_AUTH,
		.response = true,
		.states = CONNECTING,
		.to_initiator = true,
		.allowed = P(IDR) | P(CERT) | P(AUTH) | P(CP) | P(EAP) | CHILD | ANY_TIME,
	},
	{
		.exchange = IKE_CREATE_CHILD_SA,
		.states = UP_OR_ENDING,
		.to_initiator = true,
		.to_responder = true,
		.required = P(SA) | P(NONCE),
		.allowed = P(KE) | P(CP) | CHILD | ANY_TIME,
		.request = x_create_child_request,
	},
	{
		.exchange = IKE_CREATE_CHILD_SA,
		.response = true,
		.states = UP_OR_ENDING,
		.to_initiator = true,
		.to_responder = true,
		.allowed = P(KE) | P(NONCE) | P(CP) | CHILD | ANY_TIME,
	},
	{
		.exchange = IKE_FOLLOWUP_KE,
		.states = UP_OR_ENDING,
		.to_initiator = true,
		.to_responder = true,
		.required = P(KE) | P(NOTIFY),
		.allowed = ANY_TIME,
		.request = x_followup_ke_request,
	},
	{
		.exchange = IKE_FOLLOWUP_KE,
		.response = true,
		.states = UP_OR_ENDING,
		.to_initiator = true,
		.to_responder = true,
		.allowed = P(KE) | ANY_TIME,
	},
	{
		.exchange = IKE_INFORMATIONAL,
		.states = UP_OR_ENDING,
		.to_initiator = true,
		.to_responder = true,
		.allowed = P(DELETE) | P(CP) | ANY_TIME,
		.request = x_informational_request,
	},
	{
		.exchange = IKE_INFORMATIONAL,
		.response = true,
		.states = UP_OR_ENDING,
		.to_initiator = true,
		.to_responder = true,
		.allowed = P(DELETE) | P(CP) | ANY_TIME,
	},
};

const struct row *rows_find(uint8_t exchange, bool response)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].exchange == exchange && table[i].response == response)
			return &table[i];
	}
	return NULL;
}

bool rows_allow_sa(const struct row *row, const struct ike_sa *sa)
{
	return (row->states & ROW_STATE(sa->state)) &&
	       (sa->initiator ? row->to_initiator : row->to_responder) &&
	       (!row->guard || row->guard(sa));
}

bool rows_allow_payloads(const struct row *row, const struct wire_msg *msg, uint8_t *out_type)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < msg->count; i++) {
		uint8_t type = msg->p[i].type;

		if (type == PAYLOAD_SK || type == PAYLOAD_SKF || type < PAYLOAD_SA ||
		    type > PAYLOAD_SKF || !ike_payload_name(type))
			continue;
		seen |= ROW_PAYLOAD(type);
		if (!((row->required | row->allowed) & ROW_PAYLOAD(type))) {
			*out_type = type;
			return false;
		}
	}
	for (unsigned type = PAYLOAD_SA; type <= PAYLOAD_SKF; type++) {
		if ((row->required & ROW_PAYLOAD(type)) && !(seen & ROW_PAYLOAD(type))) {
			*out_type = (uint8_t)type;
			return false;
		}
	}
	return true;
}
