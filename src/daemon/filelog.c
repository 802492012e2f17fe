/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filelog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/list.h"
#include "conf/node.h"
#include "conf/value.h"

struct output {
	struct log_sink sink;
	struct list link; /* filelog.outputs */
	FILE *file;
	bool flush_line;
	struct filelog_style style;
	char *time_format;
};

struct filelog {
	struct log *log;
	struct list outputs;
};

/* ---- format ---------------------------------------------------------------------------------- */

static void put_time(struct wbuf *out, const struct filelog_style *style,
		     const struct timespec *when)
{
	char text[128];
	struct tm tm;

	if (!localtime_r(&when->tv_sec, &tm) ||
	    strftime(text, sizeof(text), style->time_format, &tm) == 0)
		return;
	wbuf_str(out, text);
	if (style->decimals == 3)
		wbuf_fmt(out, ".%03ld", when->tv_nsec / 1000000);
	else if (style->decimals == 6)
		wbuf_fmt(out, ".%06ld", when->tv_nsec / 1000);
	wbuf_str(out, " ");
}

static void put_head(struct wbuf *out, const struct filelog_style *style,
		     const struct log_line *line, const struct timespec *when)
{
	if (style->time_format)
		put_time(out, style, when);
	wbuf_fmt(out, "%02u[%s", line->thread, log_group_name(line->group));
	if (style->log_level)
		wbuf_fmt(out, "%d", line->level);
	wbuf_str(out, "]");
	if (style->ike_name && line->tag.name && *line->tag.name)
		wbuf_fmt(out, " <%s|%u>", line->tag.name, line->tag.uid);
	wbuf_str(out, " ");
}

void filelog_format(struct wbuf *out, const struct filelog_style *style,
		    const struct log_line *line, const struct timespec *when)
{
	const char *text = line->text;

	for (;;) {
		size_t len = strcspn(text, "\n");

		put_head(out, style, line, when);
		wbuf_bytes(out, text, len);
		wbuf_str(out, "\n");
		text += len;
		/* A newline at the very end does not begin another line. */
		if (!text[0] || !text[1])
			return;
		text++;
	}
}

static void write_line(struct log_sink *sink, const struct log_line *line)
{
	struct output *o = list_entry(sink, struct output, sink);
	struct timespec now;
	struct view bytes;
	struct wbuf w;

	clock_gettime(CLOCK_REALTIME, &now);
	wbuf_init(&w, 0);
	filelog_format(&w, &o->style, line, &now);
	bytes = wbuf_view(&w);
	/* One call: lines of several processes on one file do not mix. There is nowhere to report a
	 * full disk to. */
	(void)!fwrite(bytes.ptr, 1, bytes.len, o->file);
	if (o->flush_line)
		fflush(o->file);
	wbuf_done(&w);
}

/* ---- settings -------------------------------------------------------------------------------- */

static const char *text_of(const struct conf_node *section, const char *key)
{
	const struct conf_value *v = conf_node_value(section, key);

	return v && v->count == 1 && v->items[0].len ? v->items[0].data : NULL;
}

static bool flag_of(const struct conf_node *section, const char *key, bool fallback)
{
	const char *text = text_of(section, key);
	bool flag;

	return text && value_bool(text, &flag) == 0 ? flag : fallback;
}

static void set_levels(struct log_sink *sink, const struct conf_node *section,
		       const struct filelog_levels *forced)
{
	const char *text = section ? text_of(section, "default") : NULL;
	int level;

	log_sink_set_all(sink, text && value_level(text, &level) == 0 ? level : LOG_CTRL);
	for (size_t i = 0; section && i < section->n_values; i++) {
		const struct conf_value *v = &section->values[i];
		enum log_group group;

		if (log_group_parse(v->key, &group) == 0 && v->count == 1 &&
		    value_level(v->items[0].data, &level) == 0)
			sink->levels[group] = level;
	}
	for (unsigned i = 0; i < LOG_N_GROUPS; i++) {
		if (forced && forced->levels[i] != FILELOG_NOT_FORCED)
			sink->levels[i] = forced->levels[i];
	}
}

