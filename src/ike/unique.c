/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/unique.h"

#include "cred/id.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/view.h"
#include "ike/x_informational.h"

/* One from the same host may be there to reauthenticate: the peer, who knows, deletes the old one
 * within this time. */
#define RIVAL_MS 10000

static bool is_rival(const struct ike_sa *a, const struct ike_sa *b)
{
	return a != b && sa_is_up(b) && id_equal(&a->remote_id, &b->remote_id) &&
	       id_equal(&a->local_id, &b->local_id);
}

static void on_rival(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, rival);
	bool keep = sa->conn->conf->unique == CONF_UNIQUE_KEEP;

	list_foreach(it, &sa->ike->sas) {
		const struct ike_sa *o = list_entry(it, struct ike_sa, link);

		if (!sa_is_up(sa) || !is_rival(sa, o))
			continue;
		sa_log(sa, LOG_IKE, LOG_CTRL, "destroying duplicate IKE_SA for peer '%s', %s",
		       sa_id_text(&sa->remote_id, (char[256]){0}, 256),
		       keep ? "unique = keep" : "unique = replace");
		/* The peer does not know that it ends. */
		x_informational_say_deleted(sa);
		sa_destroy(sa, E_CANCELED, "the peer has another IKE_SA");
		return;
	}
}

static void await_rival(struct ike_sa *sa)
{
	sa->rival.fire = on_rival;
	timer_start(sa->ike, &sa->rival, RIVAL_MS);
}

void unique_enforce(struct ike_sa *sa, const struct wire_msg *msg)
{
	enum conf_unique policy = sa->conn->conf->unique;
	bool initial = wire_msg_notify(msg, N_INITIAL_CONTACT) && policy != CONF_UNIQUE_NEVER;

	if (!initial && policy != CONF_UNIQUE_REPLACE && policy != CONF_UNIQUE_KEEP)
		return;
	list_foreach_safe(it, &sa->ike->sas) {
		struct ike_sa *old = list_entry(it, struct ike_sa, link);

		if (!is_rival(sa, old))
			continue;
		if (!initial && policy == CONF_UNIQUE_KEEP) {
			await_rival(sa);
			return;
		}
		if (!initial && addr_equal(&old->remote, &sa->remote)) {
			await_rival(old);
			continue;
		}
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

		if (old != sa && sa_is_up(old) && id_equal(&old->remote_id, &sa->remote_id) &&
		    !addr_equal(&old->remote, &sa->remote)) {
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
