/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/list.h"

#define CHAIN_MAX 10 /* issuers looked at above one certificate */

struct stored_cert {
	struct list link;
	struct cert *cert;
	bool loaded; /* for itself, with this flag */
	enum cred_flag flag;
	unsigned holders, ca_holders; /* the latter are among the former */
};

struct stored_crl {
	struct list link;
	struct crl *crl;
};

struct stored_key {
	struct list link;
	struct keyref *key;
};

struct stored_secret {
	struct list link;
	enum cred_secret_type type;
	char *unique_id; /* may be NULL */
	struct secret data;
	struct id *owners;
	size_t n_owners;
};

struct cred_store {
	pthread_rwlock_t lock;
	struct list certs;
	struct list crls;
	struct list keys;
	struct list secrets;
};

struct cred_store *cred_new(void)
{
	struct cred_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	pthread_rwlock_init(&s->lock, NULL);
	list_init(&s->certs);
	list_init(&s->crls);
	list_init(&s->keys);
	list_init(&s->secrets);
	return s;
}

static void read_lock(struct cred_store *s)
{
	pthread_rwlock_rdlock(&s->lock);
}

static void write_lock(struct cred_store *s)
{
	pthread_rwlock_wrlock(&s->lock);
}

static void unlock(struct cred_store *s)
{
	pthread_rwlock_unlock(&s->lock);
}

static void free_cert(struct stored_cert *e)
{
	list_remove(&e->link);
	cert_put(e->cert);
	free(e);
}

static void free_crl(struct stored_crl *e)
{
	list_remove(&e->link);
	crl_put(e->crl);
	free(e);
}

static void free_key(struct stored_key *e)
{
	list_remove(&e->link);
	keyref_put(e->key);
	free(e);
}

/* Also one that was never linked: its link is initialised. */
static void free_secret(struct stored_secret *e)
{
	list_remove(&e->link);
	secret_done(&e->data);
	for (size_t i = 0; i < e->n_owners; i++)
		id_done(&e->owners[i]);
	free(e->owners);
	free(e->unique_id);
	free(e);
}

static enum cred_flag flag_of(const struct stored_cert *e)
{
	return e->flag == CRED_NONE && e->ca_holders ? CRED_CA : e->flag;
}

void cred_clear(struct cred_store *s)
{
	write_lock(s);
	list_foreach_safe(it, &s->certs) {
		struct stored_cert *e = list_entry(it, struct stored_cert, link);

		e->loaded = false;
		e->flag = CRED_NONE;
		if (!e->holders)
			free_cert(e);
	}
	list_foreach_safe(it, &s->crls)
		free_crl(list_entry(it, struct stored_crl, link));
	list_foreach_safe(it, &s->keys)
		free_key(list_entry(it, struct stored_key, link));
	list_foreach_safe(it, &s->secrets)
		free_secret(list_entry(it, struct stored_secret, link));
	unlock(s);
}

void cred_free(struct cred_store *s)
{
	if (!s)
		return;
	list_foreach(it, &s->certs)
		list_entry(it, struct stored_cert, link)->holders = 0;
	cred_clear(s);
	pthread_rwlock_destroy(&s->lock);
	free(s);
}

static struct stored_cert *find_same(struct cred_store *s, const struct cert *c)
{
	list_foreach(it, &s->certs) {
		struct stored_cert *e = list_entry(it, struct stored_cert, link);

		if (view_equal(e->cert->der, c->der))
			return e;
	}
	return NULL;
}

static void note_use(struct stored_cert *e, enum cred_flag flag, bool hold)
{
	if (hold) {
		e->holders++;
		e->ca_holders += flag == CRED_CA;
	} else {
		e->loaded = true;
		if (e->flag == CRED_NONE)
			e->flag = flag;
	}
}

static int add_cert(struct cred_store *s, struct view data, enum cred_flag flag, bool hold,
		    struct cert **out)
{
	struct stored_cert *e, *fresh;
	struct cert *c;
	int err = cert_parse(data, &c);

	if (out)
		*out = NULL;
	if (err)
		return err;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh || (flag == CRED_CA && !c->ca)) {
		err = fresh ? E_CONFIG : E_NOMEM;
		free(fresh);
		cert_put(c);
		return err;
	}
	fresh->cert = c;
	list_init(&fresh->link);

	write_lock(s);
	e = find_same(s, c);
	if (!e) {
		e = fresh;
		list_append(&s->certs, &e->link);
	}
	note_use(e, flag, hold);
	if (out)
		*out = cert_get(e->cert);
	unlock(s);
	if (e != fresh)
		free_cert(fresh);
	return 0;
}

