/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/pool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

/* A set of pools, in memory or in a file of a directory of its own. */
struct fixture {
	struct pool_set *set;
	struct log_notes notes;
	char dir[64];
	char path[96];
};

static int set_up_memory(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return pool_open(NULL, &f->notes, &f->set);
}

static int set_up_file(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/cygnet-pool-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/state/leases.db", f->dir);
	*state = f;
	return pool_open(f->path, &f->notes, &f->set);
}

static int tear_down(void **state)
{
	static const char *const names[] = {
		"state/leases.db",
		"state/leases.db-wal",
		"state/leases.db-shm",
		"state/leases.db.damaged",
		"state/leases.db.damaged-wal",
		"state/leases.db.damaged-shm",
	};
	struct fixture *f = *state;
	char path[128];

	pool_close(f->set);
	log_notes_done(&f->notes);
	for (size_t i = 0; f->dir[0] && i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	if (f->dir[0]) {
		snprintf(path, sizeof(path), "%s/state", f->dir);
		rmdir(path);
		rmdir(f->dir);
	}
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	pool_close(f->set);
	assert_int_equal(pool_open(f->path, &f->notes, &f->set), 0);
}

static uint64_t load(struct fixture *f, const char *name, const char *addrs)
{
	struct pool_params p = {.name = name};
	uint64_t size = 0;

	assert_int_equal(pool_parse_addrs(addrs, &p), 0);
	assert_int_equal(pool_load(f->set, &p, &size), 0);
	return size;
}

static int acquire_from(struct fixture *f, const char *pool, const char *identity,
			const char *wanted, char text[ADDR_TEXT_MAX])
{
	struct strs pools = {0};
	struct pool_request req = {.pools = &pools, .identity = identity, .family = AF_INET};
	struct addr a;
	char names[64], *rest = names, *name;
	int err;

	snprintf(names, sizeof(names), "%s", pool);
	while ((name = strsep(&rest, " ")))
		assert_int_equal(strs_add(&pools, name), 0);
	if (wanted)
		assert_int_equal(addr_parse(&req.wanted, wanted), 0);
	if (strchr(pool, '6'))
		req.family = AF_INET6;
	log_notes_done(&f->notes);
	err = pool_acquire(f->set, &req, &f->notes, &a);
	strs_done(&pools);
	if (!err)
		addr_text(&a, text);
	return err;
}

static void expect_note(struct fixture *f, const char *text)
{
	assert_int_equal(f->notes.count, 1);
	assert_string_equal(f->notes.items[0].text, text);
	assert_int_equal(f->notes.items[0].group, LOG_CFG);
	assert_int_equal(f->notes.items[0].level, LOG_CTRL);
}

/* The identity gets this address, and this is said about it. */
static void expect_lease(struct fixture *f, const char *pool, const char *identity,
			 const char *addr, const char *note)
{
	char text[ADDR_TEXT_MAX];

	assert_int_equal(acquire_from(f, pool, identity, NULL, text), 0);
	assert_string_equal(text, addr);
	expect_note(f, note);
}

static void release(struct fixture *f, const char *addr, const char *identity)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, addr), 0);
	log_notes_done(&f->notes);
	pool_release(f->set, &a, identity, &f->notes);
}

static bool take_info(void *ctx, const struct pool_info *info)
{
	struct pool_info *out = ctx;

	if (strcmp(info->name, out->name) != 0)
		return true;
	*out = *info;
	return false;
}

static void expect_counts(struct fixture *f, const char *pool, uint64_t online, uint64_t offline)
{
	struct pool_info info = {.name = pool, .size = 0};

	pool_each(f->set, take_info, &info);
	assert_true(info.size > 0);
	assert_int_equal(info.online, online);
	assert_int_equal(info.offline, offline);
}

