/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/ppk.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cred/id.h"
#include "cred/store.h"
#include "ike/candidates.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/sa.h"
#include "ike/state.h"

#define PPK_ID_FIXED 2 /* type of a PPK_ID that is no more than a name (section 5.1) */

void ppk_done(struct ppk *p)
{
	keys_ike_done(&p->mixed);
	secret_done(&p->plain_auth);
	*p = (struct ppk){0};
}

static int find_ppk(const struct ike_sa *sa, const struct id *id, struct secret *out)
{
	return cred_find_secret(sa->ike->creds,
				&(struct cred_secret_query){.type = CRED_PPK, .other = id}, out);
}

/* ---- initiator ---- */

/* The PPK that ppk_id names; a pattern names none. */
static int own_ppk(const struct ike_sa *sa, struct id *out_id, struct secret *out)
{
	const char *text = sa->conn->conf->ppk_id;
	int err;

	*out_id = (struct id){0};
	*out = (struct secret){0};
	if (!text)
		return E_NOTFOUND;
	err = strchr(text, '*') ? E_NOTFOUND : id_parse(text, out_id);
	if (err == 0 && out_id->type == ID_ANY)
		err = E_NOTFOUND;
	return err ? err : find_ppk(sa, out_id, out);
}

static bool has_own(const struct ike_sa *sa)
{
	struct secret ppk;
	struct id id;
	bool has = own_ppk(sa, &id, &ppk) == 0;

	secret_done(&ppk);
	id_done(&id);
	return has;
}

int ppk_check_own(struct ike_sa *sa)
{
	const struct conf_conn *conf = sa->conn->conf;

	if ((!conf->ppk_id && !conf->ppk_required) || has_own(sa))
		return 0;
	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "no PPK for '%s' found (ppk_id of '%s'; secrets.ppk has them)%s",
	       conf->ppk_id ? conf->ppk_id : "", sa_name(sa),
	       conf->ppk_required ? ", but ppk_required = yes"
				  : ", ignored because ppk_required = no");
	return conf->ppk_required ? E_NOTFOUND : 0;
}

void ppk_put_use(struct ike_sa *sa, struct wire_writer *w)
{
	sa->hs->ppk.announced = has_own(sa);
	if (sa->hs->ppk.announced)
		wire_put_notify(w, N_USE_PPK, (struct view){0});
}

int ppk_begin(struct ike_sa *sa)
{
	struct ppk *p = &sa->hs->ppk;
	struct secret ppk;
	struct id id;
	int err;

	if (!p->announced)
		return 0;
	if (!p->peer_knows) {
		sa_log(sa, LOG_CFG, LOG_CTRL, "the peer does not support PPKs or has none%s",
		       sa->conn->conf->ppk_required ? ", but ppk_required = yes"
						    : "; going on without (ppk_required = no)");
		return sa->conn->conf->ppk_required ? E_UNSUPPORTED : 0;
	}
	/* Once both have announced it there is no way back (section 3): it must be here still. */
	err = own_ppk(sa, &id, &ppk);
	keys_ike_done(&p->mixed);
	if (err == 0)
		err = keys_mix_ppk(sa->prf, secret_view(&ppk), &sa->keys, &p->mixed);
	secret_done(&ppk);
	id_done(&id);
	return err;
}

bool ppk_wants_plain_auth(const struct ike_sa *sa)
{
	return sa->hs->ppk.mixed.pi.len && !sa->conn->conf->ppk_required;
}

void ppk_put_identity(struct ike_sa *sa, struct wire_writer *w)
{
	struct ppk *p = &sa->hs->ppk;
	struct wbuf body;
	struct id id;

	if (!p->mixed.pi.len || id_parse(sa->conn->conf->ppk_id, &id))
		return;
	wbuf_init(&body, 0);
	wbuf_u8(&body, PPK_ID_FIXED);
	wbuf_add(&body, view_make(id.data, id.len));
	wire_put_notify(w, N_PPK_IDENTITY, wbuf_view(&body));
	wbuf_done(&body);
	id_done(&id);
	if (p->plain_auth.len)
		wire_put_notify(w, N_NO_PPK_AUTH, secret_view(&p->plain_auth));
}

/* SK_d, SK_pi and SK_pr are those with the PPK from now on. */
static void commit(struct ike_sa *sa, struct keys_ike *mixed)
{
	secret_move(&sa->keys.d, &mixed->d);
	secret_move(&sa->keys.pi, &mixed->pi);
	secret_move(&sa->keys.pr, &mixed->pr);
	sa->ppk = true;
}

