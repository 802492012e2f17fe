/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_SELECT_H
#define IKE_SELECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/proposal.h"

struct ike_sa;

/* Choosing one proposal of those two sides know (RFC 7296 section 2.7). */
struct select_params {
	const struct proposals *configured, *received;
	bool prefer_configured; /* our order counts; else the peer's */
	bool allow_private;	/* ids from 1024 on may be chosen */
	bool allow_repeats; /* a key exchange method may be chosen twice: to explain a mismatch */
	bool without_addke; /* the peer cannot do IKE_INTERMEDIATE: skip what needs it */
	bool without_ke;    /* ignore KE transforms on both sides (IKE_AUTH) */
};

/*
 * *out gets one transform a type, with the number and SPI of the received proposal it answers.
 * E_NOPROPOSAL if none meets.
 */
int select_proposal(const struct select_params *p, struct proposal *out) ERR_MUST_CHECK;
/*
 * A KE method to ask for instead (INVALID_KE_PAYLOAD): whether the chosen proposal's KE is
 * `method`.
 */
bool select_has_ke(const struct proposal *chosen, uint16_t method);
/* Name of an algorithm among these whose number is private (from 1024 on), or NULL. */
const char *select_private(const struct proposals *l, char buf[32]);
/* The lines that make a mismatch understandable: both sides' proposals, and the option and the
 * name of the connection or child that decides. */
void select_log_mismatch(struct ike_sa *sa, const struct select_params *p, const char *name,
			 const char *option);
/* "selected proposal: IKE:..." */
void select_log_chosen(struct ike_sa *sa, const struct proposal *chosen);
/* Copy a list of proposals without (or with) KE, numbered 1.., with this SPI in each. */
void select_copy(const struct proposals *from, bool without_ke, struct view spi,
		 struct proposals *out);

#endif