/* Sizes and bases as Debian's strongSwan 5.9.8 lists them. */
static void test_sizes(void **state)
{
	static const struct {
		const char *addrs, *base, *first;
		uint64_t size;
	} rows[] = {
		{"10.3.0.0/24", "10.3.0.0", "10.3.0.1", 254},
		{"10.3.1.10/24", "10.3.1.10", "10.3.1.10", 245},
		{"10.3.8.1/24", "10.3.8.1", "10.3.8.1", 254},
		{"10.3.2.0/26", "10.3.2.0", "10.3.2.1", 62},
		{"10.3.6.0/30", "10.3.6.0", "10.3.6.1", 2},
		{"10.3.3.4/31", "10.3.3.4", "10.3.3.4", 2},
		{"10.3.3.7/32", "10.3.3.7", "10.3.3.7", 1},
		{"10.3.9.9", "10.3.9.9", "10.3.9.9", 1},
		{"10.3.4.5-10.3.4.50", "10.3.4.5", "10.3.4.5", 46},
		{"10.3.255.250-10.4.0.5", "10.3.255.250", "10.3.255.250", 12},
		{"0.0.0.0/0", "0.0.0.0", "0.0.0.1", 2147483646},
		{"fec3::/122", "fec3::", "fec3::1", 62},
		{"fec6::10/120", "fec6::10", "fec6::10", 239},
		{"fec4::/97", "fec4::", "fec4::1", 2147483646},
		{"fec5::/64", "fec5::", "fec5::1", 2147483646},
		{"::/0", "::", "::1", 2147483646},
		{"fec0::1-fec0::1:0", "fec0::1", "fec0::1", 65536},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pool_info info = {.name = strchr(rows[i].addrs, ':') ? "p6" : "p"};
		char text[ADDR_TEXT_MAX];

		assert_int_equal(load(f, info.name, rows[i].addrs), rows[i].size);
		assert_int_equal(acquire_from(f, info.name, "x", NULL, text), 0);
		assert_string_equal(text, rows[i].first);
		release(f, text, "x");
		pool_each(f->set, take_info, &info);
		assert_int_equal(info.size, rows[i].size);
		assert_string_equal(addr_text(&info.base, text), rows[i].base);
	}
}

static void test_parse_refuses(void **state)
{
	static const char *const bad[] = {"",
					  "x",
					  "10.0.0.0/33",
					  "10.0.0.0/",
					  "10.0.0.0/x",
					  "10.0.0.9-10.0.0.1",
					  "10.3.7.255/24",
					  "10.0.0.1-fec0::1",
					  "fec0::/129",
					  "10.0.0.1-"};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pool_params p = {0};

		if (pool_parse_addrs(bad[i], &p) != E_MALFORMED)
			fail_msg("'%s' is not refused", bad[i]);
	}
}

static void test_lease_rules(void **state)
{
	struct fixture *f = *state;

	load(f, "p", "10.3.0.0/30");
	expect_lease(f, "p", "carol", "10.3.0.1", "assigning new lease to 'carol'");
	release(f, "10.3.0.1", "carol");
	expect_note(f, "lease 10.3.0.1 by 'carol' went offline");
	/* reserved for carol, although offline */
	expect_lease(f, "p", "dave", "10.3.0.2", "assigning new lease to 'dave'");
	expect_lease(f, "p", "carol", "10.3.0.1", "reassigning offline lease to 'carol'");
	expect_counts(f, "p", 2, 0);
	/* both online: full, also for carol herself */
	assert_int_equal(acquire_from(f, "p", "carol", NULL, NULL), E_FULL);
	expect_note(f, "pool 'p' is full, unable to assign address (pools.p.addrs has no more)");
	/* whoever has been away longest loses */
	release(f, "10.3.0.2", "dave");
	release(f, "10.3.0.1", "carol");
	expect_lease(f, "p", "eve", "10.3.0.2",
		     "reassigning existing offline lease by 'dave' to 'eve'");
	expect_lease(f, "p", "dave", "10.3.0.1",
		     "reassigning existing offline lease by 'carol' to 'dave'");
	release(f, "10.3.0.1", "dave");
	expect_lease(f, "p", "dave", "10.3.0.1", "reassigning offline lease to 'dave'");
}

/* One identity, several connections: an address each; what it gives back it gets back. */
static void test_several_online(void **state)
{
	struct fixture *f = *state;

	load(f, "p", "10.3.0.0/24");
	expect_lease(f, "p", "carol", "10.3.0.1", "assigning new lease to 'carol'");
	expect_lease(f, "p", "carol", "10.3.0.2", "assigning new lease to 'carol'");
	release(f, "10.3.0.1", "carol");
	expect_counts(f, "p", 1, 1);
	expect_lease(f, "p", "carol", "10.3.0.1", "reassigning offline lease to 'carol'");
	expect_counts(f, "p", 2, 0);
}

