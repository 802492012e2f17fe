/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/path.h"

#include "conf/conn.h"
#include "ike/sa.h"
#include "ike/state.h"

/* Addresses that peers have given us are of the inside. */
static bool is_virtual(const struct ike *ike, const struct addr *a)
{
	list_foreach(it, &ike->sas) {
		const struct ike_sa *sa = list_entry(it, struct ike_sa, link);

		for (size_t i = 0; i < sa->n_local_vips; i++) {
			if (addr_equal(&sa->local_vips[i], a))
				return true;
		}
	}
	return false;
}

size_t path_own(const struct ike *ike, struct addr out[PATH_MAX_OWN])
{
	const struct ike_hooks *h = &ike->hooks;
	size_t n = h->addresses ? h->addresses(h->ctx, out, PATH_MAX_OWN) : 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_virtual(ike, &out[i]))
			out[kept++] = out[i];
	}
	return kept;
}

bool path_works(const struct ike *ike, const struct addr *local, const struct addr *remote)
{
	const struct ike_hooks *h = &ike->hooks;
	struct addr source;

	if (local->family != remote->family)
		return false;
	if (h->usable)
		return h->usable(h->ctx, local, remote);
	return h->source(h->ctx, remote, &source) == 0 && addr_equal(&source, local);
}

bool path_lasts(const struct ike *ike, const struct addr *local, const struct addr *remote)
{
	struct addr own[PATH_MAX_OWN], any;
	size_t n = path_own(ike, own);

	if (path_works(ike, local, remote))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (addr_equal(&own[i], local) && local->family == remote->family)
			return ike->hooks.source(ike->hooks.ctx, remote, &any) == 0;
	}
	return false;
}

bool path_is_named(const struct conf_conn *conf, const struct addr *local)
{
	const struct strs *l = &conf->local_addrs;
	struct addr_range r;

	for (size_t i = 0; i < l->count; i++) {
		if (addr_range_parse(&r, l->items[i]) == 0 && addr_range_has(&r, local))
			return true;
	}
	return false;
}

/* What is no address is %any or a name: then any will do. */
static bool is_wanted(const struct conf_conn *conf, const struct addr *local)
{
	const struct strs *l = &conf->local_addrs;
	struct addr_range r;

	for (size_t i = 0; i < l->count; i++) {
		if (addr_range_parse(&r, l->items[i]) != 0)
			return true;
	}
	return l->count == 0 || path_is_named(conf, local);
}

/* An address that local_addrs names and that leads to remote. */
static bool choose_wanted(const struct ike *ike, const struct conf_conn *conf,
			  const struct addr *remote, struct addr *out)
{
	struct addr own[PATH_MAX_OWN];
	size_t n = path_own(ike, own);

	for (size_t i = 0; i < n; i++) {
		if (is_wanted(conf, &own[i]) && path_lasts(ike, &own[i], remote)) {
			*out = own[i];
			return true;
		}
	}
	/* One of a loopback interface is not among them. */
	for (size_t i = 0; i < conf->local_addrs.count; i++) {
		struct addr a;

		if (addr_parse(&a, conf->local_addrs.items[i]) == 0 && !addr_is_any(&a) &&
		    path_works(ike, &a, remote)) {
			*out = a;
			return true;
		}
	}
	return false;
}

int path_choose(const struct ike *ike, const struct conf_conn *conf, const struct addr *remote,
		struct addr *out)
{
	struct addr preferred;
	int err = ike->hooks.source(ike->hooks.ctx, remote, &preferred);

	if (err)
		return err;
	if (is_wanted(conf, &preferred) || !choose_wanted(ike, conf, remote, out))
		*out = preferred;
	out->port = 0;
	return 0;
}
