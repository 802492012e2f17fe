/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/node.h"
#include "cred/cert.h"
#include "cred/crl.h"
#include "cred/id.h"
#include "cred/keyref.h"
#include "cred/store.h"
#include "crypto/sign.h"
#include "vici/cmd.h"
#include "vici/codec.h"

/* ---- certificates --------------------------------------------------------------------------- */

static const char *const flag_names[] = {
	[CRED_NONE] = "NONE",
	[CRED_CA] = "CA",
	[CRED_AA] = "AA",
	[CRED_OCSP] = "OCSP",
};

static int parse_flag(const char *text, enum cred_flag *out)
{
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		if (strcasecmp(text, flag_names[i]) == 0) {
			*out = (enum cred_flag)i;
			return 0;
		}
	}
	return E_NOTFOUND;
}

static void log_cert(struct vici_context *c, const struct cert *cert)
{
	char *subject = cert_subject_text(cert);

	log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "loaded certificate '%s'",
		  subject ? subject : "?");
	free(subject);
}

static void load_x509(struct server_call *call, struct view data, enum cred_flag flag)
{
	struct vici_context *c = cmd_context(call);
	struct cert *cert, *added;
	int rc;

	if (cert_parse(data, &cert)) {
		cmd_fail(call, "parsing X509 certificate failed");
		return;
	}
	if (flag == CRED_CA && !cert->ca) {
		cmd_fail(call, "ca certificate lacks CA basic constraint, rejected");
	} else {
		rc = cred_add_cert(c->creds, data, flag, &added);
		if (rc == 0) {
			log_cert(c, added);
			cert_put(added);
		}
		cmd_finish(call, rc);
	}
	cert_put(cert);
}

static void load_crl(struct server_call *call, struct view data)
{
	struct vici_context *c = cmd_context(call);
	struct crl *crl;
	char *issuer;
	int rc = cred_add_crl(c->creds, data, &crl);

	if (rc == E_UNSUPPORTED) {
		cmd_fail(call, "this X509_CRL is not supported: it is an indirect one, or has a "
			       "critical extension that is not understood");
	} else if (rc == E_NOMEM) {
		cmd_finish(call, rc);
	} else if (rc) {
		cmd_fail(call, "parsing X509_CRL certificate failed");
	} else {
		issuer = id_string(&crl->issuer);
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "loaded crl of '%s'",
			  issuer ? issuer : "?");
		free(issuer);
		crl_put(crl);
		cmd_succeed(call);
	}
}

void cmd_cred_load_cert(struct server_call *call)
{
	const char *type = cmd_text(call, "type"), *flag_text = cmd_text(call, "flag");
	struct view data = cmd_bytes(call, "data");
	enum cred_flag flag = CRED_NONE;
	bool crl = type && strcasecmp(type, "X509_CRL") == 0;

	if (!type)
		cmd_fail(call, "certificate type missing");
	else if (strcasecmp(type, "X509_AC") == 0)
		cmd_fail(call,
			 "certificate type 'X509_AC' is not supported: attribute certificates "
			 "are not implemented, use remote.ca_id or remote.cacerts");
	else if (!crl && strcasecmp(type, "X509") != 0)
		cmd_fail(call, "certificate type '%s' is not supported: only X509 and X509_CRL are",
			 type);
	else if (!crl && flag_text && parse_flag(flag_text, &flag))
		cmd_fail(call, "invalid certificate flag '%s'", flag_text);
	else if (data.len == 0)
		cmd_fail(call, "certificate data missing");
	else if (crl)
		load_crl(call, data);
	else
		load_x509(call, data, flag);
}

struct list_ctx {
	struct server_call *call;
	const char *type, *flag;
	struct id subject;
	bool by_subject;
};

static bool wants_type(const struct list_ctx *l, const char *type)
{
	return !l->type || strcasecmp(l->type, "ANY") == 0 || strcasecmp(l->type, type) == 0;
}

static bool wants_cert(const struct list_ctx *l, const struct cred_cert_info *info)
{
	if (!wants_type(l, "X509"))
		return false;
	if (l->flag && strcasecmp(l->flag, "ANY") != 0 &&
	    strcasecmp(l->flag, flag_names[info->flag]) != 0)
		return false;
	return !l->by_subject || cert_has_id(info->cert, &l->subject);
}

