/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/candidates.h"

#include <stdlib.h>

#include "cred/id.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"

void candidates_done(struct candidates *l)
{
	while (l->n > 0)
		conn_put(l->conns[--l->n]);
}

static void add_candidate(struct candidates *l, struct conn *c, unsigned score)
{
	size_t i = l->n;

	if (l->n == JOB_MAX_CONNS) {
		if (score <= l->score[l->n - 1])
			return;
		conn_put(l->conns[--i]);
	} else {
		l->n++;
	}
	for (; i > 0 && l->score[i - 1] < score; i--) {
		l->conns[i] = l->conns[i - 1];
		l->score[i] = l->score[i - 1];
	}
	l->conns[i] = conn_get(c);
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
	candidates_done(out);
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

void candidates_keep(struct ike_sa *sa, struct candidates *l, const bool *keep)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (!keep[i]) {
			conn_put(l->conns[i]);
			continue;
		}
		if (kept == 0 && i > 0)
			sa_log(sa, LOG_CFG, LOG_CTRL, "switching to peer config '%s'",
			       l->conns[i]->conf->name);
		l->score[kept] = l->score[i];
		l->conns[kept++] = l->conns[i];
	}
	if (kept == 0 && l->n)
		sa_log(sa, LOG_CFG, LOG_CTRL, "no alternative config found");
	l->n = kept;
}

/* What a connection asks of the peer in this round; one without the round is dropped elsewhere. */
static const struct conn_auth *wanted(const struct ike_sa *sa, const struct conn *c)
{
	size_t round = sa->hs->rounds_remote;

	return round < c->n_remote ? &c->remote[round] : NULL;
}

static bool fits_method(const struct conn_auth *want, const struct wire_payload *auth)
{
	enum conf_auth_class cls = want ? want->conf->cls : CONF_AUTH_ANY;

	if (!auth)
		return cls == CONF_AUTH_EAP;
	if (cls == CONF_AUTH_ANY)
		return true;
	return cls == (auth->u.auth.method == AUTH_SHARED_KEY ? CONF_AUTH_PSK : CONF_AUTH_PUBKEY);
}

void candidates_filter_method(struct ike_sa *sa, const struct wire_payload *auth,
			      struct candidates *l)
{
	bool keep[JOB_MAX_CONNS];

	for (size_t i = 0; i < l->n; i++) {
		const struct conn_auth *want = wanted(sa, l->conns[i]);
		bool psk = auth && auth->u.auth.method == AUTH_SHARED_KEY;

		keep[i] = fits_method(want, auth);
		if (keep[i])
			continue;
		if (!auth)
			sa_log(sa, LOG_CFG, LOG_CTRL, "peer requested EAP, config unacceptable");
		else
			sa_log(sa, LOG_CFG, LOG_CTRL,
			       "selected peer config '%s' unacceptable: non-matching "
			       "authentication done (the peer used a %s, %s.auth wants %s)",
			       l->conns[i]->conf->name,
			       psk ? "pre-shared key" : "public key signature", want->conf->name,
			       psk ? "pubkey" : "psk");
	}
	candidates_keep(sa, l, keep);
}

void candidates_filter_id(struct ike_sa *sa, struct candidates *l)
{
	bool keep[JOB_MAX_CONNS];
	char text[256];

	for (size_t i = 0; i < l->n; i++) {
		const struct conn_auth *want = wanted(sa, l->conns[i]);

		keep[i] = !want || want->id.type == ID_ANY || id_match(&sa->remote_id, &want->id);
		if (!keep[i])
			sa_log(sa, LOG_CFG, LOG_CTRL,
			       "selected peer config '%s' unacceptable: the peer is '%s' in round "
			       "%zu, %s.id wants '%s'",
			       l->conns[i]->conf->name,
			       sa_id_text(&sa->remote_id, text, sizeof(text)),
			       sa->hs->rounds_remote + 1, want->conf->name, want->id_text);
	}
	candidates_keep(sa, l, keep);
}

void candidates_filter_rounds(struct ike_sa *sa, bool another, struct candidates *l)
{
	size_t done = sa->hs->rounds_remote + 1;
	bool keep[JOB_MAX_CONNS];

	for (size_t i = 0; i < l->n; i++) {
		size_t want = l->conns[i]->n_remote;

		keep[i] = another ? want > done : want == done;
		if (keep[i])
			continue;
		if (want > done)
			sa_log(sa, LOG_CFG, LOG_CTRL,
			       "selected peer config '%s' unacceptable: insufficient "
			       "authentication rounds (the peer did %zu, its remote sections "
			       "want %zu)",
			       l->conns[i]->conf->name, done, want);
		else
			sa_log(sa, LOG_CFG, LOG_CTRL,
			       "selected peer config '%s' unacceptable: the peer wants to "
			       "authenticate in more rounds than its %zu remote section%s",
			       l->conns[i]->conf->name, want, want == 1 ? "" : "s");
	}
	candidates_keep(sa, l, keep);
}

void candidates_filter_local(struct ike_sa *sa, struct candidates *l)
{
	bool keep[JOB_MAX_CONNS];

	for (size_t i = 0; i < l->n; i++) {
		const struct conn *first = l->conns[0], *c = l->conns[i];

		keep[i] = c->n_local == first->n_local;
		for (size_t r = 0; r < c->n_local && keep[i]; r++)
			keep[i] = c->local[r].conf->cls == first->local[r].conf->cls &&
				  id_equal(&c->local[r].id, &first->local[r].id);
	}
	candidates_keep(sa, l, keep);
}