int ppk_take_answer(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct ppk *p = &sa->hs->ppk;

	if (!p->mixed.pi.len)
		return 0;
	if (wire_msg_notify(msg, N_PPK_IDENTITY)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "using PPK '%s'", sa->conn->conf->ppk_id);
		commit(sa, &p->mixed);
		return 0;
	}
	keys_ike_done(&p->mixed);
	sa_log(sa, LOG_IKE, LOG_CTRL, "the peer does not use the PPK '%s'%s",
	       sa->conn->conf->ppk_id,
	       sa->conn->conf->ppk_required ? ", but ppk_required = yes"
					    : ", going on without (ppk_required = no)");
	return sa->conn->conf->ppk_required ? E_AUTH : 0;
}

/* ---- responder ---- */

void ppk_answer_use(struct ike_sa *sa, struct wire_writer *w)
{
	struct ppk *p = &sa->hs->ppk;

	p->announced = p->peer_knows && cred_has_secret(sa->ike->creds, CRED_PPK);
	if (p->announced)
		wire_put_notify(w, N_USE_PPK, (struct view){0});
}

enum verdict { REFUSE, STANDARD, USE };

/* What a request offers: the PPK it names, if we have it. */
struct offer {
	struct id id; /* ID_ANY: none that can be understood */
	struct secret ppk;
	bool named, has_plain;
};

static int take_offer(struct ike_sa *sa, const struct wire_msg *msg, struct offer *out)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_PPK_IDENTITY);
	char *text;
	int err = 0;

	*out = (struct offer){.named = n, .has_plain = wire_msg_notify(msg, N_NO_PPK_AUTH)};
	if (!n || n->data.len < 2 || n->data.ptr[0] != PPK_ID_FIXED)
		return 0;
	text = str_from_view(view_make(n->data.ptr + 1, n->data.len - 1));
	if (!text)
		return E_NOMEM;
	if (strlen(text) == n->data.len - 1)
		err = id_parse(text, &out->id);
	free(text);
	if (err == E_MALFORMED)
		err = 0;
	if (err == 0 && out->id.type != ID_ANY)
		(void)!find_ppk(sa, &out->id, &out->ppk); /* nothing found is an answer too */
	return err;
}

/* Table 1 of RFC 8784 for one connection, with a line if it is refused. */
static enum verdict judge(struct ike_sa *sa, const struct conn *c, const struct offer *o)
{
	const struct conf_conn *conf = c->conf;
	struct id pattern = {0};
	const char *why;
	char text[256];
	bool fits;

	if (!sa->hs->ppk.announced) {
		if (!conf->ppk_required)
			return STANDARD;
		why = sa->hs->ppk.peer_knows ? "no PPK is loaded (secrets.ppk)"
					     : "the peer does not support PPKs";
	} else if (!o->named) {
		why = "the peer announced PPKs but names none";
	} else {
		fits = o->ppk.len && (!conf->ppk_id || (id_parse(conf->ppk_id, &pattern) == 0 &&
							id_match(&o->id, &pattern)));
		id_done(&pattern);
		if (fits)
			return USE;
		sa_log(sa, LOG_CFG, LOG_CTRL, "no PPK for '%s' %s",
		       sa_id_text(&o->id, text, sizeof(text)),
		       o->ppk.len ? "allowed by ppk_id" : "found (secrets.ppk)");
		if (o->has_plain && !conf->ppk_required)
			return STANDARD;
		why = conf->ppk_required ? "ppk_required = yes" : "the peer insists on its PPK";
	}
	sa_log(sa, LOG_CFG, LOG_CTRL, "selected peer config '%s' unacceptable: %s", conf->name,
	       why);
	return REFUSE;
}

int ppk_filter(struct ike_sa *sa, const struct wire_msg *msg, struct candidates *l)
{
	enum verdict first = REFUSE;
	bool keep[JOB_MAX_CONNS];
	struct keys_ike mixed;
	struct offer o;
	char text[256];
	int err = take_offer(sa, msg, &o);

	for (size_t i = 0; i < l->n && err == 0; i++) {
		enum verdict v = judge(sa, l->conns[i], &o);

		if (first == REFUSE)
			first = v;
		keep[i] = v != REFUSE && v == first;
	}
	if (err == 0)
		candidates_keep(sa, l, keep);
	sa->hs->ppk.declined = first == STANDARD && sa->hs->ppk.announced;
	if (err == 0 && first == USE) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "using PPK '%s'",
		       sa_id_text(&o.id, text, sizeof(text)));
		err = keys_mix_ppk(sa->prf, secret_view(&o.ppk), &sa->keys, &mixed);
		if (err == 0)
			commit(sa, &mixed);
	}
	secret_done(&o.ppk);
	id_done(&o.id);
	return err;
}
