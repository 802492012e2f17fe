/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conn.h"
#include "cred/cert.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/keyfile.h"
#include "tools/ctl/load.h"
#include "tools/ctl/verb.h"
#include "vici/codec.h"

/* Certificates and keys from the directories, secrets from the file. */

#define PHRASE_MAX   1024
#define PHRASE_TRIES 3

struct creds {
	struct load *load;
	size_t n_secrets;
	struct conf_secret *secrets;
	struct strs old_keys, old_shared; /* what the daemon has and nobody has loaded again */
};

/* A file of one of the directories. */
struct file {
	const char *dir; /* "x509" */
	const char *name;
	const char *path;
	struct view data;
};

static bool is_text(const struct creds *c)
{
	return c->load->ctl->format == CTL_TEXT;
}

static void say_failed(struct creds *c, const char *path, const char *why)
{
	fprintf(stderr, "loading '%s' failed: %s\n", path, why);
	c->load->failed = true;
}

/*
 * Send a load command; the answer (may be NULL) is the caller's to free. False: it has been told.
 */
static bool send_load(struct creds *c, const char *command, const char *path, struct wbuf *message,
		      struct conf_node **out_reply)
{
	struct ctl_request request = {
		.command = command, .message = wbuf_view(message), .quiet = true};
	const char *why = "the daemon did not answer";
	struct conf_node *reply = NULL;
	int rc;

	if (wbuf_err(message)) {
		say_failed(c, path, "it is too long for a vici message");
		return false;
	}
	rc = ctl_call(c->load->ctl, &request, &reply);
	if (rc && reply)
		(void)ctl_succeeded(reply, &why);
	if (rc)
		say_failed(c, path, why);
	if (out_reply && rc == 0)
		*out_reply = reply;
	else
		conf_node_free(reply);
	return rc == 0;
}

static void forget(struct strs *l, const char *text)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcasecmp(l->items[i], text) != 0)
			continue;
		free(l->items[i]);
		l->items[i] = l->items[--l->count];
		return;
	}
}

/* ---- certificates --------------------------------------------------------------------------- */

struct cert_kind {
	const char *dir, *type, *flag;
};

static bool send_cert(struct creds *c, const struct cert_kind *kind, const char *path,
		      struct view data)
{
	struct wbuf w;
	bool sent;

	wbuf_init(&w, CODEC_MAX_PACKET);
	codec_text(&w, "type", kind->type);
	codec_text(&w, "flag", kind->flag);
	codec_value(&w, "data", data);
	sent = send_load(c, "load-cert", path, &w, NULL);
	wbuf_done(&w);
	return sent;
}

