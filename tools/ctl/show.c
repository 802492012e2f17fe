/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/show.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "conf/node.h"
#include "tools/ctl/ctl.h"

void show_items(const struct conf_value *list, const char *before, struct wbuf *out)
{
	for (size_t i = 0; list && i < list->count; i++)
		wbuf_fmt(out, "%s%s", before, list->items[i].data);
}

/* ---- connections ---------------------------------------------------------------------------- */

static void show_value(const struct conf_node *n, const char *key, const char *label,
		       struct wbuf *out)
{
	const struct conf_value *v = conf_node_value(n, key);

	if (!v || v->count == 0)
		return;
	wbuf_fmt(out, "    %s:", label);
	show_items(v, " ", out);
	wbuf_u8(out, '\n');
}

static void show_auth(const struct conf_node *auth, struct wbuf *out)
{
	const char *eap = ctl_text(auth, "eap-type");
	bool local = strncmp(auth->name, "local", 5) == 0;

	wbuf_fmt(out, "  %s %s authentication:\n", local ? "local" : "remote",
		 *eap ? eap : ctl_text(auth, "class"));
	show_value(auth, "id", "id", out);
	show_value(auth, "ca_id", "ca_id", out);
	show_value(auth, "eap_id", "eap_id", out);
	show_value(auth, "xauth_id", "xauth_id", out);
	show_value(auth, "aaa_id", "aaa_id", out);
	show_value(auth, "groups", "groups", out);
	show_value(auth, "cert_policy", "cert policy", out);
	show_value(auth, "certs", "certs", out);
	show_value(auth, "cacerts", "cacerts", out);
}

static bool is_zero(const char *number)
{
	return *number == '\0' || strcmp(number, "0") == 0;
}

/* " every 3600s or 1048576 bytes or 1000 packets", as far as they are set. */
static void show_child_rekeying(const struct conf_node *child, struct wbuf *out)
{
	static const char *const parts[][2] = {
		{"rekey_time", "s"}, {"rekey_bytes", " bytes"}, {"rekey_packets", " packets"}};
	const char *word = "rekeying every";
	bool any = false;

	for (size_t i = 0; i < 3; i++) {
		const char *number = ctl_text(child, parts[i][0]);

		if (is_zero(number))
			continue;
		wbuf_fmt(out, "%s %s%s", word, number, parts[i][1]);
		word = " or";
		any = true;
	}
	if (!any)
		wbuf_str(out, "no rekeying");
}

static void show_child_conf(const struct conf_node *child, bool dpd, struct wbuf *out)
{
	wbuf_fmt(out, "  %s: %s, ", child->name, ctl_text(child, "mode"));
	show_child_rekeying(child, out);
	if (dpd)
		wbuf_fmt(out, ", dpd action is %s", ctl_text(child, "dpd_action"));
	wbuf_u8(out, '\n');
	if (conf_node_value(child, "label"))
		wbuf_fmt(out, "    label:  %s\n", ctl_text(child, "label"));
	wbuf_str(out, "    local: ");
	show_items(conf_node_value(child, "local-ts"), " ", out);
	wbuf_str(out, "\n    remote:");
	show_items(conf_node_value(child, "remote-ts"), " ", out);
	wbuf_u8(out, '\n');
	show_value(child, "interface", "interface", out);
	show_value(child, "priority", "priority", out);
}

static void show_addrs(const struct conf_node *conn, const char *key, const char *label,
		       struct wbuf *out)
{
	const struct conf_value *v = conf_node_value(conn, key);

	for (size_t i = 0; v && i < v->count; i++)
		wbuf_fmt(out, "%s%s\n", label, v->items[i].data);
}

