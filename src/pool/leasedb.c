/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/leasedb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sqlite3.h>

#define LEASEDB_VERSION	 1
#define LEASEDB_BUSY_MS	 1000 /* another process may hold the file this long */
#define LEASEDB_PATH_MAX 4096

struct leasedb {
	sqlite3 *sql;
	sqlite3_stmt *put;
	sqlite3_stmt *each;
	uint64_t last_turn;
	bool failing; /* the last write failed, and that was noted */
};

/* static is 0 for leases that the pools hand out by themselves. */
static const char schema[] = "CREATE TABLE lease ("
			     " pool TEXT NOT NULL,"
			     " address BLOB NOT NULL,"
			     " identity TEXT NOT NULL,"
			     " static INTEGER NOT NULL DEFAULT 0,"
			     " turn INTEGER NOT NULL,"
			     " PRIMARY KEY (pool, address)) WITHOUT ROWID;"
			     "PRAGMA user_version = 1;";

static const char put_text[] = "INSERT INTO lease (pool, address, identity, turn)"
			       " VALUES (?1, ?2, ?3, ?4)"
			       " ON CONFLICT (pool, address) DO UPDATE"
			       " SET identity = ?3, turn = ?4";

static const char each_text[] = "SELECT address, identity, turn FROM lease"
				" WHERE pool = ?1 AND static = 0 ORDER BY turn";

void leasedb_close(struct leasedb *db)
{
	if (!db)
		return;
	sqlite3_finalize(db->put);
	sqlite3_finalize(db->each);
	sqlite3_close(db->sql);
	free(db);
}

