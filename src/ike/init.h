/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_INIT_H
#define IKE_INIT_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

struct conf_conn;
struct ike_sa;

/* What both roles of IKE_SA_INIT share. */

/* NAT detection payloads; a datapath that sends ESP only in UDP makes us claim a NAT. */
void init_put_natd(struct ike_sa *sa, struct wire_writer *w);
/* SIGNATURE_HASH_ALGORITHMS (RFC 7427 section 4): what we can verify. */
void init_put_hashes(struct ike_sa *sa, struct wire_writer *w);
/* Our vendor id, if settings.send_vendor_id. */
void init_put_vendor(struct ike_sa *sa, struct wire_writer *w);
/* Learn what the peer supports: hashes, vendor ids, several rounds. */
void init_take_notifies(struct ike_sa *sa, const struct wire_msg *msg);
/* Whether the peer takes fragments, and whether we want to send it any (fragmentation). */
void init_take_fragmentation(struct ike_sa *sa, const struct wire_msg *msg,
			     const struct conf_conn *conf);
/* Set sa->encr, integ and prf from sa->chosen. */
void init_set_algs(struct ike_sa *sa);
/* SKEYSEED and SK_* from the first shared secret, or, with keys there, from a further one; and use
 * them. */
int init_derive_keys(struct ike_sa *sa, struct view shared) ERR_MUST_CHECK;

#endif
