/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_CONTROL_H
#define IKE_CONTROL_H

#include <stdbool.h>

#include "base/err.h"

struct conn;
struct ike;
struct ike_initiate_params;
struct ike_request;
struct ike_request_result;
struct ike_sa;
struct strs;

/* Requests of people (ike_initiate, ike_terminate in engine.h) and what configuration starts. */

/* One of the tasks of a request is over; tells the asker when all are. */
void control_complete(struct ike_request *request, int err, const char *message);
/* The peer did not answer a request: try again as keyingtries says, or destroy the SA and do what
 * dpd_action says. */
void control_peer_silent(struct ike_sa *sa);
/* The peer deleted the IKE SA: close it (sa_close) and do what close_action says. */
void control_peer_closed(struct ike_sa *sa);
/* The hard lifetime of the IKE SA is over: delete it; the side that made it sets it up anew, unless
 * rekey_time = 0 says that it is to end. */
void control_expired(struct ike_sa *sa);
/*
 * Set up an SA that has its connection and nothing else yet, with these children; `done` is called
 * once when all of that has ended, as of ike_initiate(). An error leaves no SA, and done is called.
 */
int control_set_up(struct ike_sa *fresh, const struct strs *children,
		   void (*done)(void *ctx, const struct ike_request_result *), void *ctx);

/* As ike_initiate() of a loaded connection's child, for the engine itself. */
int control_initiate(struct ike *ike, struct conn *conn, const struct ike_initiate_params *params,
		     struct ike_request **out_request) ERR_MUST_CHECK;
/*
 * The peer answered a request of CREATE_CHILD_SA or IKE_FOLLOWUP_KE with TEMPORARY_FAILURE, or with
 * STATE_NOT_FOUND: whether to try again later. If it has done so for minutes, both sides are out of
 * step: the SA is deleted (RFC 7296 section 2.25, RFC 9370 section 2.2.4), and set up anew as by
 * control_expired().
 */
bool control_peer_busy(struct ike_sa *sa, bool lost_state);
/* start_action = start, dpd_action = restart: set up a child with nobody waiting. */
void control_start_child(struct ike *ike, struct conn *conn, const char *child);

#endif