static bool list_cert(void *ctx, const struct cred_cert_info *info)
{
	struct list_ctx *l = ctx;
	struct wbuf w;

	if (!wants_cert(l, info))
		return true;
	wbuf_init(&w, CODEC_MAX_MESSAGE);
	codec_text(&w, "type", "X509");
	codec_text(&w, "flag", flag_names[info->flag]);
	codec_yes(&w, "has_privkey", info->has_key);
	codec_value(&w, "data", info->cert->der);
	if (wbuf_err(&w) == 0)
		server_call_stream(l->call, SERVER_EV_LIST_CERT, wbuf_view(&w));
	wbuf_done(&w);
	return true;
}

/* Its subject is its issuer; flags are for certificates: one that is asked for excludes it. */
static bool list_crl(void *ctx, const struct crl *crl)
{
	struct list_ctx *l = ctx;
	struct wbuf w;

	if (!wants_type(l, "X509_CRL") ||
	    (l->flag && strcasecmp(l->flag, "ANY") != 0 && strcasecmp(l->flag, "NONE") != 0) ||
	    (l->by_subject && !id_match(&crl->issuer, &l->subject)))
		return true;
	wbuf_init(&w, CODEC_MAX_MESSAGE);
	codec_text(&w, "type", "X509_CRL");
	codec_text(&w, "flag", "NONE");
	codec_value(&w, "data", crl->der);
	if (wbuf_err(&w) == 0)
		server_call_stream(l->call, SERVER_EV_LIST_CERT, wbuf_view(&w));
	wbuf_done(&w);
	return true;
}

void cmd_cred_list_certs(struct server_call *call)
{
	const char *subject = cmd_text(call, "subject");
	struct list_ctx l = {
		.call = call,
		.type = cmd_text(call, "type"),
		.flag = cmd_text(call, "flag"),
		.by_subject = subject != NULL,
	};

	if (subject && id_parse(subject, &l.subject)) {
		cmd_fail(call, "invalid subject '%s'", subject);
		return;
	}
	cred_each_cert(cmd_context(call)->creds, list_cert, &l);
	cred_each_crl(cmd_context(call)->creds, list_crl, &l);
	if (subject)
		id_done(&l.subject);
}

/* ---- private keys --------------------------------------------------------------------------- */

static bool is_key_type(const char *type)
{
	static const char *const types[] = {"any", "private", "pkcs8", "bliss", "priv", "pkcs12"};
	const struct sign_scheme *s;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcasecmp(type, types[i]) == 0)
			return true;
	}
	for (size_t i = 0; (s = sign_at(i)); i++) {
		if (strcasecmp(type, s->key_type) == 0)
			return true;
	}
	return false;
}

static void answer_key(struct server_call *call, const struct keyref *key)
{
	struct wbuf *w = server_call_reply(call);
	char *id = str_hex(view_make(keyref_id(key), 20), "");

	codec_text(w, "success", "yes");
	codec_text(w, "id", id);
	free(id);
}

void cmd_cred_load_key(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *type = cmd_text(call, "type");
	struct view data = cmd_bytes(call, "data");
	struct keyref *key;
	int rc;

	if (!type) {
		cmd_fail(call, "key type missing");
		return;
	}
	if (!is_key_type(type)) {
		cmd_fail(call, "invalid key type: %s", type);
		return;
	}
	if (data.len == 0) {
		cmd_fail(call, "key data missing");
		return;
	}
	rc = keyref_load(data, NULL, &key);
	if (rc) {
		cmd_fail(call, "parsing %s private key failed%s",
			 strcasecmp(type, "any") == 0 ? "ANY" : type,
			 rc == E_AUTH ? ": it is encrypted, decrypt it before it is sent" : "");
		return;
	}
	rc = cred_add_key(c->creds, key);
	if (rc) {
		cmd_finish(call, rc);
	} else {
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "loaded %s private key",
			  keyref_type(key));
		answer_key(call, key);
	}
	keyref_put(key);
}

void cmd_cred_unload_key(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *text = cmd_text(call, "id");
	struct wbuf id;
	int rc;

	if (!text) {
		cmd_fail(call, "key id missing");
		return;
	}
	wbuf_init(&id, 0);
	rc = str_unhex(text, &id);
	if (rc == 0)
		rc = wbuf_err(&id);
	if (rc == 0)
		rc = id.len == 20 ? cred_remove_key(c->creds, id.data) : E_NOTFOUND;
	wbuf_done(&id);
	if (rc) {
		cmd_fail(call, "key not found");
		return;
	}
	log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "unloaded private key with id %s", text);
	cmd_succeed(call);
}

