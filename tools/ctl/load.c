/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/load.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "conf/conn.h"
#include "conf/value.h"
#include "cygnet-config.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/verb.h"
#include "vici/codec.h"

/* ---- the file ------------------------------------------------------------------------------- */

static void tell(struct load *l, const struct conf_errors *errs)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	for (size_t i = 0; i < errs->count; i++) {
		wbuf_reset(&w);
		conf_error_text(&errs->items[i], &w);
		fprintf(stderr, "%.*s\n", (int)w.len, (const char *)w.data);
	}
	wbuf_done(&w);
	l->failed |= errs->count > 0;
}

void load_tell(struct load *l, struct conf_errors *errs)
{
	if (!l->checked)
		tell(l, errs);
	l->failed |= errs->count > 0;
	conf_errors_done(errs);
	*errs = (struct conf_errors){.count = 0};
}

static int read_conf(struct load *l)
{
	const char *dir = getenv("SWANCTL_DIR"), *file = ctl_option(l->ctl, "file");
	char path[PATH_MAX + 16];
	int rc;

	snprintf(l->dir, sizeof(l->dir), "%s", dir && *dir ? dir : CYGNET_SYSCONFDIR "/swanctl");
	snprintf(path, sizeof(path), "%s/swanctl.conf", l->dir);
	rc = conf_parse_file(file ? file : path, &l->syntax, &l->root);
	tell(l, &l->syntax);
	if (rc && l->syntax.count == 0)
		fprintf(stderr, "%s: %s\n", file ? file : path, err_text(rc));
	return rc;
}

static void check_conf(struct load *l)
{
	struct conf_errors errs = {.count = 0};

	conf_check_swanctl(l->root, &errs);
	load_tell(l, &errs);
	l->checked = true;
}

int load_run(struct ctl *ctl, bool check, void (*const *parts)(struct load *l))
{
	struct load l = {.ctl = ctl};

	if (read_conf(&l)) {
		l.failed = true;
	} else {
		if (check)
			check_conf(&l);
		for (; *parts; parts++)
			(*parts)(&l);
		conf_node_free(l.root);
	}
	conf_errors_done(&l.syntax);
	return l.failed ? CTL_BAD_CONFIG : CTL_OK;
}

static bool same_file(const struct conf_pos *a, const struct conf_pos *b)
{
	return a->file && b->file && strcmp(a->file, b->file) == 0;
}

/* An error belongs to the last section that begins before it. */
static bool belongs(const struct conf_pos *error, const struct conf_node *section)
{
	const struct conf_node *parent = section->parent;

	if (!same_file(error, &section->pos) || error->line < section->pos.line)
		return false;
	for (size_t i = 0; i < parent->n_sections; i++) {
		const struct conf_pos *other = &parent->sections[i]->pos;

		if (same_file(error, other) && other->line > section->pos.line &&
		    other->line <= error->line)
			return false;
	}
	return true;
}

bool load_is_broken(const struct load *l, const struct conf_node *section)
{
	for (size_t i = 0; i < l->syntax.count; i++) {
		if (belongs(&l->syntax.items[i].pos, section))
			return true;
	}
	return false;
}

/* ---- values --------------------------------------------------------------------------------- */

int load_read_file(const char *path, struct wbuf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	uint8_t part[4096];
	ssize_t n;

	if (fd < 0)
		return E_IO;
	while (rc == 0 && (n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0)
			rc = E_IO;
		else
			wbuf_bytes(out, part, (size_t)n);
		if (out->len > CODEC_MAX_VALUE)
			rc = E_LIMIT;
	}
	secret_wipe(part, sizeof(part));
	close(fd);
	return rc ? rc : wbuf_err(out);
}

static int decode_inline(const struct load_blob *b, struct conf_errors *errs, struct wbuf *out)
{
	struct secret s = {NULL, 0};
	int rc = value_secret(b->text, &s);

	if (rc)
		conf_error_add(errs, b->value->pos, "invalid value of '%s': not %s", b->value->key,
			       b->text[1] == 'x' ? "hex digits after 0x" : "base64 after 0s");
	else
		wbuf_add(out, secret_view(&s));
	secret_done(&s);
	return rc;
}

int load_read_blob(struct load *l, const struct load_blob *b, struct conf_errors *errs,
		   struct wbuf *out)
{
	char path[2 * PATH_MAX];
	int rc;