static void show_one_conn(const struct conf_node *conn, struct wbuf *out)
{
	const char *reauth = ctl_text(conn, "reauth_time"), *rekey = ctl_text(conn, "rekey_time");
	const char *dpd = ctl_text(conn, "dpd_delay"), *version = ctl_text(conn, "version");
	const struct conf_node *children = conf_node_section(conn, "children");

	wbuf_fmt(out, "%s: %s, ", conn->name, version);
	if (is_zero(reauth))
		wbuf_str(out, "no reauthentication");
	else
		wbuf_fmt(out, "reauthentication every %ss", reauth);
	if (strcmp(version, "IKEv1") != 0 && is_zero(rekey))
		wbuf_str(out, ", no rekeying");
	else if (strcmp(version, "IKEv1") != 0)
		wbuf_fmt(out, ", rekeying every %ss", rekey);
	if (!is_zero(dpd))
		wbuf_fmt(out, ", dpd delay %ss", dpd);
	wbuf_u8(out, '\n');
	if (conf_node_value(conn, "ppk_id"))
		wbuf_fmt(out, "  ppk: %s, %srequired\n", ctl_text(conn, "ppk_id"),
			 strcmp(ctl_text(conn, "ppk_required"), "yes") == 0 ? "" : "not ");
	show_addrs(conn, "local_addrs", "  local:  ", out);
	show_addrs(conn, "remote_addrs", "  remote: ", out);
	for (size_t i = 0; i < conn->n_sections; i++) {
		if (conn->sections[i] != children)
			show_auth(conn->sections[i], out);
	}
	for (size_t i = 0; children && i < children->n_sections; i++)
		show_child_conf(children->sections[i], !is_zero(dpd), out);
}

void show_conn(const struct conf_node *event, struct wbuf *out)
{
	for (size_t i = 0; i < event->n_sections; i++)
		show_one_conn(event->sections[i], out);
}

/* ---- policies ------------------------------------------------------------------------------- */

void show_policy(const struct conf_node *event, struct wbuf *out)
{
	for (size_t i = 0; i < event->n_sections; i++) {
		const struct conf_node *p = event->sections[i];

		wbuf_fmt(out, "%s, ", p->name);
		if (conf_node_value(p, "reqid"))
			wbuf_fmt(out, "reqid %s, ", ctl_text(p, "reqid"));
		wbuf_fmt(out, "%s\n  local: ", ctl_text(p, "mode"));
		show_items(conf_node_value(p, "local-ts"), " ", out);
		wbuf_str(out, "\n  remote:");
		show_items(conf_node_value(p, "remote-ts"), " ", out);
		wbuf_u8(out, '\n');
	}
}

/* ---- pools and authorities ------------------------------------------------------------------ */

static void show_leases(const struct conf_node *leases, struct wbuf *out)
{
	for (size_t i = 0; leases && i < leases->n_sections; i++) {
		const struct conf_node *l = leases->sections[i];

		wbuf_fmt(out, "  %-30s %-8s '%s'\n", ctl_text(l, "address"), ctl_text(l, "status"),
			 ctl_text(l, "identity"));
	}
}

void show_pools(const struct conf_node *reply, struct wbuf *out)
{
	for (size_t i = 0; i < reply->n_sections; i++) {
		const struct conf_node *p = reply->sections[i];
		char counts[80];

		snprintf(counts, sizeof(counts), "%s / %s / %s", ctl_text(p, "online"),
			 ctl_text(p, "offline"), ctl_text(p, "size"));
		wbuf_fmt(out, "%-20s %-30s %16s\n", p->name, ctl_text(p, "base"), counts);
		show_leases(conf_node_section(p, "leases"), out);
	}
}

static void show_uris(const struct conf_node *n, const char *key, const char *label,
		      struct wbuf *out)
{
	const struct conf_value *v = conf_node_value(n, key);

	for (size_t i = 0; v && i < v->count; i++)
		wbuf_fmt(out, "  %-11s%s\n", i ? "" : label, v->items[i].data);
}

void show_authority(const struct conf_node *event, struct wbuf *out)
{
	for (size_t i = 0; i < event->n_sections; i++) {
		const struct conf_node *a = event->sections[i];

		wbuf_fmt(out, "%s:\n", a->name);
		if (conf_node_value(a, "cacert"))
			wbuf_fmt(out, "  cacert: %s\n", ctl_text(a, "cacert"));
		show_uris(a, "crl_uris", "crl_uris:", out);
		show_uris(a, "ocsp_uris", "ocsp_uris:", out);
		if (conf_node_value(a, "cert_uri_base"))
			wbuf_fmt(out, "  cert_uri_base: %s\n", ctl_text(a, "cert_uri_base"));
	}
}

