/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/labels.h"

#include <stdio.h>

#include "ike/state.h"

static bool is_unique(uint32_t value)
{
	return value == CONF_UNIQUE_ID || value == CONF_UNIQUE_DIR;
}

/* One fresh number for both directions, or one for each if either is to be its direction's own. */
static void make_unique(uint32_t *counter, uint32_t *in, uint32_t *out)
{
	bool each = *in == CONF_UNIQUE_DIR || *out == CONF_UNIQUE_DIR;

	if (!is_unique(*in) && !is_unique(*out))
		return;
	if (!each)
		++*counter;
	if (is_unique(*in))
		*in = each ? ++*counter : *counter;
	if (is_unique(*out))
		*out = each ? ++*counter : *counter;
}

void labels_make_if_ids(struct ike *ike, uint32_t in, uint32_t out, uint32_t made[2])
{
	make_unique(&ike->last_if_id, &in, &out);
	made[0] = in;
	made[1] = out;
}

/* %same: the value of the mark that packets must have, under a mask of its own. */
static struct ipsec_mark set_mark(uint32_t value, uint32_t mask, const struct ipsec_mark *same)
{
	return (struct ipsec_mark){value == CONF_SAME_MARK ? same->value : value, mask};
}

void labels_make(struct ike *ike, const struct conf_child *conf, const uint32_t if_ids[2],
		 struct ipsec_labels *out)
{
	uint32_t ids[2];

	*out = (struct ipsec_labels){
		.in = {conf->mark_in, conf->mark_in_mask},
		.out = {conf->mark_out, conf->mark_out_mask},
		.mark_in_sa = conf->mark_in_sa,
		.interface = conf->interface ? view_str(conf->interface) : (struct view){0},
	};
	make_unique(&ike->last_mark, &out->in.value, &out->out.value);
	out->set_in = set_mark(conf->set_mark_in, conf->set_mark_in_mask, &out->in);
	out->set_out = set_mark(conf->set_mark_out, conf->set_mark_out_mask, &out->out);
	labels_make_if_ids(ike, conf->if_id_in, conf->if_id_out, ids);
	out->if_id_in = ids[0] ? ids[0] : if_ids[0];
	out->if_id_out = ids[1] ? ids[1] : if_ids[1];
}

static bool mark_equal(struct ipsec_mark a, struct ipsec_mark b)
{
	return a.value == b.value && a.mask == b.mask;
}

bool labels_equal(const struct ipsec_labels *a, const struct ipsec_labels *b)
{
	return mark_equal(a->in, b->in) && mark_equal(a->out, b->out) &&
	       a->if_id_in == b->if_id_in && a->if_id_out == b->if_id_out;
}

unsigned labels_flags(const struct conf_child *conf)
{
	return (conf->policies ? 0 : IPSEC_NO_POLICIES) |
	       (conf->policies_fwd_out ? IPSEC_POLICIES_FWD_OUT : 0) |
	       (conf->sha256_96 ? IPSEC_SHA256_96 : 0) | (conf->copy_df ? 0 : IPSEC_NO_COPY_DF) |
	       (conf->copy_ecn ? 0 : IPSEC_NO_COPY_ECN) |
	       (conf->copy_dscp & CONF_DSCP_OUT ? 0 : IPSEC_NO_COPY_DSCP_OUT) |
	       (conf->copy_dscp & CONF_DSCP_IN ? IPSEC_COPY_DSCP_IN : 0);
}

/* The first option of a child that the datapath has not; NULL if it has all. */
static const char *missing(unsigned has, const struct conf_child *c)
{
	const struct {
		const char *option;
		bool wanted;
		unsigned feature;
	} list[] = {
		{"mode = transport", c->mode == CONF_MODE_TRANSPORT, IPSEC_HAS_TRANSPORT},
		{"mark_in", c->mark_in_mask != 0, IPSEC_HAS_MARKS},
		{"mark_out", c->mark_out_mask != 0, IPSEC_HAS_MARKS},
		{"set_mark_in", c->set_mark_in_mask != 0, IPSEC_HAS_MARKS},
		{"set_mark_out", c->set_mark_out_mask != 0, IPSEC_HAS_MARKS},
		{"if_id_in", c->if_id_in != 0, IPSEC_HAS_IF_ID},
		{"if_id_out", c->if_id_out != 0, IPSEC_HAS_IF_ID},
		{"interface", c->interface != NULL, IPSEC_HAS_INTERFACE},
		{"policies = no", !c->policies, IPSEC_HAS_BARE_SA},
		{"policies_fwd_out", c->policies_fwd_out, IPSEC_HAS_FWD_OUT},
		{"tfc_padding", c->tfc != 0, IPSEC_HAS_TFC},
		{"sha256_96", c->sha256_96, IPSEC_HAS_SHA256_96},
		{"copy_df = no", !c->copy_df, IPSEC_HAS_COPYING},
		{"copy_ecn = no", !c->copy_ecn, IPSEC_HAS_COPYING},
		{"copy_dscp", c->copy_dscp != CONF_DSCP_OUT, IPSEC_HAS_COPYING},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (list[i].wanted && !(has & list[i].feature))
			return list[i].option;
	}
	return NULL;
}

static int refuse(const struct ike *ike, const char *where, const char *option, char **out_why)
{
	if (asprintf(out_why,
		     "%s%s: the '%s' datapath has not got this; the kernel's IPsec has "
		     "(charon.datapath = xfrm)",
		     where, option, ike->ipsec->ops->name) < 0)
		*out_why = NULL;
	return E_CONFIG;
}

int labels_check(struct ike *ike, const struct conf_conn *conn, char **out_why)
{
	const unsigned has = ike->ipsec->ops->features(ike->ipsec);
	char where[128];

	if ((conn->if_id_in || conn->if_id_out) && !(has & IPSEC_HAS_IF_ID))
		return refuse(ike, "", conn->if_id_in ? "if_id_in" : "if_id_out", out_why);
	for (size_t i = 0; i < conn->n_children; i++) {
		const char *option = missing(has, &conn->children[i]);

		snprintf(where, sizeof(where), "children.%.100s.", conn->children[i].name);
		if (option)
			return refuse(ike, where, option, out_why);
	}
	return 0;
}
