/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct log {
	struct list sinks;
	pthread_mutex_t lock;
};

static const char *const group_names[LOG_N_GROUPS] = {
	"DMN", "MGR", "IKE", "CHD", "JOB", "WCH", "CFG", "KNL", "NET", "ASN",
	"ENC", "TNC", "IMC", "IMV", "PTS", "TLS", "APP", "ESP", "LIB",
};

static _Thread_local unsigned thread_number;

struct log *log_new(void)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	list_init(&log->sinks);
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

void log_free(struct log *log)
{
	if (!log)
		return;
	pthread_mutex_destroy(&log->lock);
	free(log);
}

void log_add_sink(struct log *log, struct log_sink *sink)
{
	pthread_mutex_lock(&log->lock);
	list_append(&log->sinks, &sink->link);
	pthread_mutex_unlock(&log->lock);
}

void log_remove_sink(struct log *log, struct log_sink *sink)
{
	pthread_mutex_lock(&log->lock);
	list_remove(&sink->link);
	pthread_mutex_unlock(&log->lock);
}

void log_sink_set_all(struct log_sink *sink, int level)
{
	for (int i = 0; i < LOG_N_GROUPS; i++)
		sink->levels[i] = level;
}

bool log_wants(const struct log *log, enum log_group group, int level)
{
	bool wanted = false;

	if (!log)
		return false;
	pthread_mutex_lock((pthread_mutex_t *)&log->lock);
	list_foreach(it, &log->sinks)
		wanted |= list_entry(it, struct log_sink, link)->levels[group] >= level;
	pthread_mutex_unlock((pthread_mutex_t *)&log->lock);
	return wanted;
}

void log_set_thread(unsigned number)
{
	thread_number = number;
}

static void write_to_sinks(struct log *log, const struct log_line *line)
{
	pthread_mutex_lock(&log->lock);
	list_foreach_safe(it, &log->sinks) {
		struct log_sink *sink = list_entry(it, struct log_sink, link);

		if (sink->levels[line->group] >= line->level)
			sink->write(sink, line);
	}
	pthread_mutex_unlock(&log->lock);
}

void log_vprint(struct log *log, const struct log_tag *tag, enum log_group group, int level,
		const char *fmt, va_list ap)
{
	struct log_line line = {.group = group, .level = level, .thread = thread_number};
	char *text;

	if (!log_wants(log, group, level) || vasprintf(&text, fmt, ap) < 0)
		return;
	if (tag)
		line.tag = *tag;
	line.text = text;
	write_to_sinks(log, &line);
	explicit_bzero(text, strlen(text));
	free(text);
}

void log_print(struct log *log, const struct log_tag *tag, enum log_group group, int level,
	       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprint(log, tag, group, level, fmt, ap);
	va_end(ap);
}

const char *log_group_name(enum log_group group)
{
	return (unsigned)group < LOG_N_GROUPS ? group_names[group] : "???";
}

int log_group_parse(const char *name, enum log_group *out)
{
	for (int i = 0; i < LOG_N_GROUPS; i++) {
		if (strcasecmp(name, group_names[i]) == 0) {
			*out = (enum log_group)i;
			return 0;
		}
	}
	return E_NOTFOUND;
}

void log_note(struct log_notes *notes, enum log_group group, int level, const char *fmt, ...)
{
	struct log_note *items;
	char *text;
	va_list ap;
	int n;

	if (!notes)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	items = realloc(notes->items, (notes->count + 1) * sizeof(*items));
	if (!items) {
		free(text);
		return;
	}
	notes->items = items;
	notes->items[notes->count++] = (struct log_note){group, level, text};
}

void log_flush_notes(struct log *log, const struct log_tag *tag, struct log_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		log_print(log, tag, notes->items[i].group, notes->items[i].level, "%s",
			  notes->items[i].text);
	log_notes_done(notes);
}

void log_notes_done(struct log_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->items[i].text);
	free(notes->items);
	*notes = (struct log_notes){0};
}
