/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/revoke.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "cred/crl.h"
#include "cred/dn.h"
#include "cred/store.h"

#define TIME_TEXT_MAX 64

/* The CRLs that bear an issuer's name; references. */
struct lists {
	const X509 *issuer;
	struct crl **crls;
	size_t n;
};

static bool gather(void *ctx, const struct crl *crl)
{
	struct lists *l = ctx;
	struct crl **crls;

	if (!crl_names_issuer(crl, l->issuer))
		return true;
	crls = realloc(l->crls, (l->n + 1) * sizeof(struct crl *));
	if (!crls)
		return false;
	l->crls = crls;
	l->crls[l->n++] = crl_get(crl);
	return true;
}

static const char *time_text(int64_t when, char buf[TIME_TEXT_MAX])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, TIME_TEXT_MAX, "%b %d %H:%M:%S UTC %Y", &tm))
		snprintf(buf, TIME_TEXT_MAX, "%lld s after 1970", (long long)when);
	return buf;
}

static void say_signer(struct log_notes *notes, const char *before, const X509 *issuer,
		       const char *after)
{
	struct wbuf name;

	wbuf_init(&name, 0);
	dn_text(X509_get_subject_name(issuer), &name);
	if (wbuf_err(&name) == 0)
		log_note(notes, LOG_CFG, LOG_CTRL, "  %s \"%.*s\"%s", before, (int)name.len,
			 (const char *)name.data, after);
	wbuf_done(&name);
}

/* RFC 5280 section 6.3.3 (f) and (g). */
static bool is_signed(const struct crl *crl, X509 *issuer, struct log_notes *notes)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	if (!(X509_get_key_usage(issuer) & KU_CRL_SIGN)) {
		say_signer(notes, "crl is ignored: the keyUsage of", issuer, " lacks cRLSign");
		return false;
	}
	if (!key || X509_CRL_verify(crl->x509, key) != 1) {
		say_signer(notes, "crl is ignored: its signature is not that of", issuer, "");
		return false;
	}
	say_signer(notes, "crl correctly signed by", issuer, "");
	return true;
}

/* What one list tells. */
static enum revoke_status ask(const struct crl *crl, X509 *x, int64_t now, struct log_notes *notes)
{
	char text[TIME_TEXT_MAX];
	int64_t when;
	int reason;

	if (crl_lists(crl, x, &when, &reason)) {
		log_note(notes, LOG_CFG, LOG_CTRL, "certificate was revoked on %s, reason: %s",
			 time_text(when, text), crl_reason_text(reason));
		return REVOKE_REVOKED;
	}
	if (crl->this_update > now) {
		log_note(notes, LOG_CFG, LOG_CTRL, "  crl is not valid before %s",
			 time_text(crl->this_update, text));
		return REVOKE_MISSING;
	}
	if (crl->next_update < now) {
		log_note(notes, LOG_CFG, LOG_CTRL, "  crl is stale: since %s",
			 time_text(crl->next_update, text));
		return crl->partial ? REVOKE_MISSING : REVOKE_STALE;
	}
	if (crl->next_update != INT64_MAX)
		log_note(notes, LOG_CFG, LOG_CTRL, "  crl is valid: until %s",
			 time_text(crl->next_update, text));
	return crl->partial ? REVOKE_MISSING : REVOKE_GOOD;
}

/* A revocation outweighs everything; else the best that any list tells. */
static enum revoke_status combine(enum revoke_status a, enum revoke_status b)
{
	if (a == REVOKE_REVOKED || b == REVOKE_REVOKED)
		return REVOKE_REVOKED;
	if (a == REVOKE_GOOD || b == REVOKE_GOOD)
		return REVOKE_GOOD;
	return a == REVOKE_STALE || b == REVOKE_STALE ? REVOKE_STALE : REVOKE_MISSING;
}

static void say_status(enum revoke_status status, struct log_notes *notes)
{
	static const char *const texts[] = {
		[REVOKE_GOOD] = "certificate status is good",
		[REVOKE_MISSING] = "certificate status is not available",
		[REVOKE_STALE] = "certificate status is unknown, crl is stale",
	};

	if (status != REVOKE_REVOKED)
		log_note(notes, LOG_CFG, LOG_CTRL, "%s", texts[status]);
}

enum revoke_status revoke_check(struct cred_store *store, X509 *x, X509 *issuer, int64_t now,
				struct log_notes *notes)
{
	struct lists l = {.issuer = issuer};
	enum revoke_status status = REVOKE_MISSING;

	cred_each_crl(store, gather, &l);
	for (size_t i = 0; i < l.n && status != REVOKE_REVOKED; i++) {
		if (is_signed(l.crls[i], issuer, notes))
			status = combine(status, ask(l.crls[i], x, now, notes));
	}
	for (size_t i = 0; i < l.n; i++)
		crl_put(l.crls[i]);
	free(l.crls);
	say_status(status, notes);
	return status;
}
