/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "conf/node.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/show.h"

/* list-sas, as swanctl prints it. */

static bool has(const struct conf_node *n, const char *key)
{
	return conf_node_value(n, key) != NULL;
}

/* `before` and the text of a key, if it is there. */
static void put(const struct conf_node *n, const char *before, const char *key, struct wbuf *out)
{
	if (has(n, key))
		wbuf_fmt(out, "%s%s", before, ctl_text(n, key));
}

/* "/KE1_KYBER_L3/KE2_BIKE_L3" */
static void put_additional(const struct conf_node *n, struct wbuf *out)
{
	char key[16], before[8];

	for (int i = 1; i <= 7; i++) {
		snprintf(key, sizeof(key), "ake%d", i);
		snprintf(before, sizeof(before), "/KE%d_", i);
		put(n, before, key, out);
	}
}

/* " [10.3.0.1 10.3.0.2]" */
static void put_vips(const struct conf_node *n, const char *key, struct wbuf *out)
{
	const struct conf_value *v = conf_node_value(n, key);

	if (!v || v->count == 0)
		return;
	wbuf_fmt(out, " [%s", v->items[0].data);
	for (size_t i = 1; i < v->count; i++)
		wbuf_fmt(out, " %s", v->items[i].data);
	wbuf_u8(out, ']');
}

static void put_tasks(const struct conf_node *n, const char *key, const char *label,
		      struct wbuf *out)
{
	const struct conf_value *v = conf_node_value(n, key);

	if (!v || v->count == 0)
		return;
	wbuf_fmt(out, "  %-8s", label);
	show_items(v, " ", out);
	wbuf_u8(out, '\n');
}

void show_sa_suite(const struct conf_node *sa, struct wbuf *out)
{
	put(sa, "", "encr-alg", out);
	put(sa, "-", "encr-keysize", out);
	put(sa, "/", "integ-alg", out);
	put(sa, "-", "integ-keysize", out);
	put(sa, "/", "prf-alg", out);
	put(sa, "/", "dh-group", out);
	put_additional(sa, out);
	if (strcmp(ctl_text(sa, "ppk"), "yes") == 0)
		wbuf_str(out, "/PPK");
}

void show_sa_child_suite(const struct conf_node *c, struct wbuf *out)
{
	put(c, "", "encr-alg", out);
	put(c, "-", "encr-keysize", out);
	put(c, has(c, "encr-alg") ? "/" : "", "integ-alg", out);
	put(c, "-", "integ-keysize", out);
	put(c, "/", "prf-alg", out);
	put(c, "/", "dh-group", out);
	put_additional(c, out);
	if (strcmp(ctl_text(c, "esn"), "1") == 0)
		wbuf_str(out, "/ESN");
}

static void put_ends(const struct conf_node *sa, struct wbuf *out)
{
	wbuf_fmt(out, "  local  '%s' @ %s[%s]", ctl_text(sa, "local-id"),
		 ctl_text(sa, "local-host"), ctl_text(sa, "local-port"));
	put_vips(sa, "local-vips", out);
	wbuf_fmt(out, "\n  remote '%s' @ %s[%s]", ctl_text(sa, "remote-id"),
		 ctl_text(sa, "remote-host"), ctl_text(sa, "remote-port"));
	if (has(sa, "remote-eap-id"))
		wbuf_fmt(out, " EAP: '%s'", ctl_text(sa, "remote-eap-id"));
	if (has(sa, "remote-xauth-id"))
		wbuf_fmt(out, " XAuth: '%s'", ctl_text(sa, "remote-xauth-id"));
	put_vips(sa, "remote-vips", out);
	wbuf_u8(out, '\n');
}

/* " (0x00000001/0x000000ff|0x00000002)": mark and interface id, as far as they are set. */
static void put_mark(const struct conf_node *c, const char *way, struct wbuf *out)
{
	char mark[16], mask[24], if_id[16];

	snprintf(mark, sizeof(mark), "mark-%s", way);
	snprintf(mask, sizeof(mask), "mark-mask-%s", way);
	snprintf(if_id, sizeof(if_id), "if-id-%s", way);
	if (!has(c, mark) && !has(c, if_id))
		return;
	wbuf_str(out, " (");
	if (has(c, mark))
		put(c, "0x", mark, out);
	else
		wbuf_u8(out, '-');
	put(c, "/0x", mask, out);
	put(c, "|0x", if_id, out);
	wbuf_u8(out, ')');
}

