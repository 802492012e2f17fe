/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reload.h"

#include <stdio.h>

#include "base/log.h"
#include "conf/node.h"
#include "conf/settings.h"
#include "daemon/daemon.h"
#include "daemon/settings_map.h"
#include "ike/engine.h"

static void print_error(struct daemon *d, const struct conf_error *e, struct wbuf *w)
{
	struct view text;

	wbuf_reset(w);
	conf_error_text(e, w);
	text = wbuf_view(w);
	log_print(d->log, NULL, LOG_CFG, LOG_AUDIT, "%.*s", (int)text.len, (const char *)text.ptr);
}

void reload_print_errors(struct daemon *d, const struct conf_errors *errs)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	for (size_t i = 0; i < errs->count; i++)
		print_error(d, &errs->items[i], &w);
	wbuf_done(&w);
}

static int refuse(struct daemon *d, const struct conf_errors *errs, char **out_why)
{
	struct view text;
	struct wbuf w;

	reload_print_errors(d, errs);
	log_print(d->log, NULL, LOG_CFG, LOG_AUDIT,
		  "%zu error(s) in %s: the settings stay as they were", errs->count, d->conf_path);
	wbuf_init(&w, 0);
	if (errs->count)
		conf_error_text(&errs->items[0], &w);
	text = wbuf_view(&w);
	if (asprintf(out_why, "%.*s (%zu error(s), see the log)", (int)text.len,
		     text.ptr ? (const char *)text.ptr : "", errs->count) < 0)
		*out_why = NULL;
	wbuf_done(&w);
	return E_CONFIG;
}

static int take(struct daemon *d, struct settings *fresh)
{
	const struct filelog_params params = {.log = d->log,
					      .settings = settings_root(fresh),
					      .forced = &d->forced,
					      .reopen = true};
	struct filelog *filelog;
	const char *path;
	unsigned at = 0;
	int err = filelog_open(&params, &filelog);

	if (err)
		return err;
	filelog_close(d->filelog);
	d->filelog = filelog;
	while ((path = settings_map_restart(d->settings, fresh, &at)) != NULL)
		log_print(d->log, NULL, LOG_CFG, LOG_CTRL,
			  "%s has changed: that takes effect at the next start", path);
	settings_map_engine(fresh, d->log, &d->engine);
	d->engine.port = d->sockets.port;
	d->engine.port_natt = d->sockets.port_natt;
	ike_set_settings(d->ike, &d->engine);
	settings_free(d->settings);
	d->settings = fresh;
	log_print(d->log, NULL, LOG_CFG, LOG_CTRL, "loaded settings from '%s'", d->conf_path);
	return 0;
}

int reload_settings(struct daemon *d, char **out_why)
{
	struct conf_errors errs = {.count = 0};
	struct settings *fresh = NULL;
	int err = settings_load(d->conf_path, &errs, &fresh);

	*out_why = NULL;
	if (!err)
		err = take(d, fresh);
	else if (err == E_CONFIG)
		err = refuse(d, &errs, out_why);
	if (err)
		settings_free(fresh);
	conf_errors_done(&errs);
	return err;
}