static bool put_key(void *ctx, const struct keyref *key)
{
	char *id = str_hex(view_make(keyref_id(key), 20), "");

	if (id)
		codec_item(ctx, view_str(id));
	free(id);
	return true;
}

void cmd_cred_get_keys(struct server_call *call)
{
	struct wbuf *w = server_call_reply(call);

	codec_list(w, "keys");
	cred_each_key(cmd_context(call)->creds, put_key, w);
	codec_list_end(w);
}

/* ---- shared secrets ------------------------------------------------------------------------- */

static int parse_secret_type(const char *text, enum cred_secret_type *out, const char **out_name)
{
	static const char *const names[] = {
		[CRED_IKE] = "IKE",   [CRED_EAP] = "EAP", [CRED_XAUTH] = "XAUTH",
		[CRED_NTLM] = "NTLM", [CRED_PPK] = "PPK",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i]) == 0) {
			*out = (enum cred_secret_type)i;
			*out_name = names[i];
			return 0;
		}
	}
	return E_NOTFOUND;
}

static void log_secret(struct vici_context *c, const struct cred_secret_params *p, const char *type)
{
	struct wbuf w;
	struct view text;

	wbuf_init(&w, 0);
	for (size_t i = 0; i < p->n_owners; i++)
		wbuf_fmt(&w, "%s'%s'", i ? ", " : "", p->owners[i]);
	if (p->n_owners == 0)
		wbuf_str(&w, "'%any'");
	text = wbuf_view(&w);
	if (p->unique_id)
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL,
			  "loaded %s shared key with id '%s' for: %.*s", type, p->unique_id,
			  (int)text.len, (const char *)text.ptr);
	else
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "loaded %s shared key for: %.*s", type,
			  (int)text.len, (const char *)text.ptr);
	wbuf_done(&w);
}

static int add_secret(struct server_call *call, struct cred_secret_params *p, const char *type)
{
	struct vici_context *c = cmd_context(call);
	const struct conf_value *v = conf_node_value(server_call_request(call), "owners");
	size_t n = v ? v->count : 0;
	const char **owners = calloc(n + 1, sizeof(*owners));
	int rc;

	if (!owners)
		return E_NOMEM;
	for (size_t i = 0; i < n; i++)
		owners[i] = v->items[i].data;
	p->owners = owners;
	p->n_owners = n;
	rc = cred_add_secret(c->creds, p);
	if (rc == 0)
		log_secret(c, p, type);
	free(owners);
	return rc;
}

void cmd_cred_load_shared(struct server_call *call)
{
	const char *type = cmd_text(call, "type"), *name;
	struct cred_secret_params params = {
		.unique_id = cmd_text(call, "id"),
		.data = cmd_bytes(call, "data"),
	};

	if (!type)
		cmd_fail(call, "shared key type missing");
	else if (parse_secret_type(type, &params.type, &name))
		cmd_fail(call, "invalid shared key type: %s", type);
	else if (params.data.len == 0)
		cmd_fail(call, "shared key data missing");
	else
		cmd_finish(call, add_secret(call, &params, name));
}

void cmd_cred_unload_shared(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *id = cmd_text(call, "id");

	if (!id) {
		cmd_fail(call, "unique identifier missing");
		return;
	}
	if (cred_remove_secret(c->creds, id)) {
		cmd_fail(call, "shared key not found");
		return;
	}
	log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "unloaded shared key with id '%s'", id);
	cmd_succeed(call);
}

static bool put_secret(void *ctx, const char *unique_id)
{
	if (unique_id)
		codec_item(ctx, view_str(unique_id));
	return true;
}

void cmd_cred_get_shared(struct server_call *call)
{
	struct wbuf *w = server_call_reply(call);

	codec_list(w, "keys");
	cred_each_secret(cmd_context(call)->creds, put_secret, w);
	codec_list_end(w);
}

/* ---- all of them ---------------------------------------------------------------------------- */

void cmd_cred_clear(struct server_call *call)
{
	cred_clear(cmd_context(call)->creds);
	cmd_succeed(call);
}

/* Nothing is fetched and cached; what was loaded stays: to forget a CRL lets the revoked in. */
void cmd_cred_flush(struct server_call *call)
{
	cmd_succeed(call);
}
