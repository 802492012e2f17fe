/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"

/* Log groups, with strongSwan's three-letter names (log_group_name). */
enum log_group {
	LOG_DMN,
	LOG_MGR,
	LOG_IKE,
	LOG_CHD,
	LOG_JOB,
	LOG_WCH,
	LOG_CFG,
	LOG_KNL,
	LOG_NET,
	LOG_ASN,
	LOG_ENC,
	LOG_TNC,
	LOG_IMC,
	LOG_IMV,
	LOG_PTS,
	LOG_TLS,
	LOG_APP,
	LOG_ESP,
	LOG_LIB,
	LOG_N_GROUPS
};

/* Levels: -1 silent, 0 audit, 1 control, 2 detail, 3 raw bytes, 4 secrets. */
enum { LOG_SILENT = -1, LOG_AUDIT = 0, LOG_CTRL = 1, LOG_DETAIL = 2, LOG_RAW = 3, LOG_SECRET = 4 };

/* Which IKE SA a line is about; name NULL if none. */
struct log_tag {
	const char *name;
	uint32_t uid;
};

/* One finished line (the text may hold newlines), as sinks see it. */
struct log_line {
	enum log_group group;
	int level;
	unsigned thread; /* 0 start-up and control, else the number of the thread */
	struct log_tag tag;
	const char *text;
};

/*
 * Where lines go. levels[] says up to which level this sink wants each group. write is called in
 * the thread that logs; the log serialises the calls.
 */
struct log_sink {
	struct list link; /* the log's */
	int levels[LOG_N_GROUPS];
	void (*write)(struct log_sink *sink, const struct log_line *line);
};

struct log;

/* An empty log without sinks; NULL if out of memory. */
struct log *log_new(void);
/* Free; sinks are their owners'. */
void log_free(struct log *log);
/* Add a sink; it must stay until log_remove_sink(). */
void log_add_sink(struct log *log, struct log_sink *sink);
void log_remove_sink(struct log *log, struct log_sink *sink);
/* Set all groups of a sink to a level. */
void log_sink_set_all(struct log_sink *sink, int level);
/* Whether any sink wants this line: to skip work that only serves a line. */
bool log_wants(const struct log *log, enum log_group group, int level);
/* Number of the calling thread in lines (see struct log_line); 0 unless set. */
void log_set_thread(unsigned number);
/* Write one line; log may be NULL, tag may be NULL. */
void log_print(struct log *log, const struct log_tag *tag, enum log_group group, int level,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void log_vprint(struct log *log, const struct log_tag *tag, enum log_group group, int level,
		const char *fmt, va_list ap);
/* "DMN", "IKE", ... */
const char *log_group_name(enum log_group group);
/* Group of a name, any case; E_NOTFOUND. */
int log_group_parse(const char *name, enum log_group *out) ERR_MUST_CHECK;

/*
 * Lines gathered where no log is at hand (a job in another thread, a pure check), to be printed by
 * whoever decides. All-zero is empty.
 */
struct log_note {
	enum log_group group;
	int level;
	char *text;
};

struct log_notes {
	struct log_note *items;
	size_t count;
};

/* Append; silently drops the line when out of memory. notes may be NULL (line dropped). */
void log_note(struct log_notes *notes, enum log_group group, int level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Print all and empty the list. */
void log_flush_notes(struct log *log, const struct log_tag *tag, struct log_notes *notes);
/* Free without printing. */
void log_notes_done(struct log_notes *notes);

#endif
