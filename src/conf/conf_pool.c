/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/schema_swanctl.h"
#include "wire/ike.h"

#define POOL_PATH_LEN 300

/* Attributes that ike.h has no name for (RFC 7651, and the registry's private entries). */
enum {
	CP_INTERNAL_IP6_NBNS = 11,
	CP_P_CSCF_IP4 = 20,
	CP_P_CSCF_IP6 = 21,
	CP_INTERNAL_IP4_SERVER = 23456,
	CP_INTERNAL_IP6_SERVER = 23457,
};

static const char unity[] = "it is of IKEv1, which is not implemented; use subnet";

/* An attribute by name: its number for an IPv4 and for an IPv6 value, 0 for none. */
static const struct attr_name {
	const char *name;
	uint16_t ip4, ip6;
	const char *refused;
} attr_names[] = {
	{"address", CP_INTERNAL_IP4_ADDRESS, CP_INTERNAL_IP6_ADDRESS, NULL},
	{"dns", CP_INTERNAL_IP4_DNS, CP_INTERNAL_IP6_DNS, NULL},
	{"nbns", CP_INTERNAL_IP4_NBNS, CP_INTERNAL_IP6_NBNS, NULL},
	{"dhcp", CP_INTERNAL_IP4_DHCP, CP_INTERNAL_IP6_DHCP, NULL},
	{"netmask", CP_INTERNAL_IP4_NETMASK, 0, NULL},
	{"server", CP_INTERNAL_IP4_SERVER, CP_INTERNAL_IP6_SERVER, NULL},
	{"subnet", CP_INTERNAL_IP4_SUBNET, CP_INTERNAL_IP6_SUBNET, NULL},
	{"p_cscf", CP_P_CSCF_IP4, CP_P_CSCF_IP6, NULL},
	{"split_include", 0, 0, unity},
	{"split_exclude", 0, 0, unity},
};

#define N_ATTR_NAMES (sizeof(attr_names) / sizeof(attr_names[0]))

static const struct attr_name *find_attr(const char *key)
{
	for (size_t i = 0; i < N_ATTR_NAMES; i++) {
		if (strcmp(attr_names[i].name, key) == 0)
			return &attr_names[i];
	}
	return NULL;
}

/* An address, or a subnet as address and mask (IPv4) or prefix length (IPv6); RFC 7296 3.15.1. */
static int encode_value(const char *text, uint8_t *out_family, struct wbuf *out)
{
	struct addr_range range;
	struct addr a;
	unsigned bits;
	const char *slash = strchr(text, '/');
	char host[ADDR_TEXT_MAX];

	snprintf(host, sizeof(host), "%.*s", (int)(slash ? slash - text : (long)strlen(text)),
		 text);
	if (addr_parse(&a, host) < 0 || addr_range_parse(&range, text) < 0 ||
	    !addr_range_is_subnet(&range, &bits))
		return E_CONFIG;
	*out_family = a.family;
	if (!slash) {
		wbuf_add(out, addr_view(&a));
		return wbuf_err(out);
	}
	wbuf_bytes(out, range.first, addr_len(range.family));
	if (a.family == AF_INET)
		wbuf_u32(out, bits ? UINT32_MAX << (32 - bits) : 0);
	else
		wbuf_u8(out, (uint8_t)bits);
	return wbuf_err(out);
}

static int append_attr(struct conf_pool *p, uint16_t type, struct view value)
{
	struct conf_pool_attr *attrs = reallocarray(p->attrs, p->n_attrs + 1, sizeof(*attrs));

	if (!attrs)
		return E_NOMEM;
	p->attrs = attrs;
	attrs[p->n_attrs] = (struct conf_pool_attr){.cp_type = type, .len = (uint8_t)value.len};
	memcpy(attrs[p->n_attrs].value, value.ptr, value.len);
	p->n_attrs++;
	return 0;
}

static int add_attr(struct conf_pool *p, const char *key, const char *text)
{
	const struct attr_name *name = find_attr(key);
	uint8_t family = AF_UNSPEC;
	uint64_t type = 0;
	struct wbuf w;
	int err;

	wbuf_init(&w, sizeof(p->attrs->value));
	err = encode_value(text, &family, &w);
	if (name)
		type = family == AF_INET6 ? name->ip6 : name->ip4;
	else if (str_u64(key, INT16_MAX, &type) < 0)
		type = 0;
	if (!err && type == 0)
		err = E_CONFIG;
	/* INTERNAL_IP6_ADDRESS has a prefix length, INTERNAL_IP6_SUBNET cannot go without. */
	if (!err && !strchr(text, '/') &&
	    (type == CP_INTERNAL_IP6_ADDRESS || type == CP_INTERNAL_IP6_SUBNET))
		wbuf_u8(&w, 128);
	if (!err && !strchr(text, '/') && type == CP_INTERNAL_IP4_SUBNET)
		wbuf_u32(&w, UINT32_MAX);
	if (!err)
		err = wbuf_err(&w);
	if (!err)
		err = append_attr(p, (uint16_t)type, wbuf_view(&w));
	wbuf_done(&w);
	return err;
}

