/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/candidates.h"

#include <stdlib.h>

#include "cred/id.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"

static void add_candidate(struct candidates *l, struct conn *c, unsigned score)
{
	size_t i = l->n;

	if (l->n == JOB_MAX_CONNS) {
		if (score <= l->score[l->n - 1])
			return;
		i--;
	} else {
		l->n++;
	}
	for (; i > 0 && l->score[i - 1] < score; i--) {
		l->conns[i] = l->conns[i - 1];
		l->score[i] = l->score[i - 1];
	}
	l->conns[i] = c;
	l->score[i] = score;
}

static bool has_chosen(const struct ike_sa *sa, const struct conn *c)
{
	struct proposals *one = calloc(1, sizeof(*one));
	struct proposal out;
	bool ok = false;

	if (!one)
		return false;
	one->count = 1;
	one->p[0] = sa->chosen;
	ok = select_proposal(&(struct select_params){.configured = c->conf->ike,
						     .received = one,
						     .allow_private = true},
			     &out) == 0;
	free(one);
	return ok;
}

static void log_no_candidate(struct ike_sa *sa)
{
	sa_log(sa, LOG_CFG, LOG_CTRL, "no matching peer config found");
	list_foreach(it, &sa->ike->conns) {
		const struct conn *c = list_entry(it, struct conn, link);
		const char *l = c->n_local ? c->local[0].id_text : NULL;
		const char *r = c->n_remote ? c->remote[0].id_text : NULL;

		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "connection '%s' has local.id '%s' and remote.id '%s'", c->conf->name,
		       l ? l : "%any", r ? r : "%any");
	}
}

void candidates_find(struct ike_sa *sa, const struct id *asked, struct candidates *out)
{
	char l[ADDR_TEXT_MAX], r[ADDR_TEXT_MAX], lid[256], rid[256];
	struct id any = {0};

	sa_log(sa, LOG_CFG, LOG_CTRL, "looking for peer configs matching %s[%s]...%s[%s]",
	       addr_text(&sa->local, l), sa_id_text(asked ? asked : &any, lid, sizeof(lid)),
	       addr_text(&sa->remote, r), sa_id_text(&sa->remote_id, rid, sizeof(rid)));
	out->n = 0;
	list_foreach(it, &sa->ike->conns) {
		struct conn *c = list_entry(it, struct conn, link);
		unsigned addrs = conn_match_addrs(c, &sa->local, &sa->remote);
		unsigned ids = conn_match_ids(c, asked, &sa->remote_id);

		if (addrs && ids && has_chosen(sa, c))
			add_candidate(out, c, ids * 64 + addrs);
	}
	if (out->n)
		sa_log(sa, LOG_CFG, LOG_CTRL, "selected peer config '%s'",
		       out->conns[0]->conf->name);
	else
		log_no_candidate(sa);
}

static bool fits_method(const struct conn *c, const struct wire_payload *auth)
{
	enum conf_auth_class cls = c->n_remote ? c->remote[0].conf->cls : CONF_AUTH_ANY;

	if (!auth)
		return cls == CONF_AUTH_EAP;
	if (cls == CONF_AUTH_ANY)
		return true;
	return cls == (auth->u.auth.method == AUTH_SHARED_KEY ? CONF_AUTH_PSK : CONF_AUTH_PUBKEY);
}

void candidates_filter_method(struct ike_sa *sa, const struct wire_payload *auth,
			      struct candidates *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (fits_method(l->conns[i], auth)) {
			if (kept == 0 && i > 0)
				sa_log(sa, LOG_CFG, LOG_CTRL, "switching to peer config '%s'",
				       l->conns[i]->conf->name);
			l->conns[kept++] = l->conns[i];
		} else if (!auth) {
			sa_log(sa, LOG_CFG, LOG_CTRL, "peer requested EAP, config unacceptable");
		} else {
			bool psk = auth->u.auth.method == AUTH_SHARED_KEY;

			sa_log(sa, LOG_CFG, LOG_CTRL,
			       "selected peer config '%s' unacceptable: non-matching "
			       "authentication "
			       "done (the peer used a %s, remote.auth wants %s)",
			       l->conns[i]->conf->name,
			       psk ? "pre-shared key" : "public key signature",
			       psk ? "pubkey" : "psk");
		}
	}
	if (kept == 0 && l->n)
		sa_log(sa, LOG_CFG, LOG_CTRL, "no alternative config found");
	l->n = kept;
}
