/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KSTAT_H
#define IPSEC_XFRM_KSTAT_H

#include <stdio.h>

struct ipsec_drops;

/* Packets that the kernel has dropped since it booted (/proc/net/xfrm_stat); zeros if unknown. */
void kstat_read(struct ipsec_drops *out);
/* The same from an open file of that form. */
void kstat_parse(FILE *file, struct ipsec_drops *out);

#endif