static void test_release_checks(void **state)
{
	struct fixture *f = *state;

	load(f, "p", "10.3.0.0/24");
	expect_lease(f, "p", "carol", "10.3.0.1", "assigning new lease to 'carol'");
	release(f, "10.3.0.1", "dave");
	release(f, "10.3.0.2", "carol");
	release(f, "192.0.2.1", "carol");
	release(f, "fec0::1", "carol");
	assert_int_equal(f->notes.count, 0);
	expect_counts(f, "p", 1, 0);
	release(f, "10.3.0.1", "carol");
	release(f, "10.3.0.1", "carol");
	assert_int_equal(f->notes.count, 0);
	expect_counts(f, "p", 0, 1);
}

static void test_wanted(void **state)
{
	struct fixture *f = *state;
	char text[ADDR_TEXT_MAX];

	load(f, "p", "10.3.0.0/24");
	assert_int_equal(acquire_from(f, "p", "carol", "10.3.0.7", text), 0);
	assert_string_equal(text, "10.3.0.7");
	expect_note(f, "assigning new lease to 'carol'");
	/* taken by someone online, reserved for someone else, outside, broadcast, unspecified */
	assert_int_equal(acquire_from(f, "p", "dave", "10.3.0.7", text), 0);
	assert_string_equal(text, "10.3.0.1");
	release(f, "10.3.0.7", "carol");
	assert_int_equal(acquire_from(f, "p", "eve", "10.3.0.7", text), 0);
	assert_string_equal(text, "10.3.0.2");
	assert_int_equal(acquire_from(f, "p", "a", "192.0.2.7", text), 0);
	assert_string_equal(text, "10.3.0.3");
	assert_int_equal(acquire_from(f, "p", "b", "10.3.0.255", text), 0);
	assert_string_equal(text, "10.3.0.4");
	assert_int_equal(acquire_from(f, "p", "c", "0.0.0.0", text), 0);
	assert_string_equal(text, "10.3.0.5");
	assert_int_equal(acquire_from(f, "p", "d", NULL, text), 0);
	assert_string_equal(text, "10.3.0.6");
	/* fresh ones go around what was given by wish */
	assert_int_equal(acquire_from(f, "p", "e", NULL, text), 0);
	assert_string_equal(text, "10.3.0.8");
	/* and carol's own comes back to her */
	assert_int_equal(acquire_from(f, "p", "carol", "10.3.0.7", text), 0);
	assert_string_equal(text, "10.3.0.7");
	expect_note(f, "reassigning offline lease to 'carol'");
}

/* Each rule goes over all pools before the next one. */
static void test_several_pools(void **state)
{
	struct fixture *f = *state;
	char text[ADDR_TEXT_MAX];

	load(f, "p", "10.3.0.0/31");
	load(f, "q", "10.4.0.0/31");
	load(f, "r6", "fec0::/127");
	expect_lease(f, "p q", "a", "10.3.0.0", "assigning new lease to 'a'");
	expect_lease(f, "p q", "b", "10.3.0.1", "assigning new lease to 'b'");
	release(f, "10.3.0.0", "a");
	expect_lease(f, "p q", "c", "10.4.0.0", "assigning new lease to 'c'");
	release(f, "10.4.0.0", "c");
	expect_lease(f, "p q", "c", "10.4.0.0", "reassigning offline lease to 'c'");
	expect_lease(f, "p q", "d", "10.4.0.1", "assigning new lease to 'd'");
	expect_lease(f, "p q", "e", "10.3.0.0", "reassigning existing offline lease by 'a' to 'e'");
	assert_int_equal(acquire_from(f, "p q", "f", NULL, text), E_FULL);
	assert_int_equal(f->notes.count, 2);
	assert_string_equal(
		f->notes.items[1].text,
		"pool 'q' is full, unable to assign address (pools.q.addrs has no more)");
	assert_int_equal(acquire_from(f, "nosuch", "f", NULL, text), E_NOTFOUND);
	assert_int_equal(acquire_from(f, "r", "f", NULL, text), E_NOTFOUND);
	assert_int_equal(acquire_from(f, "nosuch r6", "f", NULL, text), 0);
	assert_string_equal(text, "fec0::");
}

static void test_start(void **state)
{
	struct fixture *f = *state;
	struct pool_params p = {.name = "p"};
	uint64_t size;

	assert_int_equal(pool_parse_addrs("10.3.0.1-10.3.0.3", &p), 0);
	assert_int_equal(addr_parse(&p.first, "10.3.0.2"), 0);
	assert_int_equal(pool_load(f->set, &p, &size), 0);
	expect_lease(f, "p", "a", "10.3.0.2", "assigning new lease to 'a'");
	expect_lease(f, "p", "b", "10.3.0.3", "assigning new lease to 'b'");
	expect_lease(f, "p", "c", "10.3.0.1", "assigning new lease to 'c'");
	assert_int_equal(acquire_from(f, "p", "d", NULL, NULL), E_FULL);
}