/* All blocks of a PEM file but private keys; false if there were none. */
static bool send_pem(struct creds *c, const struct cert_kind *kind, const struct file *f,
		     bool *out_sent)
{
	BIO *bio = BIO_new_mem_buf(f->data.ptr, (int)f->data.len);
	char *name, *header;
	unsigned char *der;
	bool any = false;
	long len;

	*out_sent = true;
	while (bio && PEM_read_bio(bio, &name, &header, &der, &len)) {
		if (!strstr(name, "PRIVATE KEY")) {
			any = true;
			*out_sent &= send_cert(c, kind, f->path, view_make(der, (size_t)len));
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	ERR_clear_error();
	BIO_free(bio);
	return any;
}

static void load_cert_file(struct creds *c, const void *ctx, const struct file *f)
{
	const struct cert_kind *kind = ctx;
	bool sent;

	if (!send_pem(c, kind, f, &sent))
		sent = send_cert(c, kind, f->path, f->data);
	if (sent && is_text(c))
		printf("loaded certificate from '%s'\n", f->path);
}

/* ---- private keys --------------------------------------------------------------------------- */

static bool send_key(struct creds *c, const char *type, const struct file *f, struct view data)
{
	struct conf_node *reply = NULL;
	struct wbuf w;
	bool sent;

	wbuf_init(&w, CODEC_MAX_PACKET);
	codec_text(&w, "type", type);
	codec_value(&w, "data", data);
	sent = send_load(c, "load-key", f->path, &w, &reply);
	if (sent)
		forget(&c->old_keys, ctl_text(reply, "id"));
	conf_node_free(reply);
	wbuf_done(&w);
	return sent;
}

static int open_file(const struct file *f, const char *passphrase, struct keyfile *out)
{
	if (strcmp(f->dir, "pkcs12") == 0)
		return keyfile_open_pkcs12(f->data, passphrase, out);
	return keyfile_open(f->data, passphrase, out);
}

static int open_with_secrets(struct creds *c, const struct file *f, struct keyfile *out)
{
	int rc = open_file(f, NULL, out);

	for (size_t i = 0; rc == E_AUTH && i < c->n_secrets; i++) {
		struct conf_secret *s = &c->secrets[i];
		char phrase[PHRASE_MAX];

		if (!s->file || strcmp(s->file, f->name) != 0 || s->secret.len >= sizeof(phrase))
			continue;
		memcpy(phrase, s->secret.data, s->secret.len);
		phrase[s->secret.len] = '\0';
		rc = open_file(f, phrase, out);
		secret_wipe(phrase, sizeof(phrase));
	}
	return rc;
}

static int open_with_prompt(struct creds *c, const struct file *f, struct keyfile *out)
{
	char phrase[PHRASE_MAX], prompt[256];
	int rc = E_AUTH;

	if (ctl_option(c->load->ctl, "noprompt") || !isatty(STDIN_FILENO) || !is_text(c))
		return E_AUTH;
	snprintf(prompt, sizeof(prompt), "passphrase of %.200s: ", f->path);
	for (int i = 0; rc == E_AUTH && i < PHRASE_TRIES; i++) {
		if (EVP_read_pw_string(phrase, sizeof(phrase), prompt, 0))
			break;
		rc = open_file(f, phrase, out);
	}
	secret_wipe(phrase, sizeof(phrase));
	return rc;
}

static void send_keyfile(struct creds *c, const struct file *f, struct keyfile *k)
{
	for (size_t i = 0; i < k->n_certs; i++) {
		struct cert_kind kind = {f->dir, "X509", "NONE"};
		struct cert *cert;

		if (cert_parse(secret_view(&k->certs[i]), &cert) == 0) {
			kind.flag = cert->ca ? "CA" : "NONE";
			cert_put(cert);
		}
		if (send_cert(c, &kind, f->path, secret_view(&k->certs[i])) && is_text(c))
			printf("loaded certificate from '%s'\n", f->path);
	}
	if (k->key.len && send_key(c, k->type, f, secret_view(&k->key)) && is_text(c))
		printf("loaded %s key from '%s'\n", k->type, f->path);
}

static void load_key_file(struct creds *c, const void *ctx, const struct file *f)
{
	struct keyfile k;
	char why[256];
	int rc;

	(void)ctx;
	rc = open_with_secrets(c, f, &k);
	if (rc == E_AUTH)
		rc = open_with_prompt(c, f, &k);
	if (rc == 0) {
		send_keyfile(c, f, &k);
		keyfile_done(&k);
	} else if (rc == E_AUTH) {
		snprintf(why, sizeof(why),
			 "it is encrypted: no section secrets.%.20s with file = %.100s has the "
			 "right passphrase as its 'secret'",
			 f->dir, f->name);
		say_failed(c, f->path, why);
	} else if (strcmp(f->dir, "pkcs12") == 0) {
		say_failed(c, f->path, "it is no PKCS#12 file");
	} else if (send_key(c, "any", f, f->data) && is_text(c)) {
		/* The daemon knows more types of keys than this program. */
		printf("loaded %s key from '%s'\n", f->dir, f->path);
	}
}

/* ---- directories ---------------------------------------------------------------------------- */

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void load_file(struct creds *c, const char *dir, const char *name, const void *ctx,
		      void (*load)(struct creds *c, const void *ctx, const struct file *f))
{
	char path[2 * PATH_MAX];
	struct file f = {dir, name, path, {NULL, 0}};
	struct stat st;
	struct wbuf data;
	int rc;

	snprintf(path, sizeof(path), "%s/%s/%s", c->load->dir, dir, name);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return;
	wbuf_init(&data, 0);
	rc = load_read_file(path, &data);
	if (rc) {
		say_failed(c, path, rc == E_IO ? strerror(errno) : "it is larger than 65535 bytes");
	} else {
		f.data = wbuf_view(&data);
		load(c, ctx, &f);
	}
	wbuf_done(&data);
}

static void load_directory(struct creds *c, const char *dir, const void *ctx,
			   void (*load)(struct creds *c, const void *ctx, const struct file *f))
{
	char path[2 * PATH_MAX];
	struct dirent **entries;
	int n;

	snprintf(path, sizeof(path), "%s/%s", c->load->dir, dir);
	n = scandir(path, &entries, is_visible, alphasort);
	if (n < 0) {
		if (errno != ENOENT)
			say_failed(c, path, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		load_file(c, dir, entries[i]->d_name, ctx, load);
		free(entries[i]);
	}
	free(entries);
}

static void load_directories(struct creds *c)
{
	static const struct cert_kind kinds[] = {
		{"x509", "X509", "NONE"},    {"x509ca", "X509", "CA"},
		{"x509aa", "X509", "AA"},    {"x509ocsp", "X509", "OCSP"},
		{"x509ac", "X509_AC", NULL}, {"x509crl", "X509_CRL", NULL},
		{"pubkey", "PUBKEY", NULL},
	};
	static const char *const keys[] = {"private", "rsa", "ecdsa", "pkcs8", "pkcs12"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		load_directory(c, kinds[i].dir, &kinds[i], load_cert_file);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		load_directory(c, keys[i], NULL, load_key_file);
}

/* ---- secrets -------------------------------------------------------------------------------- */

static bool is_shared(const struct conf_secret *s)
{
	static const char *const types[] = {"ike", "eap", "xauth", "ntlm", "ppk"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(s->type, types[i]) == 0)
			return true;
	}
	return false;
}

/* A passphrase is for a file: one that is not there is a mistake somewhere. */
static void check_file(struct creds *c, const struct conf_secret *s)
{
	char path[2 * PATH_MAX];

	if (!s->file)
		return;
	snprintf(path, sizeof(path), "%s/%s/%s", c->load->dir, s->type, s->file);
	if (access(path, F_OK) == 0)
		return;
	c->load->failed = true;
	fprintf(stderr, "'file' of secrets.%s: %s: %s\n", s->name, path, strerror(errno));
}

static void load_shared(struct creds *c, const struct conf_secret *s)
{
	struct wbuf w;

	wbuf_init(&w, CODEC_MAX_PACKET);
	codec_text(&w, "id", s->name);
	codec_text(&w, "type", s->type);
	codec_value(&w, "data", secret_view(&s->secret));
	codec_strs(&w, "owners", &s->ids);
	if (send_load(c, "load-shared", s->name, &w, NULL)) {
		forget(&c->old_shared, s->name);
		if (is_text(c))
			printf("loaded %s secret '%s'\n", s->type, s->name);
	}
	wbuf_done(&w);
}

static int read_secrets(struct creds *c)
{
	const struct conf_node *all = conf_node_section(c->load->root, "secrets");
	struct conf_errors errs = {.count = 0};

	if (!all || all->n_sections == 0)
		return 0;
	c->secrets = calloc(all->n_sections, sizeof(*c->secrets));
	if (!c->secrets)
		return E_NOMEM;
	for (size_t i = 0; i < all->n_sections; i++) {
		struct conf_secret *s = &c->secrets[c->n_secrets];

		if (conf_secret_build(all->sections[i], &errs, s) == 0)
			c->n_secrets++;
		load_tell(c->load, &errs);
	}
	return 0;
}

/* ---- what is gone --------------------------------------------------------------------------- */

static void get_list(struct creds *c, const char *command, struct strs *out)
{
	struct ctl_request request = {.command = command, .quiet = true};
	const struct conf_value *list;
	struct conf_node *reply;

	if (ctl_call(c->load->ctl, &request, &reply) == 0) {
		list = conf_node_value(reply, "keys");
		for (size_t i = 0; list && i < list->count; i++) {
			if (strs_add(out, list->items[i].data))
				c->load->failed = true;
		}
	}
	conf_node_free(reply);
}

static void unload(struct creds *c, const char *command, const struct strs *ids)
{
	for (size_t i = 0; i < ids->count; i++) {
		struct ctl_request request = {.command = command};
		struct wbuf w;

		wbuf_init(&w, 0);
		codec_text(&w, "id", ids->items[i]);
		request.message = wbuf_view(&w);
		request.acts = true;
		if (ctl_call(c->load->ctl, &request, NULL))
			c->load->failed = true;
		wbuf_done(&w);
	}
}

static void clear(struct creds *c)
{
	struct ctl_request request = {.command = "clear-creds", .acts = true};

	if (ctl_call(c->load->ctl, &request, NULL))
		c->load->failed = true;
}

void load_creds_part(struct load *l)
{
	struct creds c = {.load = l};

	if (ctl_option(l->ctl, "clear"))
		clear(&c);
	get_list(&c, "get-keys", &c.old_keys);
	get_list(&c, "get-shared", &c.old_shared);
	if (read_secrets(&c)) {
		fprintf(stderr, "loading secrets failed: %s\n", err_text(E_NOMEM));
		l->failed = true;
	}
	load_directories(&c);
	for (size_t i = 0; i < c.n_secrets; i++) {
		if (is_shared(&c.secrets[i]))
			load_shared(&c, &c.secrets[i]);
		else
			check_file(&c, &c.secrets[i]);
	}
	unload(&c, "unload-key", &c.old_keys);
	/* After a syntax error a secret may only seem to be gone. */
	if (l->syntax.count == 0)
		unload(&c, "unload-shared", &c.old_shared);
	for (size_t i = 0; i < c.n_secrets; i++)
		conf_secret_done(&c.secrets[i]);
	free(c.secrets);
	strs_done(&c.old_keys);
	strs_done(&c.old_shared);
	fflush(stdout);
}

/* ---- a dry run ------------------------------------------------------------------------------ */

static void tell_secret(struct creds *c, char mark, const char *name)
{
	char line[512];

	snprintf(line, sizeof(line), "%c secrets.%s", mark, name);
	load_tell_change(c->load, line);
}

void load_creds_diff(struct load *l)
{
	struct creds c = {.load = l};

	get_list(&c, "get-shared", &c.old_shared);
	if (read_secrets(&c))
		l->failed = true;
	for (size_t i = 0; i < c.n_secrets; i++) {
		if (!is_shared(&c.secrets[i]))
			continue;
		if (!strs_has(&c.old_shared, c.secrets[i].name))
			tell_secret(&c, '+', c.secrets[i].name);
		forget(&c.old_shared, c.secrets[i].name);
	}
	for (size_t i = 0; i < c.old_shared.count && l->syntax.count == 0; i++)
		tell_secret(&c, '-', c.old_shared.items[i]);
	for (size_t i = 0; i < c.n_secrets; i++)
		conf_secret_done(&c.secrets[i]);
	free(c.secrets);
	strs_done(&c.old_shared);
}

int load_creds(struct ctl *ctl)
{
	static void (*const parts[])(struct load *) = {load_creds_part, NULL};

	return load_run(ctl, false, parts);
}
