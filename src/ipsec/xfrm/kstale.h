/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KSTALE_H
#define IPSEC_XFRM_KSTALE_H

struct nlsock;

/*
 * Remove the states and policies that an earlier run of ours left (KSTATE_OURS, KPOLICY_OURS), and
 * nothing else. Returns how many there were.
 */
unsigned kstale_remove(struct nlsock *n);

#endif
