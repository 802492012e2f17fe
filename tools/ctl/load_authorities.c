/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tools/ctl/ctl.h"
#include "tools/ctl/load.h"
#include "tools/ctl/verb.h"
#include "vici/codec.h"

/* Authorities: the CA certificate by content, from x509ca (cacert) or anywhere (file). */

static int put_cacert(struct load *l, const struct conf_value *v, struct conf_errors *errs,
		      struct wbuf *w)
{
	struct load_blob blob = {v, v->items[0].data, strcmp(v->key, "file") == 0 ? "" : "x509ca"};
	struct wbuf data;
	int rc;

	wbuf_init(&data, 0);
	rc = load_read_blob(l, &blob, errs, &data);
	if (rc == 0)
		codec_value(w, "cacert", wbuf_view(&data));
	wbuf_done(&data);
	return rc;
}

static int put_authority(struct load *l, const struct conf_node *node, struct conf_errors *errs,
			 struct wbuf *w)
{
	int rc = 0;

	for (size_t i = 0; i < node->n_values; i++) {
		const struct conf_value *v = &node->values[i];

		if (v->count == 0)
			continue;
		if (strcmp(v->key, "cacert") == 0 || strcmp(v->key, "file") == 0)
			rc = put_cacert(l, v, errs, w) ? E_CONFIG : rc;
		else if (strcmp(v->key, "crl_uris") == 0 || strcmp(v->key, "ocsp_uris") == 0)
			load_put_list(w, v->key, v->items[0].data);
		else
			codec_text(w, v->key, v->items[0].data);
	}
	return rc;
}

/* The daemon knows the keys; here it is only seen that there is a certificate. */
static int check_authority(const struct conf_node *node, struct conf_errors *errs)
{
	if (conf_node_value(node, "cacert") || conf_node_value(node, "file"))
		return 0;
	conf_error_add(errs, node->pos, "authority '%s' has no CA certificate: set 'cacert'",
		       node->name);
	return E_CONFIG;
}

void load_authorities_part(struct load *l)
{
	static const struct load_kind kind = {
		.section = "authorities",
		.word = "authority",
		.load = "load-authority",
		.get = "get-authorities",
		.unload = "unload-authority",
		.list = "authorities",
		.check = check_authority,
		.put = put_authority,
	};

	load_sections(l, &kind);
}

int load_authorities(struct ctl *ctl)
{
	static void (*const parts[])(struct load *) = {load_authorities_part, NULL};

	return load_run(ctl, false, parts);
}
