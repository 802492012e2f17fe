/* SPDX-License-Identifier: Apache-2.0 */
#include "lab_host.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conn.h"
#include "cred/store.h"
#include "lab_pki.h"
#include "pool/pool.h"

/* ---- hooks ---- */

static void on_send(void *ctx, const struct addr *local, const struct addr *remote,
		    struct view message)
{
	struct lab_host *h = ctx;

	h->sent++;
	lab_send(h, local, remote, message);
}

static void on_keepalive(void *ctx, const struct addr *local, const struct addr *remote)
{
	struct lab_host *h = ctx;

	assert_int_equal(local->port, h->settings.port_natt);
	assert_int_not_equal(remote->port, 0);
	h->keepalives++;
}

static int on_random(void *ctx, uint8_t *out, size_t len)
{
	struct lab_host *h = ctx;

	while (len > 0) {
		uint64_t r = lab_random(&h->random);
		size_t n = len < sizeof(r) ? len : sizeof(r);

		memcpy(out, &r, n);
		out += n;
		len -= n;
	}
	return 0;
}

static void on_submit(void *ctx, struct ike_job *job)
{
	lab_submit(ctx, job);
}

static int on_source(void *ctx, const struct addr *remote, struct addr *out)
{
	struct lab_host *h = ctx;

	if (remote->family == h->addr.family) {
		*out = h->addr;
		return 0;
	}
	for (size_t i = 0; i < h->n_others; i++) {
		if (remote->family == h->others[i].family) {
			*out = h->others[i];
			return 0;
		}
	}
	return E_NOTFOUND;
}

static bool on_usable(void *ctx, const struct addr *local, const struct addr *remote)
{
	const struct lab_host *h = ctx;

	return local->family == remote->family && lab_has_addr(h, local) &&
	       !(h->no_carrier && addr_equal(local, &h->addr));
}

static const char *on_redirect(void *ctx, const struct addr *remote, const char *id)
{
	const struct lab_host *h = ctx;

	assert_int_not_equal(remote->port, 0);
	return id ? h->redirect_auth : h->redirect_init;
}

static size_t on_addresses(void *ctx, struct addr *out, size_t max)
{
	struct lab_host *h = ctx;
	size_t n = 0;

	assert_true(max >= LAB_ADDRS);
	if (h->addr.family == AF_UNSPEC)
		return 0;
	if (!h->no_carrier)
		out[n++] = h->addr;
	memcpy(out + n, h->others, h->n_others * sizeof(*out));
	return n + h->n_others;
}

static int64_t on_wall(void *ctx)
{
	struct lab_host *h = ctx;

	return h->lab->wall + (int64_t)(h->lab->now / 1000);
}

static void keep_line(struct lab_host *h, const char *group, const char *line)
{
	char *text;

	assert_true(asprintf(&text, "[%s] %s", group, line) > 0);
	if (getenv("LAB_VERBOSE"))
		fprintf(stderr, "%8llu %s %s\n", (unsigned long long)h->lab->now, h->name, text);
	h->lines = realloc(h->lines, (h->n_lines + 1) * sizeof(*h->lines));
	assert_non_null(h->lines);
	h->lines[h->n_lines++] = text;
}

static void on_event(void *ctx, const struct ike_event *e)
{
	struct lab_host *h = ctx;

	h->events++;
	if (e->type == IKE_EV_ALERT) {
		h->alerts++;
		keep_line(h, "alert", e->alert);
	} else {
		assert_non_null(e->sa);
	}
	if (e->type == IKE_EV_IKE_UPDOWN) {
		h->ike_up += e->up;
		h->ike_down += !e->up;
	}
	h->ike_updates += e->type == IKE_EV_IKE_UPDATE;
	if (e->type == IKE_EV_IKE_REKEY) {
		assert_non_null(e->old_sa);
		assert_int_not_equal(e->sa->uid, e->old_sa->uid);
		h->ike_rekeyed++;
	}
	if (e->type == IKE_EV_CHILD_REKEY) {
		assert_non_null(e->child);
		assert_non_null(e->old_child);
		h->child_rekeyed++;
	}
	if (e->type == IKE_EV_CHILD_UPDOWN) {
		assert_non_null(e->child);
		h->child_up += e->up;
		h->child_down += !e->up;
	}
}

static void on_line(struct log_sink *sink, const struct log_line *line)
{
	struct lab_host *h = (struct lab_host *)((char *)sink - offsetof(struct lab_host, sink));

	keep_line(h, log_group_name(line->group), line->text);
}

/* ---- life ---- */

