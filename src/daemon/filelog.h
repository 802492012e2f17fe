/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_FILELOG_H
#define DAEMON_FILELOG_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/* The sinks of charon.filelog and charon.syslog. */

struct conf_node;
struct filelog;

#define FILELOG_NOT_FORCED (-2)

/* Levels of the command line: they win over the file's; FILELOG_NOT_FORCED leaves a group alone. */
struct filelog_levels {
	int levels[LOG_N_GROUPS];
	bool any;
};

struct filelog_params {
	struct log *log;
	const struct conf_node *settings; /* root of strongswan.conf, checked */
	const struct filelog_levels *forced;
	bool reopen; /* append to files that are begun anew at a start of the daemon */
};

/*
 * Open all sinks and add them to the log. Without any in the settings, or with forced levels, lines
 * also go to stderr. A file that cannot be opened is named in the log, and left out. E_NOMEM.
 */
int filelog_open(const struct filelog_params *params, struct filelog **out) ERR_MUST_CHECK;
/* Take the sinks out of the log, flush and close. NULL is fine. */
void filelog_close(struct filelog *f);
/* Write out what is buffered; cheap if nothing is. */
void filelog_flush(struct filelog *f);
/* Whether lines go to stderr, so that nothing need be said there again. */
bool filelog_has_stderr(const struct filelog *f);

/* How lines look. */
struct filelog_style {
	bool ike_name;
	bool log_level;
	const char *time_format; /* strftime(3), or NULL */
	unsigned decimals;	 /* of the second: 0, 3 or 6 */
};

/*
 * Append a line's text to out as "[TIME ]NN[GRP][ <NAME|UID>] TEXT\n"; every line of a longer text
 * gets the whole head.
 */
void filelog_format(struct wbuf *out, const struct filelog_style *style,
		    const struct log_line *line, const struct timespec *when);

#endif
