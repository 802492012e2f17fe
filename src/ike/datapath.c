/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/child.h"
#include "ike/engine.h"
#include "ike/move.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ipsec/ipsec.h"

/* Reports of the datapath. */

static struct child *find_child(const struct ike *ike, uint32_t handle)
{
	list_foreach(s, &ike->sas) {
		struct ike_sa *sa = list_entry(s, struct ike_sa, link);

		list_foreach(c, &sa->children) {
			struct child *child = list_entry(c, struct child, link);

			if (child->handle == handle)
				return child;
		}
	}
	return NULL;
}

void ike_datapath_expire(struct ike *ike, uint64_t now, uint32_t handle, bool hard)
{
	struct child *c = find_child(ike, handle);

	ike->now = now;
	if (!c || task_pending(c->sa, &task_child_delete, c) || c->state == CHILD_S_DELETED)
		return;
	if (!hard) {
		child_rekey_due(c);
		return;
	}
	sa_log(c->sa, LOG_KNL, LOG_CTRL, "CHILD_SA %s{%u} reached its volume limit, deleting",
	       c->conf->name, c->uid);
	if (task_queue(c->sa, &task_child_delete, c, NULL, NULL))
		child_destroy(c);
}

void ike_datapath_mapping(struct ike *ike, uint64_t now, uint32_t handle, const struct addr *remote)
{
	struct child *c = find_child(ike, handle);
	char old[ADDR_TEXT_MAX], fresh[ADDR_TEXT_MAX];
	struct ike_sa *sa;

	ike->now = now;
	if (!c || addr_equal_port(&c->sa->remote, remote))
		return;
	sa = c->sa;
	/* Who is behind a NAT itself, or decides about the addresses (RFC 4555), does not
	 * follow. */
	if (!sa->nat_remote || sa->nat_local || (sa->peer_mobike && sa->caller))
		return;
	sa_log(sa, LOG_KNL, LOG_CTRL, "NAT mappings of CHILD_SA %s{%u} changed from %s to %s",
	       c->conf->name, c->uid, addr_text_port(&sa->remote, old),
	       addr_text_port(remote, fresh));
	move_follow(sa, remote);
}