/* ---- the daemon ----------------------------------------------------------------------------- */

void show_algorithms(const struct conf_node *reply, struct wbuf *out)
{
	for (size_t i = 0; i < reply->n_sections; i++) {
		const struct conf_node *s = reply->sections[i];

		wbuf_fmt(out, "%s:\n", s->name);
		for (size_t k = 0; k < s->n_values; k++)
			wbuf_fmt(out, "  %s[%s]\n", s->values[k].key,
				 ctl_text(s, s->values[k].key));
	}
}

static const char *at(const struct conf_node *root, const char *path)
{
	const char *text = conf_node_text(root, path);

	return text ? text : "";
}

void show_stats(const struct conf_node *reply, struct wbuf *out)
{
	const struct conf_value *plugins = conf_node_value(reply, "plugins");

	wbuf_fmt(out, "uptime: %s, since %s\n", at(reply, "uptime.running"),
		 at(reply, "uptime.since"));
	wbuf_fmt(out, "worker threads: %s total, %s idle, working: %s/%s/%s/%s\n",
		 at(reply, "workers.total"), at(reply, "workers.idle"),
		 at(reply, "workers.active.critical"), at(reply, "workers.active.high"),
		 at(reply, "workers.active.medium"), at(reply, "workers.active.low"));
	wbuf_fmt(out, "job queues: %s/%s/%s/%s\n", at(reply, "queues.critical"),
		 at(reply, "queues.high"), at(reply, "queues.medium"), at(reply, "queues.low"));
	wbuf_fmt(out, "jobs scheduled: %s\n", at(reply, "scheduled"));
	wbuf_fmt(out, "IKE_SAs: %s total, %s half-open\n", at(reply, "ikesas.total"),
		 at(reply, "ikesas.half-open"));
	if (conf_node_section(reply, "mallinfo"))
		wbuf_fmt(out, "mallinfo: sbrk %s, mmap %s, used %s, free %s\n",
			 at(reply, "mallinfo.sbrk"), at(reply, "mallinfo.mmap"),
			 at(reply, "mallinfo.used"), at(reply, "mallinfo.free"));
	if (plugins) {
		wbuf_str(out, "loaded plugins:");
		show_items(plugins, " ", out);
		wbuf_u8(out, '\n');
	}
}

void show_version(const struct conf_node *reply, struct wbuf *out)
{
	const char *daemon = ctl_text(reply, "daemon");

	wbuf_fmt(out, "%s %s %s (%s, %s, %s)\n",
		 strcmp(daemon, "cygnetd") == 0 ? "Cygnet" : "strongSwan",
		 ctl_text(reply, "version"), daemon, ctl_text(reply, "sysname"),
		 ctl_text(reply, "release"), ctl_text(reply, "machine"));
}

void show_counters(const struct conf_node *reply, struct wbuf *out)
{
	const struct conf_node *counters = conf_node_section(reply, "counters");

	for (size_t i = 0; counters && i < counters->n_sections; i++) {
		const struct conf_node *s = counters->sections[i];

		wbuf_fmt(out, "%s:\n", *s->name ? s->name : "global");
		for (size_t k = 0; k < s->n_values; k++)
			wbuf_fmt(out, "  %-22s: %s\n", s->values[k].key,
				 ctl_text(s, s->values[k].key));
	}
}

/* ---- log lines ------------------------------------------------------------------------------ */

static void show_lines(const char *prefix, const char *text, struct wbuf *out)
{
	do {
		size_t len = strcspn(text, "\n");

		wbuf_fmt(out, "%s %.*s\n", prefix, (int)len, text);
		text += len;
	} while (*text++ == '\n');
}

void show_log(const struct conf_node *event, struct wbuf *out)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "%02u[%.20s]",
		 (unsigned)strtoul(ctl_text(event, "thread"), NULL, 10), ctl_text(event, "group"));
	show_lines(prefix, ctl_text(event, "msg"), out);
}

void show_control_log(const struct conf_node *event, struct wbuf *out)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "[%.20s]", ctl_text(event, "group"));
	show_lines(prefix, ctl_text(event, "msg"), out);
}
