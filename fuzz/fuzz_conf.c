/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a file: it is parsed, and checked as swanctl.conf and as strongswan.conf. */
#include <stddef.h>
#include <stdint.h>

#include "conf/conn.h"
#include "conf/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_errors errs = {0};
	struct conf_node *root;
	struct settings *settings;
	struct wbuf text;

	/* include would read files of this machine */
	if (conf_parse_alone("fuzz.conf", view_make(data, size), &errs, &root) < 0)
		__builtin_trap();
	conf_check_swanctl(root, &errs);
	if (settings_from_tree(root, &errs, &settings) == E_NOMEM || !settings)
		__builtin_trap();
	settings_free(settings);
	wbuf_init(&text, 0);
	for (size_t i = 0; i < errs.count; i++)
		conf_error_text(&errs.items[i], &text);
	wbuf_done(&text);
	conf_errors_done(&errs);
	return 0;
}
