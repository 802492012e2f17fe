/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/unique.h"

#include "cred/id.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/view.h"
#include "ike/x_informational.h"

void unique_enforce(struct ike_sa *sa, const struct wire_msg *msg)
{
	enum conf_unique policy = sa->conn->conf->unique;
	bool initial = wire_msg_notify(msg, N_INITIAL_CONTACT) && policy != CONF_UNIQUE_NEVER;

	if (!initial && policy != CONF_UNIQUE_REPLACE)
		return;
	list_foreach_safe(it, &sa->ike->sas) {
		struct ike_sa *old = list_entry(it, struct ike_sa, link);

		if (old == sa || !sa_is_up(old) || !id_equal(&old->remote_id, &sa->remote_id) ||
		    !id_equal(&old->local_id, &sa->local_id))
			continue;
		sa_log(old, LOG_IKE, LOG_CTRL, "destroying duplicate IKE_SA for peer '%s', %s",
		       sa_id_text(&sa->remote_id, (char[256]){0}, 256),
		       initial ? "received INITIAL_CONTACT" : "unique = replace");
		view_alert(old, "unique-replace");
		/* Without INITIAL_CONTACT the peer does not know that its old one ends. */
		if (!initial)
			x_informational_say_deleted(old);
		sa_destroy(old, E_CANCELED, "replaced by a new IKE_SA of the peer");
	}
}

bool unique_keeps_out(const struct ike_sa *sa, const struct wire_msg *msg)
{
	if (sa->conn->conf->unique != CONF_UNIQUE_KEEP || wire_msg_notify(msg, N_INITIAL_CONTACT))
		return false;
	list_foreach(it, &sa->ike->sas) {
		struct ike_sa *old = list_entry(it, struct ike_sa, link);

		if (old != sa && sa_is_up(old) && id_equal(&old->remote_id, &sa->remote_id)) {
			sa_log(sa, LOG_IKE, LOG_CTRL,
			       "peer '%s' is connected already, keeping that IKE_SA "
			       "(unique = keep)",
			       sa_id_text(&sa->remote_id, (char[256]){0}, 256));
			view_alert(old, "unique-keep");
			return true;
		}
	}
	return false;
}
