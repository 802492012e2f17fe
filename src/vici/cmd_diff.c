/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "conf/diff.h"
#include "conf/node.h"
#include "vici/cmd.h"
#include "vici/codec.h"

/* "connections" and so on as a literal, or NULL. */
static const char *part_name(const char *name)
{
	static const char *const parts[] = {"connections", "pools", "authorities"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i], name) == 0)
			return parts[i];
	}
	return NULL;
}

/* What loading these sections would change; nothing is checked and nothing is loaded. */
void cmd_diff(struct server_call *call)
{
	const struct conf_node *request = server_call_request(call);
	struct vici_context *c = cmd_context(call);
	struct wbuf *w = server_call_reply(call);
	struct strs changes = {0};
	int err = 0;

	for (size_t i = 0; i < request->n_sections && !err; i++) {
		const struct conf_node *all = request->sections[i];
		const char *part = part_name(all->name);

		if (!part)
			err = E_CONFIG;
		for (size_t k = 0; k < all->n_sections && !err; k++)
			err = diff_sections(part,
					    loaded_find(&c->loaded, part, all->sections[k]->name),
					    all->sections[k], &changes);
	}
	if (!err)
		codec_strs(w, "changes", &changes);
	strs_done(&changes);
	if (err == E_CONFIG)
		cmd_fail(call, "expected sections connections, pools or authorities");
	else
		cmd_finish(call, err);
}