static int apply_attr(const struct conf_value *v, const char *path, struct conf_errors *errs,
		      struct conf_pool *p)
{
	const struct attr_name *name = find_attr(v->key);
	struct strs items = {0};
	int err;

	if (name && name->refused) {
		conf_error_add(errs, v->pos, "option '%s' in %s is not supported: %s", v->key, path,
			       name->refused);
		return E_CONFIG;
	}
	err = schema_items(v, &items);
	for (size_t i = 0; i < items.count && !err; i++) {
		err = add_attr(p, v->key, items.items[i]);
		if (err == E_CONFIG)
			conf_error_add(errs, v->pos,
				       "invalid value '%.80s' for %s in %s: expected %s",
				       items.items[i], v->key, path,
				       name && !name->ip6 ? "IPv4 addresses like 192.0.2.1"
							  : "addresses like 192.0.2.1 or subnets "
							    "like 10.1.0.0/16");
	}
	strs_done(&items);
	return err;
}

static bool is_number(const char *key)
{
	uint64_t type;

	return str_u64(key, INT16_MAX, &type) == 0 && type > 0;
}

static int unknown_attr(const struct conf_value *v, const char *path, struct conf_errors *errs)
{
	struct strs known = {0};
	int err = strs_add(&known, "addrs");

	for (size_t i = 0; i < N_ATTR_NAMES && !err; i++)
		err = strs_add(&known, attr_names[i].name);
	schema_report_unknown(errs, &(struct schema_unknown){.pos = v->pos,
							     .what = "option",
							     .name = v->key,
							     .path = path,
							     .known = &known});
	strs_done(&known);
	return err ? err : E_CONFIG;
}

static int apply_addrs(const struct conf_value *v, const char *path, struct conf_errors *errs,
		       struct conf_pool *p)
{
	const char *text = v->count == 1 ? v->items[0].data : "";
	struct addr_range range;

	if (addr_range_parse(&range, text) < 0) {
		conf_error_add(errs, v->pos,
			       "invalid value '%.80s' for addrs in %s: expected a subnet like "
			       "10.3.0.0/24 or a range like 10.3.0.1-10.3.0.99",
			       text, path);
		return E_CONFIG;
	}
	free(p->addrs);
	p->addrs = str_from_view(view_str(text));
	return p->addrs ? 0 : E_NOMEM;
}

static int apply_value(const struct conf_value *v, const char *path, struct conf_errors *errs,
		       struct conf_pool *p)
{
	if (strcmp(v->key, "addrs") == 0)
		return apply_addrs(v, path, errs, p);
	if (find_attr(v->key) || is_number(v->key))
		return apply_attr(v, path, errs, p);
	return unknown_attr(v, path, errs);
}

int conf_pool_build(const struct conf_node *node, struct conf_errors *errs, struct conf_pool *out)
{
	struct conf_pool p = {0};
	char path[POOL_PATH_LEN];
	int err = 0;

	*out = (struct conf_pool){0};
	snprintf(path, sizeof(path), "pools.%s", node->name);
	p.name = str_from_view(view_str(node->name));
	if (!p.name)
		err = E_NOMEM;
	for (size_t i = 0; i < node->n_values; i++) {
		int one = apply_value(&node->values[i], path, errs, &p);

		if (one && err != E_NOMEM)
			err = one;
	}
	for (size_t i = 0; i < node->n_sections; i++) {
		conf_error_add(errs, node->sections[i]->pos, "unknown section '%s' in %s",
			       node->sections[i]->name, path);
		err = err ? err : E_CONFIG;
	}
	if (!err && !p.addrs) {
		conf_error_add(errs, node->pos, "option 'addrs' is missing in %s", path);
		err = E_CONFIG;
	}
	if (err)
		conf_pool_done(&p);
	else
		*out = p;
	return err;
}

void conf_pool_done(struct conf_pool *p)
{
	free(p->name);
	free(p->addrs);
	free(p->attrs);
	*p = (struct conf_pool){0};
}
