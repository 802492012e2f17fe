/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_IDLE_H
#define IKE_IDLE_H

struct child;

/* children.inactivity: a child without traffic is deleted, and with charon.inactivity_close_ike its
 * IKE SA if it was the only one. */

/* The child is up: watch it, if its configuration says so. A successor of a rekeyed child has been
 * idle for as long as that one. */
void idle_start(struct child *c);
void idle_stop(struct child *c);

#endif