static void put_direction(const struct conf_node *c, const char *way, struct wbuf *out)
{
	char spi[12], cpi[12], bytes[12], packets[16], use[12];

	snprintf(spi, sizeof(spi), "spi-%s", way);
	snprintf(cpi, sizeof(cpi), "cpi-%s", way);
	snprintf(bytes, sizeof(bytes), "bytes-%s", way);
	snprintf(packets, sizeof(packets), "packets-%s", way);
	snprintf(use, sizeof(use), "use-%s", way);
	wbuf_fmt(out, "    %-3s %s", way, ctl_text(c, spi));
	put(c, "/", cpi, out);
	put_mark(c, way, out);
	wbuf_fmt(out, ", %6s bytes, %5s packets", ctl_text(c, bytes), ctl_text(c, packets));
	if (has(c, use))
		wbuf_fmt(out, ", %5ss ago", ctl_text(c, use));
	wbuf_u8(out, '\n');
}

static void put_selectors(const struct conf_node *c, const char *key, const char *label,
			  struct wbuf *out)
{
	wbuf_fmt(out, "    %-6s", label);
	show_items(conf_node_value(c, key), " ", out);
	wbuf_u8(out, '\n');
}

static void put_child(const struct conf_node *c, struct wbuf *out)
{
	bool encap = strcmp(ctl_text(c, "encap"), "yes") == 0;

	wbuf_fmt(out, "  %s: #%s, reqid %s", ctl_text(c, "name"), ctl_text(c, "uniqueid"),
		 ctl_text(c, "reqid"));
	put(c, ", cpu ", "cpu", out);
	wbuf_fmt(out, ", %s, %s%s", ctl_text(c, "state"), ctl_text(c, "mode"),
		 encap ? "-in-UDP" : "");
	if (has(c, "protocol")) {
		wbuf_fmt(out, ", %s:", ctl_text(c, "protocol"));
		show_sa_child_suite(c, out);
	}
	wbuf_u8(out, '\n');
	if (has(c, "install-time")) {
		wbuf_fmt(out, "    installed %ss ago", ctl_text(c, "install-time"));
		if (has(c, "rekey-time"))
			wbuf_fmt(out, ", rekeying in %ss", ctl_text(c, "rekey-time"));
		if (has(c, "life-time"))
			wbuf_fmt(out, ", expires in %ss", ctl_text(c, "life-time"));
		wbuf_u8(out, '\n');
	}
	if (has(c, "spi-in")) {
		put_direction(c, "in", out);
		put_direction(c, "out", out);
	}
	if (has(c, "label"))
		wbuf_fmt(out, "    label  %s\n", ctl_text(c, "label"));
	put_selectors(c, "local-ts", "local", out);
	put_selectors(c, "remote-ts", "remote", out);
}

static void put_sa(const struct conf_node *sa, struct wbuf *out)
{
	bool initiator = strcmp(ctl_text(sa, "initiator"), "yes") == 0;

	wbuf_fmt(out, "%s: #%s, %s, IKEv%s, %s_i%s %s_r%s\n", sa->name, ctl_text(sa, "uniqueid"),
		 ctl_text(sa, "state"), ctl_text(sa, "version"), ctl_text(sa, "initiator-spi"),
		 initiator ? "*" : "", ctl_text(sa, "responder-spi"), initiator ? "" : "*");
	put_ends(sa, out);
	if (has(sa, "encr-alg")) {
		wbuf_str(out, "  ");
		show_sa_suite(sa, out);
		wbuf_u8(out, '\n');
	}
	if (has(sa, "established")) {
		wbuf_fmt(out, "  established %ss ago", ctl_text(sa, "established"));
		if (has(sa, "rekey-time"))
			wbuf_fmt(out, ", rekeying in %ss", ctl_text(sa, "rekey-time"));
		if (has(sa, "reauth-time"))
			wbuf_fmt(out, ", reauth in %ss", ctl_text(sa, "reauth-time"));
		wbuf_u8(out, '\n');
	}
	put_tasks(sa, "tasks-queued", "queued:", out);
	put_tasks(sa, "tasks-active", "active:", out);
	put_tasks(sa, "tasks-passive", "passive:", out);
}

void show_sa(const struct conf_node *event, struct wbuf *out)
{
	for (size_t i = 0; i < event->n_sections; i++) {
		const struct conf_node *sa = event->sections[i];
		const struct conf_node *children = conf_node_section(sa, "child-sas");

		put_sa(sa, out);
		for (size_t k = 0; children && k < children->n_sections; k++)
			put_child(children->sections[k], out);
	}
}
