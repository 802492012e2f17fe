/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conn.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/load.h"
#include "tools/ctl/verb.h"
#include "vici/codec.h"

/* Connections: most keys as they are, some as lists, and files by content. */

static bool is_list_key(const char *key)
{
	static const char *const keys[] = {
		"local_addrs",	"remote_addrs", "proposals",   "esp_proposals",
		"ah_proposals", "local_ts",	"remote_ts",   "vips",
		"pools",	"groups",	"cert_policy",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i]) == 0)
			return true;
	}
	return false;
}

/* Directory of the files a key names, or NULL. */
static const char *file_dir(const char *key)
{
	static const char *const rows[][2] = {
		{"certs", "x509"}, {"cacerts", "x509ca"}, {"pubkeys", "pubkey"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(key, rows[i][0]) == 0)
			return rows[i][1];
	}
	return NULL;
}

static int put_file(struct load *l, const struct load_blob *blob, struct conf_errors *errs,
		    struct wbuf *w)
{
	struct wbuf data;
	int rc;

	wbuf_init(&data, 0);
	rc = load_read_blob(l, blob, errs, &data);
	if (rc == 0)
		codec_item(w, wbuf_view(&data));
	wbuf_done(&data);
	return rc;
}

static int put_files(struct load *l, const struct conf_value *v, struct conf_errors *errs,
		     struct wbuf *w)
{
	char *text = strdup(v->items[0].data), *rest = text, *name;
	int rc = text ? 0 : E_NOMEM;

	codec_list(w, v->key);
	while (rc == 0 && (name = strsep(&rest, ",")) != NULL) {
		struct load_blob blob = {v, name, file_dir(v->key)};
		size_t len;

		blob.text += strspn(name, " \t\n");
		for (len = strlen(name); len && strchr(" \t\n", name[len - 1]); len--)
			name[len - 1] = '\0';
		if (*blob.text)
			rc = put_file(l, &blob, errs, w);
	}
	codec_list_end(w);
	free(text);
	return rc;
}

static int put_values(struct load *l, const struct conf_node *node, struct conf_errors *errs,
		      struct wbuf *w)
{
	int rc = 0;

	for (size_t i = 0; i < node->n_values; i++) {
		const struct conf_value *v = &node->values[i];

		if (v->count == 0)
			continue;
		if (file_dir(v->key))
			rc = put_files(l, v, errs, w) ? E_CONFIG : rc;
		else if (is_list_key(v->key))
			load_put_list(w, v->key, v->items[0].data);
		else
			codec_text(w, v->key, v->items[0].data);
	}
	return rc;
}

/* The schema bounds the depth: checked before. */
static int put_conn(struct load *l, const struct conf_node *node, struct conf_errors *errs,
		    struct wbuf *w)
{
	int rc = put_values(l, node, errs, w);

	for (size_t i = 0; i < node->n_sections; i++) {
		codec_section(w, node->sections[i]->name);
		if (put_conn(l, node->sections[i], errs, w))
			rc = E_CONFIG;
		codec_section_end(w);
	}
	return rc;
}

static int check_conn(const struct conf_node *node, struct conf_errors *errs)
{
	struct conf_conn *conn;
	int rc = conf_conn_build(node, errs, &conn);

	if (rc == 0)
		conf_conn_put(conn);
	return rc;
}

void load_conns_part(struct load *l)
{
	static const struct load_kind kind = {
		.section = "connections",
		.word = "connection",
		.load = "load-conn",
		.get = "get-conns",
		.unload = "unload-conn",
		.list = "conns",
		.check = check_conn,
		.put = put_conn,
	};

	load_sections(l, &kind);
}

int load_conns(struct ctl *ctl)
{
	static void (*const parts[])(struct load *) = {load_conns_part, NULL};

	return load_run(ctl, true, parts);
}