/* Nothing is enumerated: the last address of the largest pool at once, and around carries. */
static void test_big_ipv6(void **state)
{
	struct fixture *f = *state;
	char text[ADDR_TEXT_MAX];

	load(f, "p6", "2001:db8::ffff:ffff:ffff:fffe/64");
	assert_int_equal(acquire_from(f, "p6", "a", NULL, text), 0);
	assert_string_equal(text, "2001:db8::ffff:ffff:ffff:fffe");
	assert_int_equal(acquire_from(f, "p6", "b", NULL, text), E_FULL);
	load(f, "q6", "2001:db8:0:1::ff/64");
	assert_int_equal(acquire_from(f, "q6", "a", NULL, text), 0);
	assert_string_equal(text, "2001:db8:0:1::ff");
	assert_int_equal(acquire_from(f, "q6", "b", NULL, text), 0);
	assert_string_equal(text, "2001:db8:0:1::100");
	assert_int_equal(acquire_from(f, "q6", "c", "2001:db8:0:1::8000:fc", text), 0);
	assert_string_equal(text, "2001:db8:0:1::8000:fc");
	/* one beyond what is counted */
	assert_int_equal(acquire_from(f, "q6", "d", "2001:db8:0:1::8000:fd", text), 0);
	assert_string_equal(text, "2001:db8:0:1::101");
}

static void test_many(void **state)
{
	struct fixture *f = *state;
	char identity[32], text[ADDR_TEXT_MAX];

	load(f, "p", "10.0.0.0/16");
	for (int i = 0; i < 65534; i++) {
		snprintf(identity, sizeof(identity), "user%d", i);
		assert_int_equal(acquire_from(f, "p", identity, NULL, text), 0);
	}
	assert_string_equal(text, "10.0.255.254");
	assert_int_equal(acquire_from(f, "p", "one more", NULL, text), E_FULL);
	release(f, "10.0.0.1", "user0");
	expect_lease(f, "p", "one more", "10.0.0.1",
		     "reassigning existing offline lease by 'user0' to 'one more'");
}

static void test_replace_and_unload(void **state)
{
	struct fixture *f = *state;
	struct pool_attr dns = {3, {10, 0, 0, 53}, 4};
	struct pool_params p = {.name = "p", .attrs = &dns, .n_attrs = 1};
	const struct pool_attr *attrs;
	struct addr a;
	uint64_t size;
	size_t n;

	load(f, "p", "10.3.0.0/24");
	load(f, "q", "10.4.0.0/24");
	expect_lease(f, "p", "a", "10.3.0.1", "assigning new lease to 'a'");
	assert_int_equal(addr_parse(&a, "10.3.0.1"), 0);
	attrs = pool_attrs(f->set, &a, &n);
	assert_null(attrs);
	assert_int_equal(n, 0);
	/* same range: the lease stays online, attributes are the new ones */
	assert_int_equal(pool_parse_addrs("10.3.0.0/24", &p), 0);
	assert_int_equal(pool_load(f->set, &p, &size), 0);
	expect_counts(f, "p", 1, 0);
	attrs = pool_attrs(f->set, &a, &n);
	assert_int_equal(n, 1);
	assert_memory_equal(attrs, &dns, sizeof(dns));
	/* another range, or gone: only without online leases */
	assert_int_equal(pool_parse_addrs("10.5.0.0/24", &p), 0);
	assert_int_equal(pool_load(f->set, &p, &size), E_BUSY);
	assert_int_equal(pool_unload(f->set, "p"), E_BUSY);
	release(f, "10.3.0.1", "a");
	assert_null(pool_attrs(f->set, &a, &n));
	assert_int_equal(pool_load(f->set, &p, &size), 0);
	expect_counts(f, "p", 0, 0);
	expect_lease(f, "p", "a", "10.5.0.1", "assigning new lease to 'a'");
	assert_int_equal(pool_unload(f->set, "nosuch"), E_NOTFOUND);
	assert_true(pool_exists(f->set, "q"));
	assert_int_equal(pool_unload(f->set, "q"), 0);
	assert_false(pool_exists(f->set, "q"));
}

static bool join_names(void *ctx, const struct pool_info *info)
{
	wbuf_fmt(ctx, "%s ", info->name);
	return true;
}