int cred_add_cert(struct cred_store *s, struct view data, enum cred_flag flag, struct cert **out)
{
	return add_cert(s, data, flag, false, out);
}

int cred_hold_cert(struct cred_store *s, struct view data, enum cred_flag flag, struct cert **out)
{
	return add_cert(s, data, flag, true, out);
}

void cred_release_cert(struct cred_store *s, const struct cert *c, enum cred_flag flag)
{
	struct stored_cert *e;

	write_lock(s);
	e = find_same(s, c);
	if (e && e->holders) {
		e->holders--;
		e->ca_holders -= flag == CRED_CA;
		if (!e->holders && !e->loaded)
			free_cert(e);
	}
	unlock(s);
}

/* Make place for c; returns the list that makes it needless, or NULL. */
static const struct crl *supersede(struct cred_store *s, const struct crl *c)
{
	list_foreach_safe(it, &s->crls) {
		struct stored_crl *e = list_entry(it, struct stored_crl, link);

		if (view_equal(e->crl->der, c->der))
			return e->crl;
		if (crl_supersedes(c, e->crl))
			free_crl(e);
		else if (crl_supersedes(e->crl, c))
			return e->crl;
	}
	return NULL;
}

int cred_add_crl(struct cred_store *s, struct view data, struct crl **out)
{
	struct stored_crl *fresh;
	const struct crl *kept;
	struct crl *c;
	int err = crl_parse(data, &c);

	*out = NULL;
	if (err)
		return err;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh) {
		crl_put(c);
		return E_NOMEM;
	}
	fresh->crl = c;
	list_init(&fresh->link);

	write_lock(s);
	kept = supersede(s, c);
	if (!kept)
		list_append(&s->crls, &fresh->link);
	*out = crl_get(kept ? kept : c);
	unlock(s);
	if (kept)
		free_crl(fresh);
	return 0;
}

unsigned cred_flush_crls(struct cred_store *s)
{
	unsigned n = 0;

	write_lock(s);
	list_foreach_safe(it, &s->crls) {
		free_crl(list_entry(it, struct stored_crl, link));
		n++;
	}
	unlock(s);
	return n;
}

static struct stored_key *find_key_by_id(struct cred_store *s, const uint8_t id[20])
{
	list_foreach(it, &s->keys) {
		struct stored_key *e = list_entry(it, struct stored_key, link);

		if (view_equal(view_make(keyref_id(e->key), 20), view_make(id, 20)))
			return e;
	}
	return NULL;
}

int cred_add_key(struct cred_store *s, struct keyref *k)
{
	struct stored_key *fresh = calloc(1, sizeof(*fresh));
	struct stored_key *old;

	if (!fresh)
		return E_NOMEM;
	fresh->key = keyref_get(k);
	write_lock(s);
	old = find_key_by_id(s, keyref_id(k));
	if (old)
		free_key(old);
	list_append(&s->keys, &fresh->link);
	unlock(s);
	return 0;
}

int cred_remove_key(struct cred_store *s, const uint8_t id[20])
{
	struct stored_key *e;

	write_lock(s);
	e = find_key_by_id(s, id);
	if (e)
		free_key(e);
	unlock(s);
	return e ? 0 : E_NOTFOUND;
}

static int fill_secret(struct stored_secret *e, const struct cred_secret_params *params)
{
	int err = secret_copy(&e->data, params->data);

	if (err)
		return err;
	if (params->unique_id) {
		e->unique_id = strdup(params->unique_id);
		if (!e->unique_id)
			return E_NOMEM;
	}
	e->owners = calloc(params->n_owners ? params->n_owners : 1, sizeof(*e->owners));
	if (!e->owners)
		return E_NOMEM;
	for (; !err && e->n_owners < params->n_owners; e->n_owners++)
		err = id_parse(params->owners[e->n_owners], &e->owners[e->n_owners]);
	return err;
}

static struct stored_secret *find_secret_by_id(struct cred_store *s, const char *unique_id)
{
	list_foreach(it, &s->secrets) {
		struct stored_secret *e = list_entry(it, struct stored_secret, link);

		if (e->unique_id && strcmp(e->unique_id, unique_id) == 0)
			return e;
	}
	return NULL;
}