struct lab_host *lab_add(struct lab *lab, const char *name, const char *addr)
{
	struct lab_host *h = &lab->hosts[lab->n_hosts];

	assert_true(lab->n_hosts < LAB_HOSTS);
	*h = (struct lab_host){.lab = lab, .name = name};
	h->random = lab->seed * 64 + lab->n_hosts++;
	assert_int_equal(addr_parse(&h->addr, addr), 0);
	ike_settings_init(&h->settings);
	h->log = log_new();
	h->creds = cred_new();
	assert_non_null(h->log);
	assert_non_null(h->creds);
	assert_int_equal(pool_open(NULL, NULL, &h->pools), 0);
	h->sink.write = on_line;
	log_sink_set_all(&h->sink, LOG_CTRL);
	log_add_sink(h->log, &h->sink);
	lab_ipsec_init(&h->ipsec, (uint32_t)(0xc0000000u + (lab->n_hosts << 16)));
	if (!lab->wall)
		lab->wall = LAB_PKI_NOW;
	return h;
}

void lab_start(struct lab_host *h)
{
	struct ike_params params = {
		.settings = h->settings,
		.hooks = {.ctx = h,
			  .send = on_send,
			  .keepalive = on_keepalive,
			  .random = on_random,
			  .submit = on_submit,
			  .source = on_source,
			  .addresses = on_addresses,
			  .usable = on_usable,
			  .redirect = on_redirect,
			  .wall = on_wall,
			  .event = on_event},
		.log = h->log,
		.creds = h->creds,
		.pools = h->pools,
		.ipsec = &h->ipsec.base,
	};

	assert_int_equal(ike_new(&params, &h->ike), 0);
}