	if (strncmp(b->text, "0x", 2) == 0 || strncmp(b->text, "0s", 2) == 0)
		return decode_inline(b, errs, out);
	if (b->text[0] == '/')
		snprintf(path, sizeof(path), "%s", b->text);
	else
		snprintf(path, sizeof(path), "%s/%s%s%s", l->dir, b->subdir, *b->subdir ? "/" : "",
			 b->text);
	rc = load_read_file(path, out);
	if (rc)
		conf_error_add(errs, b->value->pos, "option '%s': cannot read %s: %s",
			       b->value->key, path,
			       rc == E_IO ? strerror(errno) : "it is larger than 65535 bytes");
	return rc;
}

void load_put_list(struct wbuf *w, const char *key, const char *text)
{
	codec_list(w, key);
	while (*text) {
		size_t len = strcspn(text, ","), end;
		const char *next = text + len + (text[len] == ',');

		while (len && isspace((unsigned char)*text)) {
			text++;
			len--;
		}
		end = len;
		while (end && isspace((unsigned char)text[end - 1]))
			end--;
		if (end)
			codec_item(w, view_make(text, end));
		text = next;
	}
	codec_list_end(w);
}

/* ---- named sections ------------------------------------------------------------------------- */

struct tally {
	unsigned found, loaded, failed, unloaded;
};

static int send_section(struct load *l, const struct load_kind *kind, const struct conf_node *node,
			struct view message)
{
	struct ctl_request request = {.command = kind->load, .message = message, .quiet = true};
	const char *why = "no answer";
	struct conf_node *reply;
	int rc = ctl_call(l->ctl, &request, &reply);

	if (rc == 0 && l->ctl->format == CTL_TEXT)
		printf("loaded %s '%s'\n", kind->word, node->name);
	if (rc && reply)
		(void)ctl_succeeded(reply, &why);
	if (rc)
		fprintf(stderr, "loading %s '%s' failed: %s\n", kind->word, node->name, why);
	conf_node_free(reply);
	return rc;
}

void load_tell_change(struct load *l, const char *line)
{
	l->changes++;
	l->keeps_sas |= strncmp(line, "+ connections.", 14) != 0 && strstr(line, " connections.");
	printf("%s\n", line);
}

/* Ask the daemon what would change, instead of loading the section. */
static int diff_section(struct load *l, const struct load_kind *kind, const struct conf_node *node,
			struct view section)
{
	struct ctl_request request = {.command = "diff", .quiet = true};
	const struct conf_value *changes;
	const char *why = "no answer";
	struct conf_node *reply = NULL;
	struct wbuf w;
	int rc;

	wbuf_init(&w, CODEC_MAX_MESSAGE);
	codec_section(&w, kind->section);
	wbuf_add(&w, section);
	codec_section_end(&w);
	request.message = wbuf_view(&w);
	rc = wbuf_err(&w) ? CTL_FAILED : ctl_call(l->ctl, &request, &reply);
	wbuf_done(&w);
	changes = rc == 0 ? conf_node_value(reply, "changes") : NULL;
	for (size_t i = 0; changes && i < changes->count; i++)
		load_tell_change(l, changes->items[i].data);
	if (rc && reply)
		(void)ctl_succeeded(reply, &why);
	if (rc)
		fprintf(stderr, "comparing %s '%s' failed: %s\n", kind->word, node->name, why);
	conf_node_free(reply);
	return rc;
}

static int load_section(struct load *l, const struct load_kind *kind, const struct conf_node *node)
{
	struct conf_errors errs = {.count = 0}, missing = {.count = 0};
	struct wbuf w;
	int rc = load_is_broken(l, node) ? E_CONFIG : 0;

	if (kind->check(node, &errs))
		rc = E_CONFIG;
	load_tell(l, &errs);
	wbuf_init(&w, CODEC_MAX_PACKET);
	codec_section(&w, node->name);
	if (rc == 0)
		rc = kind->put(l, node, &missing, &w);
	codec_section_end(&w);
	tell(l, &missing);
	conf_errors_done(&missing);
	if (rc == 0)
		rc = wbuf_err(&w);
	if (rc)
		fprintf(stderr, "loading %s '%s' failed: %s\n", kind->word, node->name,
			rc == E_LIMIT ? "it is too long for a vici message"
				      : "its configuration has the errors above");
	else if (ctl_option(l->ctl, "dry-run"))
		rc = diff_section(l, kind, node, wbuf_view(&w));
	else
		rc = send_section(l, kind, node, wbuf_view(&w));
	wbuf_done(&w);
	return rc;
}

