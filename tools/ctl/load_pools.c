/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "conf/conn.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/load.h"
#include "tools/ctl/verb.h"
#include "vici/codec.h"

/* Pools: addrs as it is, attributes as lists. */

static int put_pool(struct load *l, const struct conf_node *node, struct conf_errors *errs,
		    struct wbuf *w)
{
	(void)l;
	(void)errs;
	for (size_t i = 0; i < node->n_values; i++) {
		const struct conf_value *v = &node->values[i];

		if (v->count && strcmp(v->key, "addrs") == 0)
			codec_text(w, v->key, v->items[0].data);
		else if (v->count)
			load_put_list(w, v->key, v->items[0].data);
	}
	return 0;
}

static int check_pool(const struct conf_node *node, struct conf_errors *errs)
{
	struct conf_pool pool;
	int rc = conf_pool_build(node, errs, &pool);

	if (rc == 0)
		conf_pool_done(&pool);
	return rc;
}

void load_pools_part(struct load *l)
{
	static const struct load_kind kind = {
		.section = "pools",
		.word = "pool",
		.load = "load-pool",
		.get = "get-pools",
		.unload = "unload-pool",
		.check = check_pool,
		.put = put_pool,
	};

	load_sections(l, &kind);
}

int load_pools(struct ctl *ctl)
{
	static void (*const parts[])(struct load *) = {load_pools_part, NULL};

	return load_run(ctl, false, parts);
}
