/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_HOOKS_H
#define DAEMON_HOOKS_H

struct daemon;
struct ike_hooks;
struct ipsec_events;

/* What the engine asks of the world. */
void hooks_fill(struct daemon *d, struct ike_hooks *out);
/* What the datapath tells the engine. */
void hooks_fill_events(struct daemon *d, struct ipsec_events *out);

#endif
