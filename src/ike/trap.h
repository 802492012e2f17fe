/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_TRAP_H
#define IKE_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conn.h"

struct child;
struct conn;
struct ike;

/*
 * Policies without an SA: traps, whose first packet starts their child, and shunts (mode = pass or
 * drop). Each belongs to a child's configuration; the datapath has it for as long as it is here.
 */

/* A connection was loaded in place of old (NULL: none): install what it asks for, keep what has not
 * changed, remove the rest. A policy that cannot be installed is logged, and missing. */
void trap_load(struct ike *ike, struct conn *old, struct conn *fresh);
/* A connection goes: so do its policies. */
void trap_unload(struct ike *ike, const struct conn *conn);
/* The end of the engine. */
void trap_free_all(struct ike *ike);
/* close_action or dpd_action says trap: install the child's trap, unless it is there. Nothing of a
 * connection that has been unloaded. */
void trap_again(struct ike *ike, const char *conn, const char *child);
/*
 * A new child takes what its configuration's trap has fixed: request id and labels; without one it
 * gets labels of its own. If the trap's packet is what it is made for, its selectors, too.
 */
void trap_dress(struct child *c);

#endif