void lab_readdress(struct lab_host *h, const char *addrs)
{
	char copy[256], *save = NULL;
	struct addr a;

	snprintf(copy, sizeof(copy), "%s", addrs);
	h->addr = (struct addr){0};
	h->n_others = 0;
	h->moved = true;
	for (char *t = strtok_r(copy, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		assert_int_equal(addr_parse(&a, t), 0);
		if (h->addr.family == AF_UNSPEC) {
			h->addr = a;
			continue;
		}
		assert_true(h->n_others < LAB_ADDRS - 1);
		h->others[h->n_others++] = a;
	}
	if (h->ike)
		ike_addresses_changed(h->ike, h->lab->now);
}

void lab_clear_log(struct lab_host *h)
{
	for (size_t i = 0; i < h->n_lines; i++)
		free(h->lines[i]);
	h->n_lines = 0;
}

void lab_host_done(struct lab_host *h)
{
	ike_free(h->ike);
	pool_close(h->pools);
	cred_free(h->creds);
	log_remove_sink(h->log, &h->sink);
	log_free(h->log);
	lab_clear_log(h);
	free(h->lines);
	while (h->results) {
		struct lab_result *r = h->results;

		h->results = r->next;
		free(r);
	}
}

/* ---- configuration ---- */

/* What swanctl does: names of certificates become their content. */
static void fill_certs(struct conf_node *n)
{
	for (size_t i = 0; i < n->n_values; i++) {
		struct conf_value *v = &n->values[i];
		char *save = NULL, *names, *name;

		if (strcmp(v->key, "certs") != 0 && strcmp(v->key, "cacerts") != 0)
			continue;
		assert_int_equal(v->count, 1);
		names = v->items[0].data;
		free(v->items);
		v->items = NULL;
		v->count = 0;
		v->is_list = true;
		for (name = strtok_r(names, ", ", &save); name;
		     name = strtok_r(NULL, ", ", &save)) {
			struct view der = lab_pki_der(name);

			v->items = realloc(v->items, (v->count + 1) * sizeof(*v->items));
			assert_non_null(v->items);
			v->items[v->count].data = malloc(der.len + 1);
			assert_non_null(v->items[v->count].data);
			memcpy(v->items[v->count].data, der.ptr, der.len);
			v->items[v->count].data[der.len] = '\0';
			v->items[v->count++].len = der.len;
		}
		free(names);
	}
	for (size_t i = 0; i < n->n_sections; i++)
		fill_certs(n->sections[i]);
}

static void need_no_errors(struct conf_errors *errs)
{
	for (size_t i = 0; i < errs->count; i++)
		print_error("%s\n", errs->items[i].text);
	assert_int_equal(errs->count, 0);
	conf_errors_done(errs);
}

static void load_conn(struct lab_host *h, const struct conf_node *n)
{
	struct conf_errors errs = {0};
	enum ike_load_result result;
	struct conf_conn *conn;
	char *why = NULL;
	int err = conf_conn_build(n, &errs, &conn);

	need_no_errors(&errs);
	assert_int_equal(err, 0);
	err = ike_load_conn(h->ike, h->lab->now, conn, &result, &why);
	if (why)
		print_error("%s\n", why);
	free(why);
	assert_int_equal(err, 0);
	conf_conn_put(conn);
}

static void load_secret(struct lab_host *h, const struct conf_node *n)
{
	struct conf_errors errs = {0};
	struct conf_secret s;
	int err = conf_secret_build(n, &errs, &s);

	need_no_errors(&errs);
	assert_int_equal(err, 0);
	err = cred_add_secret(h->creds,
			      &(struct cred_secret_params){
				      .type = strcmp(s.type, "ppk") == 0 ? CRED_PPK : CRED_IKE,
				      .unique_id = s.name,
				      .data = secret_view(&s.secret),
				      .owners = (const char *const *)s.ids.items,
				      .n_owners = s.ids.count,
			      });
	assert_int_equal(err, 0);
	conf_secret_done(&s);
}

static void load_pool(struct lab_host *h, const struct conf_node *n)
{
	struct conf_errors errs = {0};
	struct pool_params params;
	struct pool_attr attrs[8];
	struct conf_pool p;
	uint64_t size;
	int err = conf_pool_build(n, &errs, &p);

	need_no_errors(&errs);
	assert_int_equal(err, 0);
	assert_int_equal(pool_parse_addrs(p.addrs, &params), 0);
	assert_true(p.n_attrs <= 8);
	for (size_t i = 0; i < p.n_attrs; i++) {
		attrs[i].cp_type = p.attrs[i].cp_type;
		attrs[i].len = p.attrs[i].len;
		memcpy(attrs[i].value, p.attrs[i].value, sizeof(attrs[i].value));
	}
	params.name = p.name;
	params.attrs = attrs;
	params.n_attrs = p.n_attrs;
	assert_int_equal(pool_load(h->pools, &params, &size), 0);
	conf_pool_done(&p);
}

static void load_sections(struct lab_host *h, const struct conf_node *root, const char *name,
			  void (*load)(struct lab_host *, const struct conf_node *))
{
	const struct conf_node *n = conf_node_section(root, name);

	for (size_t i = 0; n && i < n->n_sections; i++)
		load(h, n->sections[i]);
}

void lab_load(struct lab_host *h, const char *text)
{
	struct conf_errors errs = {0};
	struct conf_node *root;

	assert_int_equal(conf_parse_text("lab.conf", view_str(text), &errs, &root), 0);
	need_no_errors(&errs);
	fill_certs(root);
	load_sections(h, root, "secrets", load_secret);
	load_sections(h, root, "pools", load_pool);
	load_sections(h, root, "connections", load_conn);
	conf_node_free(root);
}

/* ---- control ---- */

static void on_result(void *ctx, const struct ike_request_result *result)
{
	struct lab_result *r = ctx;

	r->done = true;
	r->times++;
	assert_int_equal(r->times, 1);
	r->err = result->err;
	r->matches = result->matches;
	r->terminated = result->terminated;
	snprintf(r->message, sizeof(r->message), "%s", result->message ? result->message : "");
}

static struct lab_result *new_result(struct lab_host *h)
{
	struct lab_result *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->next = h->results;
	h->results = r;
	return r;
}

struct lab_result *lab_initiate(struct lab_host *h, const char *ike, const char *child)
{
	struct lab_result *r = new_result(h);
	struct ike_request *request;

	r->call = ike_initiate(h->ike, h->lab->now,
			       &(struct ike_initiate_params){
				       .ike = ike, .child = child, .done = on_result, .ctx = r},
			       &request);
	assert_int_equal(request != NULL, r->call == 0 && !r->done);
	return r;
}

void lab_rekey(struct lab_host *h, const char *ike, const char *child)
{
	unsigned matches;

	assert_int_equal(ike_rekey(h->ike, h->lab->now,
				   &(struct ike_rekey_params){.ike = ike, .child = child},
				   &matches),
			 0);
	assert_int_equal(matches, 1);
}

struct lab_result *lab_terminate(struct lab_host *h, const struct ike_terminate_params *what)
{
	struct lab_result *r = new_result(h);
	struct ike_terminate_params p = *what;
	struct ike_request *request;

	p.done = on_result;
	p.ctx = r;
	r->call = ike_terminate(h->ike, h->lab->now, &p, &request);
	assert_int_equal(request != NULL, r->call == 0 && !r->done);
	return r;
}