int cred_add_secret(struct cred_store *s, const struct cred_secret_params *params)
{
	struct stored_secret *fresh = calloc(1, sizeof(*fresh));
	struct stored_secret *old;
	int err;

	if (!fresh)
		return E_NOMEM;
	list_init(&fresh->link);
	fresh->type = params->type;
	err = fill_secret(fresh, params);
	if (err) {
		free_secret(fresh);
		return err;
	}
	write_lock(s);
	old = params->unique_id ? find_secret_by_id(s, params->unique_id) : NULL;
	if (old)
		free_secret(old);
	list_append(&s->secrets, &fresh->link);
	unlock(s);
	return 0;
}

int cred_remove_secret(struct cred_store *s, const char *unique_id)
{
	struct stored_secret *e;

	write_lock(s);
	e = find_secret_by_id(s, unique_id);
	if (e)
		free_secret(e);
	unlock(s);
	return e ? 0 : E_NOTFOUND;
}

/* How well id matches the best of the owners. */
static unsigned match_owners(const struct stored_secret *e, const struct id *id)
{
	unsigned best = 0;

	if (!id || id->type == ID_ANY)
		return 0;
	for (size_t i = 0; i < e->n_owners; i++) {
		unsigned match = id_match(id, &e->owners[i]);

		if (match > best)
			best = match;
	}
	return best;
}

/* Whether some owner is not me. */
static bool has_other_owner(const struct stored_secret *e, const struct id *me)
{
	for (size_t i = 0; i < e->n_owners; i++) {
		if (!me || !id_match(me, &e->owners[i]))
			return true;
	}
	return false;
}

/* 0 if the secret is not for them; else the higher the better. */
static unsigned score_secret(const struct stored_secret *e, const struct cred_secret_query *q)
{
	enum { ANYONE = 1, ME = 10, OTHER = 1000, BOTH = 100000 };
	unsigned my = match_owners(e, q->me);
	unsigned others = match_owners(e, q->other);

	if (e->n_owners == 0)
		return ANYONE;
	if (q->proves_other && !others && has_other_owner(e, q->me))
		return 0;
	return (my && others ? BOTH : 0) + others * OTHER + my * ME;
}

/* Position (from 0) of e by score; those with an equal score keep the order of loading. */
static unsigned rank_secret(struct cred_store *s, const struct stored_secret *e,
			    const struct cred_secret_query *q)
{
	unsigned score = score_secret(e, q);
	unsigned rank = 0;
	bool before = true;

	list_foreach(it, &s->secrets) {
		const struct stored_secret *x = list_entry(it, struct stored_secret, link);
		unsigned x_score;

		if (x == e)
			before = false;
		if (x == e || x->type != e->type)
			continue;
		x_score = score_secret(x, q);
		if (x_score > score || (before && x_score == score))
			rank++;
	}
	return rank;
}

int cred_find_secret(struct cred_store *s, const struct cred_secret_query *query,
		     struct secret *out)
{
	int err = E_NOTFOUND;

	*out = (struct secret){0};
	read_lock(s);
	list_foreach(it, &s->secrets) {
		const struct stored_secret *e = list_entry(it, struct stored_secret, link);

		if (e->type != query->type || score_secret(e, query) == 0 ||
		    rank_secret(s, e, query) != query->rank)
			continue;
		err = secret_copy(out, secret_view(&e->data));
		break;
	}
	unlock(s);
	return err;
}

bool cred_has_secret(struct cred_store *s, enum cred_secret_type type)
{
	bool has = false;

	read_lock(s);
	list_foreach(it, &s->secrets)
		has = has || list_entry(it, struct stored_secret, link)->type == type;
	unlock(s);
	return has;
}

struct keyref *cred_find_key(struct cred_store *s, const struct cert *c)
{
	struct stored_key *e;
	struct keyref *k;

	read_lock(s);
	e = find_key_by_id(s, c->subject_key);
	k = e ? keyref_get(e->key) : NULL;
	unlock(s);
	return k;
}

/* Whether the names and the key identifiers (if present) say that issuer signed c. */
static bool may_have_issued(const struct cert *issuer, const struct cert *c)
{
	const ASN1_OCTET_STRING *wanted = X509_get0_authority_key_id(c->x509);
	const ASN1_OCTET_STRING *has = X509_get0_subject_key_id(issuer->x509);

	return issuer->ca && id_equal(&issuer->subject, &c->issuer) &&
	       (!wanted || !has || ASN1_OCTET_STRING_cmp(wanted, has) == 0);
}

/* Under the lock; a trust anchor before others. Borrowed. */
static const struct cert *find_issuer(struct cred_store *s, const struct cert *c)
{
	const struct cert *found = NULL;

	list_foreach(it, &s->certs) {
		const struct stored_cert *e = list_entry(it, struct stored_cert, link);

		if (!may_have_issued(e->cert, c))
			continue;
		if (flag_of(e) == CRED_CA)
			return e->cert;
		if (!found)
			found = e->cert;
	}
	return found;
}

