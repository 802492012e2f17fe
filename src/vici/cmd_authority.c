/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "conf/node.h"
#include "cred/cert.h"
#include "cred/store.h"
#include "vici/cmd.h"
#include "vici/codec.h"

/*
 * Authorities: a CA certificate, which becomes a trust anchor, and where to ask about what it
 * issued.
 */

struct authority {
	struct list link;
	char *name;
	struct cert *cacert;
	struct strs crl_uris, ocsp_uris;
	char *cert_uri_base; /* or NULL */
};

static struct authority *authority_of(struct list *link)
{
	return list_entry(link, struct authority, link);
}

static void authority_free(struct vici_context *c, struct authority *a)
{
	free(a->name);
	free(a->cert_uri_base);
	if (a->cacert)
		cred_release_cert(c->creds, a->cacert, CRED_CA);
	cert_put(a->cacert);
	strs_done(&a->crl_uris);
	strs_done(&a->ocsp_uris);
	free(a);
}

static struct authority *find(const struct vici_context *c, const char *name)
{
	list_foreach(it, &c->authorities) {
		if (strcmp(authority_of(it)->name, name) == 0)
			return authority_of(it);
	}
	return NULL;
}

static void drop(struct vici_context *c, struct authority *a)
{
	list_remove(&a->link);
	authority_free(c, a);
}

void cmd_authority_clear(struct vici_context *c)
{
	while (!list_empty(&c->authorities))
		drop(c, authority_of(c->authorities.next));
}

/* ---- load ----------------------------------------------------------------------------------- */

static int take_strings(const struct conf_value *v, struct strs *out)
{
	int rc = 0;

	for (size_t i = 0; i < v->count && rc == 0; i++)
		rc = strs_add(out, v->items[i].data);
	return rc;
}

static int take_cacert(struct vici_context *c, const struct conf_value *v, struct authority *a)
{
	if (v->count != 1 || a->cacert)
		return E_MALFORMED;
	return cred_hold_cert(c->creds, view_make(v->items[0].data, v->items[0].len), CRED_CA,
			      &a->cacert);
}

static int take_value(struct server_call *call, const struct conf_value *v, struct authority *a)
{
	int rc = 0;

	if (strcmp(v->key, "cacert") == 0) {
		rc = take_cacert(cmd_context(call), v, a);
	} else if (strcmp(v->key, "crl_uris") == 0) {
		rc = take_strings(v, &a->crl_uris);
	} else if (strcmp(v->key, "ocsp_uris") == 0) {
		rc = take_strings(v, &a->ocsp_uris);
	} else if (strcmp(v->key, "cert_uri_base") == 0 && v->count == 1) {
		a->cert_uri_base = strdup(v->items[0].data);
		rc = a->cert_uri_base ? 0 : E_NOMEM;
	} else {
		cmd_fail(call, "unknown option: %s, authority discarded", v->key);
		return E_CONFIG;
	}
	if (rc)
		cmd_fail(call, "invalid value for: %s, authority discarded: %s", v->key,
			 err_text(rc));
	return rc;
}

static int fill(struct server_call *call, const struct conf_node *node, struct authority *a)
{
	int rc = 0;

	a->name = strdup(node->name);
	if (!a->name) {
		cmd_finish(call, E_NOMEM);
		return E_NOMEM;
	}
	for (size_t i = 0; i < node->n_values && rc == 0; i++)
		rc = take_value(call, &node->values[i], a);
	if (rc == 0 && !a->cacert) {
		cmd_fail(call, "CA certificate missing: %s", node->name);
		rc = E_CONFIG;
	}
	return rc;
}

void cmd_authority_load(struct server_call *call)
{
	const struct conf_node *request = server_call_request(call);
	struct vici_context *c = cmd_context(call);

	if (request->n_sections == 0) {
		cmd_fail(call, "missing authority: expected a section with its name");
		return;
	}
	for (size_t i = 0; i < request->n_sections; i++) {
		struct authority *a = calloc(1, sizeof(*a)), *old;

		if (!a) {
			cmd_finish(call, E_NOMEM);
			return;
		}
		if (fill(call, request->sections[i], a)) {
			authority_free(c, a);
			return;
		}
		old = find(c, a->name);
		log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "%s vici authority: %s",
			  old ? "updated" : "added", a->name);
		if (old)
			drop(c, old);
		list_append(&c->authorities, &a->link);
		loaded_put(&c->loaded, "authorities", request->sections[i]);
	}
	cmd_succeed(call);
}

void cmd_authority_unload(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	const char *name = cmd_text(call, "name");
	struct authority *a;

	if (!name) {
		cmd_fail(call, "unload: missing authority name");
		return;
	}
	a = find(c, name);
	if (!a) {
		cmd_fail(call, "unload: authority '%s' not found", name);
		return;
	}
	log_print(c->log, NULL, LOG_CFG, LOG_CTRL, "removed vici authority: %s", name);
	loaded_remove(&c->loaded, "authorities", name);
	drop(c, a);
	cmd_succeed(call);
}

/* ---- get and list --------------------------------------------------------------------------- */

void cmd_authority_get(struct server_call *call)
{
	struct wbuf *w = server_call_reply(call);

	codec_list(w, "authorities");
	list_foreach(it, &cmd_context(call)->authorities)
		codec_item(w, view_str(authority_of(it)->name));
	codec_list_end(w);
}

static void list_authority(struct server_call *call, const struct authority *a)
{
	char *subject = cert_subject_text(a->cacert);
	struct wbuf w;

	wbuf_init(&w, CODEC_MAX_MESSAGE);
	codec_section(&w, a->name);
	codec_text(&w, "cacert", subject);
	codec_strs(&w, "crl_uris", &a->crl_uris);
	codec_strs(&w, "ocsp_uris", &a->ocsp_uris);
	codec_text(&w, "cert_uri_base", a->cert_uri_base);
	codec_section_end(&w);
	if (wbuf_err(&w) == 0)
		server_call_stream(call, SERVER_EV_LIST_AUTHORITY, wbuf_view(&w));
	wbuf_done(&w);
	free(subject);
}

void cmd_authority_list(struct server_call *call)
{
	const char *name = cmd_text(call, "name");

	list_foreach(it, &cmd_context(call)->authorities) {
		if (!name || strcmp(name, authority_of(it)->name) == 0)
			list_authority(call, authority_of(it));
	}
}
