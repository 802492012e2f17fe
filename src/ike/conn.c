/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"
#include "ike/child.h"
#include "ike/labels.h"
#include "ike/state.h"
#include "ike/trap.h"

enum { MATCH_NONE = 0, MATCH_ANY = 1, MATCH_RANGE = 4, MATCH_EXACT = 16 };

static void release_certs(struct cred_store *creds, struct cert **certs, size_t n,
			  enum cred_flag flag)
{
	for (size_t i = 0; i < n; i++) {
		cred_release_cert(creds, certs[i], flag);
		cert_put(certs[i]);
	}
	free(certs);
}

static void auth_done(struct cred_store *creds, struct conn_auth *a)
{
	release_certs(creds, a->certs, a->n_certs, CRED_NONE);
	release_certs(creds, a->cacerts, a->n_cacerts, CRED_CA);
	strs_done(&a->cert_text);
	strs_done(&a->cacert_text);
	id_done(&a->id);
	free(a->id_text);
}

struct conn *conn_get(struct conn *c)
{
	c->refs++;
	return c;
}

void conn_put(struct conn *c)
{
	if (!c || --c->refs > 0)
		return;
	for (size_t i = 0; c->local && i < c->n_local; i++)
		auth_done(c->creds, &c->local[i]);
	for (size_t i = 0; c->remote && i < c->n_remote; i++)
		auth_done(c->creds, &c->remote[i]);
	free(c->local);
	free(c->remote);
	free(c->local_info);
	free(c->remote_info);
	counters_put(c->counters);
	conf_conn_put(c->conf);
	free(c);
}

/* Certificates of a configuration list, held in the store; their subjects go to text. */
static int load_certs(struct ike *ike, const struct conf_blobs *blobs, enum cred_flag flag,
		      struct cert ***out, size_t *out_n, struct strs *text)
{
	int err = 0;

	*out = calloc(blobs->count ? blobs->count : 1, sizeof(**out));
	if (!*out)
		return E_NOMEM;
	for (size_t i = 0; i < blobs->count && err == 0; i++) {
		char *subject;

		err = cred_hold_cert(ike->creds, secret_view(&blobs->items[i]), flag, &(*out)[i]);
		if (err)
			break;
		(*out_n)++;
		subject = cert_subject_text((*out)[i]);
		err = subject ? strs_add(text, subject) : E_NOMEM;
		free(subject);
	}
	return err;
}

/* Identity as configured, or what the first certificate says of itself. */
static int resolve_id(struct conn_auth *a, bool local)
{
	int err = 0;

	if (a->conf->id)
		err = id_parse(a->conf->id, &a->id);
	else if (local && a->n_certs > 0)
		err = id_copy(&a->certs[0]->subject, &a->id);
	if (err == 0 && a->id.type != ID_ANY) {
		a->id_text = id_string(&a->id);
		if (!a->id_text)
			err = E_NOMEM;
	}
	return err;
}

static int auth_init(struct ike *ike, struct conn_auth *a, const struct conf_auth *conf, bool local,
		     char **out_why)
{
	int err;

	a->conf = conf;
	err = load_certs(ike, &conf->certs, CRED_NONE, &a->certs, &a->n_certs, &a->cert_text);
	if (err && asprintf(out_why, "%s.certs: certificate %zu is not usable: %s", conf->name,
			    a->n_certs + 1, err_text(err)) < 0)
		*out_why = NULL;
	if (err)
		return err;
	err = load_certs(ike, &conf->cacerts, CRED_CA, &a->cacerts, &a->n_cacerts, &a->cacert_text);
	if (err && asprintf(out_why, "%s.cacerts: certificate %zu is not usable: %s", conf->name,
			    a->n_cacerts + 1, err_text(err)) < 0)
		*out_why = NULL;
	if (err)
		return err;
	err = resolve_id(a, local);
	if (err && asprintf(out_why, "%s.id: '%s' is no identity: %s", conf->name,
			    conf->id ? conf->id : "", err_text(err)) < 0)
		*out_why = NULL;
	a->info = (struct ike_auth_info){conf, a->id_text, &a->cert_text, &a->cacert_text};
	return err;
}

static int auths_init(struct ike *ike, const struct conf_auth *conf, size_t n, bool local,
		      struct conn_auth **out, struct ike_auth_info **out_info, char **out_why)
{
	int err = 0;

	*out = calloc(n ? n : 1, sizeof(**out));
	*out_info = calloc(n ? n : 1, sizeof(**out_info));
	if (!*out || !*out_info)
		return E_NOMEM;
	for (size_t i = 0; i < n && err == 0; i++) {
		err = auth_init(ike, &(*out)[i], &conf[i], local, out_why);
		(*out_info)[i] = (*out)[i].info;
	}
	return err;
}

static int conn_new(struct ike *ike, const struct conf_conn *conf, struct conn **out,
		    char **out_why)
{
	const struct conn *old = conn_find(ike, conf->name);
	struct conn *c = calloc(1, sizeof(*c));
	int err = 0;

	if (!c)
		return E_NOMEM;
	c->refs = 1;
	c->counters = old ? counters_get(old->counters) : counters_new();
	c->creds = ike->creds;
	list_init(&c->link);
	c->conf = conf_conn_get(conf);
	c->n_local = conf->n_local;
	c->n_remote = conf->n_remote;
	if (!c->counters)
		err = E_NOMEM;
	if (err == 0)
		err = auths_init(ike, conf->local, conf->n_local, true, &c->local, &c->local_info,
				 out_why);
	if (err == 0)
		err = auths_init(ike, conf->remote, conf->n_remote, false, &c->remote,
				 &c->remote_info, out_why);
	if (err) {
		conn_put(c);
		return err;
	}
	*out = c;
	return 0;
}