/* Names that the daemon has now. */
static void get_names(struct load *l, const struct load_kind *kind, struct strs *out)
{
	struct ctl_request request = {.command = kind->get, .quiet = true};
	const struct conf_value *list;
	struct conf_node *reply;
	int rc = 0;

	if (ctl_call(l->ctl, &request, &reply) == 0) {
		list = kind->list ? conf_node_value(reply, kind->list) : NULL;
		for (size_t i = 0; list && i < list->count && rc == 0; i++)
			rc = strs_add(out, list->items[i].data);
		for (size_t i = 0; !kind->list && i < reply->n_sections && rc == 0; i++)
			rc = strs_add(out, reply->sections[i]->name);
	}
	l->failed |= rc != 0;
	conf_node_free(reply);
}

static int unload_name(struct load *l, const struct load_kind *kind, const char *name)
{
	struct ctl_request request = {.command = kind->unload, .quiet = true};
	const char *why = "no answer";
	struct conf_node *reply;
	char line[512];
	struct wbuf w;
	int rc;

	if (ctl_option(l->ctl, "dry-run")) {
		snprintf(line, sizeof(line), "- %s.%s", kind->section, name);
		load_tell_change(l, line);
		return 0;
	}
	wbuf_init(&w, 0);
	codec_text(&w, "name", name);
	request.message = wbuf_view(&w);
	rc = ctl_call(l->ctl, &request, &reply);
	if (rc && reply)
		(void)ctl_succeeded(reply, &why);
	if (rc)
		fprintf(stderr, "unloading %s '%s' failed: %s\n", kind->word, name, why);
	conf_node_free(reply);
	wbuf_done(&w);
	return rc;
}

static void unload_missing(struct load *l, const struct load_kind *kind, const struct strs *names,
			   struct tally *t)
{
	const struct conf_node *all = conf_node_section(l->root, kind->section);

	for (size_t i = 0; i < names->count; i++) {
		if (all && conf_node_section(all, names->items[i]))
			continue;
		if (unload_name(l, kind, names->items[i]))
			l->failed = true;
		else
			t->unloaded++;
	}
}

static void print_summary(struct load *l, const struct load_kind *kind, const struct tally *t)
{
	if (ctl_option(l->ctl, "dry-run")) {
		l->failed |= t->failed > 0;
	} else if (t->failed) {
		l->failed = true;
		fprintf(stderr, "loaded %u of %u %s, %u failed to load, %u unloaded\n", t->loaded,
			t->found, kind->section, t->failed, t->unloaded);
	} else if (l->ctl->format != CTL_TEXT) {
		return;
	} else if (t->found == 0) {
		printf("no %s found, %u unloaded\n", kind->section, t->unloaded);
	} else {
		printf("successfully loaded %u %s, %u unloaded\n", t->loaded, kind->section,
		       t->unloaded);
	}
	fflush(stdout);
}

void load_sections(struct load *l, const struct load_kind *kind)
{
	const struct conf_node *all = conf_node_section(l->root, kind->section);
	struct strs names = {NULL, 0};
	struct tally t = {.found = 0};

	get_names(l, kind, &names);
	for (size_t i = 0; all && i < all->n_sections; i++) {
		t.found++;
		if (load_section(l, kind, all->sections[i]))
			t.failed++;
		else
			t.loaded++;
	}
	if (l->syntax.count == 0)
		unload_missing(l, kind, &names, &t);
	print_summary(l, kind, &t);
	strs_done(&names);
}

/* ---- load-all ------------------------------------------------------------------------------- */

static void end_dry_run(struct load *l)
{
	if (l->changes == 0)
		printf("nothing would change\n");
	else if (l->keeps_sas)
		printf("SAs that are up stay as they are: what is changed counts from their next "
		       "rekeying, or when they are set up anew\n");
	fflush(stdout);
}

int load_all(struct ctl *ctl)
{
	static void (*const parts[])(struct load *) = {load_creds_part, load_authorities_part,
						       load_pools_part, load_conns_part, NULL};
	static void (*const dry[])(struct load *) = {load_creds_diff, load_authorities_part,
						     load_pools_part, load_conns_part,
						     end_dry_run,     NULL};

	return load_run(ctl, true, ctl_option(ctl, "dry-run") ? dry : parts);
}
