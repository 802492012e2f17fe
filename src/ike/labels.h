/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_LABELS_H
#define IKE_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/conn.h"
#include "ipsec/ipsec.h"

struct ike;

/* Marks, interface ids and the other things that only some datapaths have. */

/*
 * Those of a child's configuration, with a fresh number for each %unique and %unique-dir. if_id_in
 * and if_id_out are the IKE SA's, for a child that has none of its own. out->interface is borrowed
 * from conf.
 */
void labels_make(struct ike *ike, const struct conf_child *conf, const uint32_t if_ids[2],
		 struct ipsec_labels *out);
/* A fresh number for an interface id that is CONF_UNIQUE_ID or CONF_UNIQUE_DIR in either direction;
 * others stay. */
void labels_make_if_ids(struct ike *ike, uint32_t in, uint32_t out, uint32_t made[2]);
/* Whether packets of both have the same marks and interface ids. */
bool labels_equal(const struct ipsec_labels *a, const struct ipsec_labels *b);
/* enum ipsec_flag of a child's configuration. */
unsigned labels_flags(const struct conf_child *conf);
/*
 * Whether the datapath has what the connection's children ask for. E_CONFIG: *out_why (to free, may
 * be NULL) names the child, its option and the datapath that has it.
 */
int labels_check(struct ike *ike, const struct conf_conn *conn, char **out_why) ERR_MUST_CHECK;

#endif