static bool join_leases(void *ctx, const struct pool_lease *lease)
{
	char text[ADDR_TEXT_MAX];

	wbuf_fmt(ctx, "%s %s %s, ", addr_text(&lease->addr, text),
		 lease->online ? "online" : "offline", lease->identity);
	return true;
}

static bool stop_after_one(void *ctx, const struct pool_lease *lease)
{
	(void)lease;
	++*(int *)ctx;
	return false;
}

static void test_iterate(void **state)
{
	struct fixture *f = *state;
	char text[ADDR_TEXT_MAX];
	struct wbuf w;
	int n = 0;

	load(f, "z", "10.3.0.0/24");
	load(f, "a", "10.4.0.0/24");
	load(f, "m", "10.5.0.0/24");
	load(f, "a", "10.6.0.0/24"); /* replaced where it was */
	assert_int_equal(acquire_from(f, "z", "x", "10.3.0.200", text), 0);
	assert_int_equal(acquire_from(f, "z", "y", "10.3.0.9", text), 0);
	assert_int_equal(acquire_from(f, "z", "z", NULL, text), 0);
	release(f, "10.3.0.9", "y");
	wbuf_init(&w, 0);
	pool_each(f->set, join_names, &w);
	pool_each_lease(f->set, "z", join_leases, &w);
	wbuf_u8(&w, 0);
	assert_string_equal((char *)w.data, "z a m 10.3.0.1 online z, 10.3.0.9 offline y, "
					    "10.3.0.200 online x, ");
	wbuf_done(&w);
	pool_each_lease(f->set, "z", stop_after_one, &n);
	assert_int_equal(n, 1);
	pool_each_lease(f->set, "nosuch", stop_after_one, &n);
	pool_each_lease(f->set, "a", stop_after_one, &n);
	assert_int_equal(n, 1);
}

static void test_restart(void **state)
{
	struct fixture *f = *state;

	load(f, "p", "10.3.0.0/30");
	load(f, "p6", "fec0::/64");
	expect_lease(f, "p", "carol", "10.3.0.1", "assigning new lease to 'carol'");
	expect_lease(f, "p", "dave", "10.3.0.2", "assigning new lease to 'dave'");
	expect_lease(f, "p6", "carol", "fec0::1", "assigning new lease to 'carol'");
	release(f, "10.3.0.1", "carol");
	/* dave is online when the daemon dies */
	reopen(f);
	load(f, "p", "10.3.0.0/30");
	load(f, "p6", "fec0::/64");
	expect_counts(f, "p", 0, 2);
	expect_counts(f, "p6", 0, 1);
	expect_lease(f, "p", "dave", "10.3.0.2", "reassigning offline lease to 'dave'");
	expect_lease(f, "p6", "carol", "fec0::1", "reassigning offline lease to 'carol'");
	expect_lease(f, "p6", "dave", "fec0::2", "assigning new lease to 'dave'");
	/* carol was away first; dave's release now is later than anything before the restart */
	release(f, "10.3.0.2", "dave");
	reopen(f);
	load(f, "p", "10.3.0.0/30");
	expect_lease(f, "p", "eve", "10.3.0.1",
		     "reassigning existing offline lease by 'carol' to 'eve'");
	reopen(f);
	load(f, "p", "10.3.0.0/30");
	expect_lease(f, "p", "eve", "10.3.0.1", "reassigning offline lease to 'eve'");
}

/* Leases outlive a change of the range and an unload, as far as they fit. */
static void test_range_change(void **state)
{
	struct fixture *f = *state;

	load(f, "p", "10.3.0.0/24");
	expect_lease(f, "p", "a", "10.3.0.1", "assigning new lease to 'a'");
	release(f, "10.3.0.1", "a");
	load(f, "p", "10.3.0.0/16");
	expect_lease(f, "p", "a", "10.3.0.1", "reassigning offline lease to 'a'");
	release(f, "10.3.0.1", "a");
	load(f, "p", "10.9.0.0/24");
	expect_counts(f, "p", 0, 0);
	assert_int_equal(pool_unload(f->set, "p"), 0);
	load(f, "p", "10.3.0.0/24");
	expect_lease(f, "p", "a", "10.3.0.1", "reassigning offline lease to 'a'");
}