struct conn *conn_find(const struct ike *ike, const char *name)
{
	list_foreach(it, &ike->conns) {
		struct conn *c = list_entry(it, struct conn, link);

		if (strcmp(c->conf->name, name) == 0)
			return c;
	}
	return NULL;
}

struct conn *conn_find_child(const struct ike *ike, const char *child)
{
	list_foreach(it, &ike->conns) {
		struct conn *c = list_entry(it, struct conn, link);

		if (conf_conn_child(c->conf, child))
			return c;
	}
	return NULL;
}

static bool same_children(const struct conf_conn *a, const struct conf_conn *b)
{
	if (a->n_children != b->n_children)
		return false;
	for (size_t i = 0; i < a->n_children; i++) {
		const struct conf_child *other = conf_conn_child(b, a->children[i].name);

		if (!other || !conf_child_equal(&a->children[i], other))
			return false;
	}
	return true;
}

int ike_load_conn(struct ike *ike, uint64_t now, const struct conf_conn *conf,
		  enum ike_load_result *out, char **out_why)
{
	struct conn *old = conn_find(ike, conf->name), *fresh;
	enum ike_load_result result = IKE_CONN_ADDED;
	int err;

	ike->now = now;
	*out_why = NULL;
	if (old && conf_conn_equal_ike(old->conf, conf))
		result = same_children(old->conf, conf) ? IKE_CONN_UNCHANGED : IKE_CONN_UPDATED;
	else if (old)
		result = IKE_CONN_REPLACED;
	if (result != IKE_CONN_UNCHANGED) {
		err = labels_check(ike, conf, out_why);
		if (err == 0)
			err = conn_new(ike, conf, &fresh, out_why);
		if (err)
			return err == E_NOMEM ? err : E_CONFIG;
		if (old) {
			/* Take the old one's place: order decides between equal matches. */
			list_append(&old->link, &fresh->link);
			list_remove(&old->link);
		} else {
			list_append(&ike->conns, &fresh->link);
		}
		trap_load(ike, old, fresh);
		conn_put(old);
		child_start_actions(ike, fresh, result == IKE_CONN_ADDED);
	}
	*out = result;
	return 0;
}

int ike_unload_conn(struct ike *ike, uint64_t now, const char *name)
{
	struct conn *c = conn_find(ike, name);

	ike->now = now;
	if (!c)
		return E_NOTFOUND;
	trap_unload(ike, c);
	list_remove(&c->link);
	conn_put(c);
	return 0;
}

void ike_each_conn(const struct ike *ike, bool (*fn)(void *ctx, const struct ike_conn_info *),
		   void *ctx)
{
	list_foreach(it, &ike->conns) {
		const struct conn *c = list_entry(it, struct conn, link);
		struct ike_conn_info info = {c->conf, c->n_local, c->n_remote, c->local_info,
					     c->remote_info};

		if (!fn(ctx, &info))
			return;
	}
}

static unsigned match_one(const char *text, const struct addr *a)
{
	struct addr_range r;

	if (strcmp(text, "%any") == 0 || strcmp(text, "%any4") == 0 || strcmp(text, "%any6") == 0)
		return MATCH_ANY;
	if (addr_range_parse(&r, text))
		return MATCH_ANY; /* a DNS name: identities decide */
	if (!addr_range_has(&r, a))
		return MATCH_NONE;
	return strpbrk(text, "/-") ? MATCH_RANGE : MATCH_EXACT;
}

static unsigned match_list(const struct strs *l, const struct addr *a)
{
	unsigned best = l->count ? MATCH_NONE : MATCH_ANY;

	for (size_t i = 0; i < l->count; i++) {
		unsigned m = match_one(l->items[i], a);

		if (m > best)
			best = m;
	}
	return best;
}

unsigned conn_match_addrs(const struct conn *c, const struct addr *local, const struct addr *remote)
{
	unsigned l = match_list(&c->conf->local_addrs, local);
	unsigned r = match_list(&c->conf->remote_addrs, remote);

	return l && r ? l + r : MATCH_NONE;
}

unsigned conn_match_ids(const struct conn *c, const struct id *local, const struct id *remote)
{
	unsigned l = 1, r = 1;

	if (local && local->type != ID_ANY && c->n_local > 0 && c->local[0].id.type != ID_ANY)
		l = id_match(local, &c->local[0].id);
	if (c->n_remote > 0 && c->remote[0].id.type != ID_ANY)
		r = id_match(remote, &c->remote[0].id);
	return l && r ? l + r : 0;
}

bool conn_wants_cert(const struct conn *c)
{
	for (size_t i = 0; i < c->n_remote; i++) {
		if (c->remote[i].conf->cls == CONF_AUTH_PUBKEY ||
		    c->remote[i].conf->cls == CONF_AUTH_ANY)
			return true;
	}
	return false;
}