/* The one number a statement yields, through out; an SQLite code. */
static int query_number(sqlite3 *sql, const char *text, sqlite3_int64 *out)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(sql, text, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		*out = sqlite3_column_int64(stmt, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return code;
}

/* SQLITE_CORRUPT also if SQLite itself is content, but its check is not. */
static int check_content(sqlite3 *sql)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(sql, "PRAGMA quick_check(1)", -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		code = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0
			       ? SQLITE_OK
			       : SQLITE_CORRUPT;
	sqlite3_finalize(stmt);
	return code;
}

/* Set the connection up and bring the file to our schema; an SQLite code. */
static int prepare(struct leasedb *db, sqlite3_int64 *out_version)
{
	sqlite3_int64 last = 0;
	int code;

	sqlite3_busy_timeout(db->sql, LEASEDB_BUSY_MS);
	code = sqlite3_exec(db->sql, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
			    NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = check_content(db->sql);
	if (code == SQLITE_OK)
		code = query_number(db->sql, "PRAGMA user_version", out_version);
	if (code != SQLITE_OK || *out_version > LEASEDB_VERSION)
		return code;
	if (*out_version == 0)
		code = sqlite3_exec(db->sql, schema, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v3(db->sql, put_text, -1, SQLITE_PREPARE_PERSISTENT,
					  &db->put, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v3(db->sql, each_text, -1, SQLITE_PREPARE_PERSISTENT,
					  &db->each, NULL);
	if (code == SQLITE_OK)
		code = query_number(db->sql, "SELECT coalesce(max(turn), 0) FROM lease", &last);
	db->last_turn = (uint64_t)last;
	return code;
}

static int refuse(const char *path, const char *why, struct log_notes *notes)
{
	log_note(notes, LOG_CFG, LOG_CTRL, "lease database '%s' cannot be used: %s", path, why);
	return E_IO;
}

/* A file of mode 0600 in a directory that only we may enter, if we make them. */
static int make_file(const char *path, struct log_notes *notes)
{
	char dir[LEASEDB_PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	if (strlen(path) >= sizeof(dir))
		return refuse(path, strerror(ENAMETOOLONG), notes);
	if (slash && slash != path) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			return refuse(path, strerror(errno), notes);
	}
	/* SQLite gives its -wal and -shm files the mode of this one. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return refuse(path, strerror(errno), notes);
	if (fchmod(fd, 0600) != 0) {
		close(fd);
		return refuse(path, strerror(errno), notes);
	}
	close(fd);
	return 0;
}

/* The log beside the file goes too: it must not be replayed into a fresh one. */
static int move_aside(const char *path, const char *why, struct log_notes *notes)
{
	static const char *const sidecars[] = {"", "-wal", "-shm"};
	char from[LEASEDB_PATH_MAX + 16], to[LEASEDB_PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(sidecars) / sizeof(sidecars[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", path, sidecars[i]);
		snprintf(to, sizeof(to), "%s.damaged%s", path, sidecars[i]);
		if (rename(from, to) != 0 && (errno != ENOENT || i == 0))
			return refuse(path, strerror(errno), notes);
	}
	log_note(
		notes, LOG_CFG, LOG_CTRL,
		"lease database '%s' is damaged (%s): moved to '%s.damaged', starting an empty one",
		path, why, path);
	return 0;
}

/* One try. *out_damaged is set if the file is none of SQLite's, or a broken one. */
static int try_open(const char *path, struct log_notes *notes, bool *out_damaged,
		    struct leasedb **out)
{
	struct leasedb *db = calloc(1, sizeof(*db));
	sqlite3_int64 version = 0;
	char why[256];
	int err, code;

	*out_damaged = false;
	if (!db)
		return E_NOMEM;
	err = make_file(path, notes);
	if (err) {
		free(db);
		return err;
	}
	code = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = prepare(db, &version);
	if (code == SQLITE_OK && version <= LEASEDB_VERSION) {
		*out = db;
		return 0;
	}
	snprintf(why, sizeof(why), "%s", sqlite3_errmsg(db->sql));
	if (code == SQLITE_OK)
		snprintf(why, sizeof(why),
			 "it was written by a newer version (schema %lld, known is %d)",
			 (long long)version, LEASEDB_VERSION);
	leasedb_close(db);
	*out_damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
	return *out_damaged ? move_aside(path, sqlite3_errstr(code), notes)
			    : refuse(path, why, notes);
}

int leasedb_open(const char *path, struct log_notes *notes, struct leasedb **out)
{
	bool damaged;
	int err;

	*out = NULL;
	err = try_open(path, notes, &damaged, out);
	if (!err && damaged)
		err = try_open(path, notes, &damaged, out);
	return err || *out ? err : E_IO;
}

void leasedb_put(struct leasedb *db, const struct leasedb_row *row, struct log_notes *notes)
{
	struct view ip = addr_view(&row->addr);
	bool done;

	sqlite3_bind_text(db->put, 1, row->pool, -1, SQLITE_STATIC);
	sqlite3_bind_blob(db->put, 2, ip.ptr, (int)ip.len, SQLITE_STATIC);
	sqlite3_bind_text(db->put, 3, row->identity, -1, SQLITE_STATIC);
	sqlite3_bind_int64(db->put, 4, (sqlite3_int64)row->turn);
	done = sqlite3_step(db->put) == SQLITE_DONE;
	if (!done && !db->failing)
		log_note(notes, LOG_CFG, LOG_CTRL,
			 "writing the lease database failed (%s): leases will be forgotten at a "
			 "restart",
			 sqlite3_errmsg(db->sql));
	db->failing = !done;
	sqlite3_reset(db->put);
	sqlite3_clear_bindings(db->put);
	if (row->turn > db->last_turn)
		db->last_turn = row->turn;
}

int leasedb_each(struct leasedb *db, const char *pool,
		 int (*fn)(void *ctx, const struct leasedb_row *row), void *ctx)
{
	int code, err = 0;

	sqlite3_bind_text(db->each, 1, pool, -1, SQLITE_STATIC);
	while (!err && (code = sqlite3_step(db->each)) == SQLITE_ROW) {
		struct leasedb_row row = {
			.pool = pool,
			.identity = (const char *)sqlite3_column_text(db->each, 1),
			.turn = (uint64_t)sqlite3_column_int64(db->each, 2),
		};
		struct view ip = view_make(sqlite3_column_blob(db->each, 0),
					   (size_t)sqlite3_column_bytes(db->each, 0));

		if (row.identity && addr_from_bytes(&row.addr, ip, 0) == 0)
			err = fn(ctx, &row);
	}
	sqlite3_reset(db->each);
	sqlite3_clear_bindings(db->each);
	return err ? err : code == SQLITE_DONE ? 0 : E_IO;
}

uint64_t leasedb_last_turn(const struct leasedb *db)
{
	return db->last_turn;
}