static void test_file_modes(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat st;

	load(f, "p", "10.3.0.0/24");
	expect_lease(f, "p", "a", "10.3.0.1", "assigning new lease to 'a'");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	snprintf(path, sizeof(path), "%s-wal", f->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	snprintf(path, sizeof(path), "%s/state", f->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t len)
{
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

static void test_damaged(void **state)
{
	struct fixture *f = *state;
	char garbage[4096], damaged[128];
	struct stat st;

	memset(garbage, 'x', sizeof(garbage));
	snprintf(damaged, sizeof(damaged), "%s.damaged", f->path);
	/* the header, then a page of content */
	for (off_t at = 0; at <= 4096; at += 4096) {
		load(f, "p", "10.3.0.0/24");
		expect_lease(f, "p", "a", "10.3.0.1", "assigning new lease to 'a'");
		pool_close(f->set);
		f->set = NULL;
		unlink(damaged);
		overwrite(f->path, at, garbage, sizeof(garbage));
		log_notes_done(&f->notes);
		assert_int_equal(pool_open(f->path, &f->notes, &f->set), 0);
		assert_int_equal(f->notes.count, 1);
		assert_non_null(strstr(f->notes.items[0].text, damaged));
		assert_int_equal(stat(damaged, &st), 0);
		load(f, "p", "10.3.0.0/24");
		expect_counts(f, "p", 0, 0);
	}
	expect_lease(f, "p", "b", "10.3.0.1", "assigning new lease to 'b'");
	reopen(f);
	load(f, "p", "10.3.0.0/24");
	expect_counts(f, "p", 0, 1);
}

static void execute(const char *path, const char *text)
{
	sqlite3 *sql;

	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sql);
}

static void expect_open_fails(struct fixture *f, const char *path, const char *why)
{
	struct pool_set *set = (struct pool_set *)f;

	log_notes_done(&f->notes);
	assert_int_equal(pool_open(path, &f->notes, &set), E_IO);
	assert_null(set);
	assert_int_equal(f->notes.count, 1);
	assert_non_null(strstr(f->notes.items[0].text, path));
	if (!strstr(f->notes.items[0].text, why))
		fail_msg("no '%s' in: %s", why, f->notes.items[0].text);
}

static void test_cannot_open(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	pool_close(f->set);
	f->set = NULL;
	execute(f->path, "PRAGMA user_version = 2");
	expect_open_fails(f, f->path, "newer version (schema 2, known is 1)");
	assert_int_equal(stat(f->path, &st), 0);
	expect_open_fails(f, f->dir, "Is a directory");
	expect_open_fails(f, "/nonexistent/state/leases.db", "No such file or directory");
	expect_open_fails(f, "/proc/self/status/leases.db", "Not a directory");
}

/* The lease is given all the same; that it will not last is said once. */
static void test_write_fails(void **state)
{
	struct fixture *f = *state;
	char text[ADDR_TEXT_MAX];

	load(f, "p", "10.3.0.0/24");
	execute(f->path, "CREATE TRIGGER full BEFORE INSERT ON lease BEGIN "
			 "SELECT RAISE(ABORT, 'disk full'); END");
	assert_int_equal(acquire_from(f, "p", "a", NULL, text), 0);
	assert_int_equal(f->notes.count, 2);
	assert_string_equal(f->notes.items[1].text,
			    "writing the lease database failed (disk full): leases will be "
			    "forgotten at a restart");
	expect_lease(f, "p", "b", "10.3.0.2", "assigning new lease to 'b'");
	execute(f->path, "DROP TRIGGER full");
	expect_lease(f, "p", "c", "10.3.0.3", "assigning new lease to 'c'");
	reopen(f);
	load(f, "p", "10.3.0.0/24");
	expect_counts(f, "p", 0, 1);
}

#define IN_MEMORY(name) cmocka_unit_test_setup_teardown(name, set_up_memory, tear_down)
#define IN_FILE(name)	cmocka_unit_test_setup_teardown(name, set_up_file, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_MEMORY(test_sizes),		IN_MEMORY(test_parse_refuses),
		IN_MEMORY(test_lease_rules),	IN_FILE(test_lease_rules),
		IN_MEMORY(test_several_online), IN_MEMORY(test_release_checks),
		IN_MEMORY(test_wanted),		IN_MEMORY(test_several_pools),
		IN_MEMORY(test_start),		IN_MEMORY(test_big_ipv6),
		IN_MEMORY(test_many),		IN_MEMORY(test_replace_and_unload),
		IN_MEMORY(test_iterate),	IN_FILE(test_iterate),
		IN_FILE(test_restart),		IN_FILE(test_range_change),
		IN_FILE(test_file_modes),	IN_FILE(test_damaged),
		IN_FILE(test_cannot_open),	IN_FILE(test_write_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