static int set_style(struct output *o, const struct conf_node *section)
{
	const char *format = text_of(section, "time_format");
	const char *precision = text_of(section, "time_precision");

	o->style.ike_name = flag_of(section, "ike_name", false);
	o->style.log_level = flag_of(section, "log_level", false);
	if (flag_of(section, "time_add_ms", false) || (precision && strcmp(precision, "ms") == 0))
		o->style.decimals = 3;
	else if (precision && strcmp(precision, "us") == 0)
		o->style.decimals = 6;
	if (!format)
		return 0;
	o->time_format = strdup(format);
	o->style.time_format = o->time_format;
	return o->time_format ? 0 : E_NOMEM;
}

/* ---- outputs --------------------------------------------------------------------------------- */

static void free_output(struct output *o)
{
	if (o->file && o->file != stderr && o->file != stdout)
		fclose(o->file);
	else if (o->file)
		fflush(o->file);
	free(o->time_format);
	free(o);
}

static FILE *open_file(const char *path, bool append)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (append ? O_APPEND : O_TRUNC);
	int fd = open(path, flags, 0640);
	FILE *file = fd < 0 ? NULL : fdopen(fd, append ? "a" : "w");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

/* E_IO: the file cannot be opened, see errno. */
static int open_output(struct output *o, const char *path, bool append)
{
	if (strcmp(path, "stderr") == 0)
		o->file = stderr;
	else if (strcmp(path, "stdout") == 0)
		o->file = stdout;
	else
		o->file = open_file(path, append);
	if (o->file == stderr || o->file == stdout)
		o->flush_line = true;
	return o->file ? 0 : E_IO;
}

/* section may be NULL: stderr with the defaults. */
static int add_output(struct filelog *f, const struct filelog_params *p,
		      const struct conf_node *section)
{
	struct output *o = calloc(1, sizeof(*o));
	const char *path = "stderr";
	bool append = true;
	int err = 0;

	if (!o)
		return E_NOMEM;
	if (section) {
		path = text_of(section, "path") ? text_of(section, "path") : section->name;
		append = p->reopen || flag_of(section, "append", true);
		o->flush_line = flag_of(section, "flush_line", false);
		err = set_style(o, section);
	}
	if (!err)
		err = open_output(o, path, append);
	if (err) {
		if (err == E_IO)
			log_print(p->log, NULL, LOG_DMN, LOG_AUDIT,
				  "opening the log file %s of charon.filelog.%s failed: %s; its "
				  "lines are lost",
				  path, section ? section->name : path, strerror(errno));
		free_output(o);
		return err == E_NOMEM ? err : 0;
	}
	o->sink.write = write_line;
	set_levels(&o->sink, section, p->forced);
	list_append(&f->outputs, &o->link);
	log_add_sink(f->log, &o->sink);
	return 0;
}

int filelog_open(const struct filelog_params *p, struct filelog **out)
{
	const struct conf_node *charon = conf_node_section(p->settings, "charon");
	const struct conf_node *sections = charon ? conf_node_section(charon, "filelog") : NULL;
	const bool none = !sections || sections->n_sections == 0;
	struct filelog *f = calloc(1, sizeof(*f));
	int err = 0;

	if (!f)
		return E_NOMEM;
	f->log = p->log;
	list_init(&f->outputs);
	/* First of all stderr, so that it hears of files that cannot be opened. */
	for (size_t i = 0; !none && i < sections->n_sections && !err; i++) {
		if (strcmp(sections->sections[i]->name, "stderr") == 0)
			err = add_output(f, p, sections->sections[i]);
	}
	if (!err && (none || (p->forced && p->forced->any)) && !filelog_has_stderr(f))
		err = add_output(f, p, NULL);
	for (size_t i = 0; !none && i < sections->n_sections && !err; i++) {
		if (strcmp(sections->sections[i]->name, "stderr") != 0)
			err = add_output(f, p, sections->sections[i]);
	}
	if (err) {
		filelog_close(f);
		return err;
	}
	*out = f;
	return 0;
}

void filelog_close(struct filelog *f)
{
	if (!f)
		return;
	list_foreach_safe(it, &f->outputs) {
		struct output *o = list_entry(it, struct output, link);

		log_remove_sink(f->log, &o->sink);
		list_remove(it);
		free_output(o);
	}
	free(f);
}

void filelog_flush(struct filelog *f)
{
	list_foreach(it, &f->outputs)
		fflush(list_entry(it, struct output, link)->file);
}

bool filelog_has_stderr(const struct filelog *f)
{
	list_foreach(it, &f->outputs) {
		if (list_entry(it, struct output, link)->file == stderr)
			return true;
	}
	return false;
}