struct cert *cred_find_issuer(struct cred_store *s, const struct cert *c)
{
	const struct cert *found;
	struct cert *out;

	read_lock(s);
	found = find_issuer(s, c);
	out = found ? cert_get(found) : NULL;
	unlock(s);
	return out;
}

/* Whether a CA above c, as far as they are here, has one of the hashes. */
static bool leads_to(struct cred_store *s, const struct cert *c, const uint8_t *hashes, size_t n)
{
	for (int depth = 0; depth < CHAIN_MAX; depth++) {
		const struct cert *issuer = find_issuer(s, c);

		if (!issuer)
			return false;
		for (size_t i = 0; i < n; i++) {
			if (view_equal(view_make(issuer->spki_sha1, CERT_KEYID_LEN),
				       view_make(hashes + i * CERT_KEYID_LEN, CERT_KEYID_LEN)))
				return true;
		}
		if (issuer->self_signed)
			return false;
		c = issuer;
	}
	return false;
}

struct cert *cred_find_own_cert(struct cred_store *s, const struct id *id, const uint8_t *ca_hashes,
				size_t n_hashes)
{
	enum { WANTED_CA = 100 }; /* more than any match */
	const struct cert *best = NULL;
	unsigned best_score = 0;
	struct cert *out;

	read_lock(s);
	list_foreach(it, &s->certs) {
		const struct cert *c = list_entry(it, struct stored_cert, link)->cert;
		unsigned score = cert_has_id(c, id);

		if (score == 0 || !find_key_by_id(s, c->subject_key))
			continue;
		if (leads_to(s, c, ca_hashes, n_hashes))
			score += WANTED_CA;
		if (!best || score > best_score ||
		    (score == best_score && c->not_after > best->not_after)) {
			best = c;
			best_score = score;
		}
	}
	out = best ? cert_get(best) : NULL;
	unlock(s);
	return out;
}

struct cert *cred_find_ca(struct cred_store *s, const uint8_t spki_sha1[20])
{
	struct cert *out = NULL;

	read_lock(s);
	list_foreach(it, &s->certs) {
		const struct stored_cert *e = list_entry(it, struct stored_cert, link);

		if (flag_of(e) == CRED_CA &&
		    view_equal(view_make(e->cert->spki_sha1, CERT_KEYID_LEN),
			       view_make(spki_sha1, CERT_KEYID_LEN))) {
			out = cert_get(e->cert);
			break;
		}
	}
	unlock(s);
	return out;
}

bool cred_is_anchor(struct cred_store *s, const struct cert *c)
{
	const struct stored_cert *e;
	bool anchor;

	read_lock(s);
	e = find_same(s, c);
	anchor = e && flag_of(e) == CRED_CA;
	unlock(s);
	return anchor;
}

void cred_each_cert(struct cred_store *s, bool (*fn)(void *ctx, const struct cred_cert_info *),
		    void *ctx)
{
	read_lock(s);
	list_foreach(it, &s->certs) {
		const struct stored_cert *e = list_entry(it, struct stored_cert, link);
		struct cred_cert_info info = {
			.cert = e->cert,
			.flag = flag_of(e),
			.has_key = find_key_by_id(s, e->cert->subject_key) != NULL,
		};

		if (!fn(ctx, &info))
			break;
	}
	unlock(s);
}

void cred_each_crl(struct cred_store *s, bool (*fn)(void *ctx, const struct crl *), void *ctx)
{
	read_lock(s);
	list_foreach(it, &s->crls) {
		if (!fn(ctx, list_entry(it, struct stored_crl, link)->crl))
			break;
	}
	unlock(s);
}

void cred_each_key(struct cred_store *s, bool (*fn)(void *ctx, const struct keyref *), void *ctx)
{
	read_lock(s);
	list_foreach(it, &s->keys) {
		if (!fn(ctx, list_entry(it, struct stored_key, link)->key))
			break;
	}
	unlock(s);
}

void cred_each_secret(struct cred_store *s, bool (*fn)(void *ctx, const char *unique_id), void *ctx)
{
	read_lock(s);
	list_foreach(it, &s->secrets) {
		const char *unique_id = list_entry(it, struct stored_secret, link)->unique_id;

		if (unique_id && !fn(ctx, unique_id))
			break;
	}
	unlock(s);
}
