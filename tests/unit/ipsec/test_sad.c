/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/sad.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "ipsec/user/esp_in.h"
#include "ipsec/user/esp_out.h"
#include "lab.h"

static struct lab lab;
static struct pair_end ends[8];

static int set_up(void **state)
{
	const struct pair_suite suite = pair_default();

	(void)state;
	lab_init(&lab);
	for (unsigned i = 0; i < 8; i++)
		pair_fill(&ends[i], &suite, 0, i);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	lab_done(&lab);
	return 0;
}

static void test_spis(void **state)
{
	uint32_t spis[500], handle;

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		assert_int_equal(sad_alloc_spi(&lab.sad, &spis[i]), 0);
		assert_int_equal(spis[i] >> 28, 0xc);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(spis[i], spis[j]);
	}
	ends[0].p.spi_in = spis[0];
	assert_int_equal(sad_install(&lab.sad, &ends[0].p, &handle), 0);
	assert_int_equal(sad_install(&lab.sad, &ends[0].p, &handle), E_EXISTS);
	sad_free_spi(&lab.sad, spis[0]); /* in use: stays */
	assert_int_equal(sad_install(&lab.sad, &ends[0].p, &handle), E_EXISTS);
	sad_free_spi(&lab.sad, spis[1]);
	sad_free_spi(&lab.sad, 12345); /* never reserved */
	assert_int_equal(lab.sad.spis.count, 499);
	sad_remove(&lab.sad, handle);
	assert_int_equal(lab.sad.spis.count, 498);
	assert_int_equal(sad_install(&lab.sad, &ends[0].p, &handle), 0);
}

/* The source of SPIs may fail, or offer only what is taken. */
static int broken_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0x11, len);
	return 0;
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	(void)out;
	(void)len;
	return E_CRYPTO;
}

static void test_spis_run_out(void **state)
{
	uint32_t spi;

	(void)state;
	lab.sad.random = no_random;
	assert_int_equal(sad_alloc_spi(&lab.sad, &spi), E_CRYPTO);
	lab.sad.random = broken_random;
	assert_int_equal(sad_alloc_spi(&lab.sad, &spi), 0);
	assert_int_equal(sad_alloc_spi(&lab.sad, &spi), E_FULL);
}

/* SPI of the SA by which a packet leaves now; 0: none. */
static uint32_t leaves_by(void)
{
	uint8_t data[60];
	struct esp_packet p = lab_packet(data, lab_inner(data, AF_INET, 0, 60));
	uint32_t spi;

	lab_refresh(&lab);
	esp_out_find(&lab.ctx, &p);
	spi = p.err == 0 ? p.out->spi : 0;
	free(p.buf);
	return spi;
}

static bool receives(unsigned generation)
{
	lab_refresh(&lab);
	return sad_find_in(lab.ctx.table, ends[generation].p.spi_in) != NULL;
}

/* Rekeying as initiator and as responder: at no moment is there no SA, and the newest sends. */
static void test_handing_over(void **state)
{
	struct ipsec_sa_params inbound = ends[2].p;
	uint32_t first, second, third;

	(void)state;
	assert_int_equal(leaves_by(), 0);
	first = lab_install(&lab, &ends[0].p);
	assert_int_equal(leaves_by(), ends[0].p.spi_out);
	ends[1].p.replaces = first;
	second = lab_install(&lab, &ends[1].p);
	assert_int_equal(leaves_by(), ends[1].p.spi_out);
	assert_true(receives(0) && receives(1));
	sad_remove(&lab.sad, first);
	assert_int_equal(leaves_by(), ends[1].p.spi_out);
	assert_false(receives(0));
	inbound.spi_out = 0;
	third = lab_install(&lab, &inbound);
	assert_int_equal(leaves_by(), ends[1].p.spi_out);
	assert_true(receives(2));
	assert_int_equal(sad_install_out(&lab.sad, third, &ends[2].p), 0);
	assert_int_equal(sad_install_out(&lab.sad, third, &ends[2].p), E_EXISTS);
	assert_int_equal(leaves_by(), ends[2].p.spi_out);
	sad_remove_out(&lab.sad, second);
	sad_remove_out(&lab.sad, second);
	assert_true(receives(1));
	sad_remove_out(&lab.sad, third);
	assert_int_equal(leaves_by(), 0);
	assert_int_equal(sad_install_out(&lab.sad, third, &ends[2].p), 0);
	assert_int_equal(leaves_by(), ends[2].p.spi_out);
	sad_remove(&lab.sad, second);
	sad_remove(&lab.sad, third);
	sad_remove(&lab.sad, third);
	assert_int_equal(leaves_by(), 0);
	assert_int_equal(sad_install_out(&lab.sad, third, &ends[2].p), E_NOTFOUND);
	assert_int_equal(sad_update(&lab.sad, third, &inbound.local, &inbound.remote), E_NOTFOUND);
}

/* The error of a packet that leaves by the table that the worker has taken. */
static int leaves_late(uint32_t *out_spi)
{
	uint8_t data[60];
	struct esp_packet p = lab_packet(data, lab_inner(data, AF_INET, 0, 60));
	int err = lab_out(&lab, &p);

	if (err == 0)
		*out_spi = p.out->spi;
	free(p.buf);
	return err;
}

/*
 * A worker that took its table before the hand-over, and has packets to send after it: they leave
 * by the old SA, by which the peer still receives, and are not lost.
 */
static void test_late_worker(void **state)
{
	uint32_t first, second, spi;

	(void)state;
	first = lab_install(&lab, &ends[0].p);
	assert_int_equal(sad_install(&lab.sad, &ends[1].p, &second), 0);
	sad_remove_out(&lab.sad, first);
	assert_int_equal(leaves_late(&spi), 0);
	assert_int_equal(spi, ends[0].p.spi_out);
	sad_remove(&lab.sad, first);
	assert_int_equal(leaves_late(&spi), 0);
	assert_int_equal(spi, ends[0].p.spi_out);
	lab_refresh(&lab);
	assert_int_equal(leaves_late(&spi), 0);
	assert_int_equal(spi, ends[1].p.spi_out);
}

static void test_all_or_nothing(void **state)
{
	struct ipsec_sa_params bad = ends[0].p;
	uint32_t handle;

	(void)state;
	bad.encr_in.len--;
	assert_int_equal(sad_install(&lab.sad, &bad, &handle), E_MALFORMED);
	bad = ends[0].p;
	bad.encr_out.len--;
	assert_int_equal(sad_install(&lab.sad, &bad, &handle), E_MALFORMED);
	bad = ends[0].p;
	bad.replay_window = REPLAY_WINDOW_MAX + 1;
	assert_int_equal(sad_install(&lab.sad, &bad, &handle), E_LIMIT);
	assert_int_equal(lab.sad.spis.count, 0);
	assert_int_equal(lab.sad.handles.count, 0);
	assert_true(list_empty(&lab.sad.pairs));
	assert_int_equal(leaves_by(), 0);
	assert_int_equal(sad_install(&lab.sad, &ends[0].p, &handle), 0);
}

struct probe {
	struct epoch_item item;
	bool gone;
};

static void probe_gone(struct epoch_item *item)
{
	((struct probe *)item)->gone = true; /* item is first */
}

static void test_epochs(void **state)
{
	struct epoch_reader early, late;
	struct probe one = {.gone = false}, two = {.gone = false};
	struct epoch e;

	(void)state;
	epoch_init(&e);
	epoch_add_reader(&e, &early);
	epoch_add_reader(&e, &late);
	epoch_enter(&e, &early);
	epoch_retire(&e, &one.item, probe_gone);
	epoch_enter(&e, &late); /* cannot have seen `one` any more */
	epoch_reclaim(&e);
	assert_false(one.gone);
	assert_true(epoch_wanted(&e));
	assert_false(epoch_wanted(&e)); /* once */
	epoch_retire(&e, &two.item, probe_gone);
	epoch_enter(&e, &early);
	epoch_reclaim(&e);
	assert_true(one.gone);
	assert_false(two.gone); /* `late` may still have it */
	epoch_leave(&late);
	epoch_reclaim(&e);
	assert_true(two.gone);
	assert_false(epoch_wanted(&e));
	epoch_remove_reader(&early);
	epoch_remove_reader(&late);
	epoch_done(&e);
}

static void test_notices(void **state)
{
	static struct notice_ring ring;
	struct notice n = {.kind = NOTICE_SOFT}, got;

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (n.handle = 0; n.handle < NOTICE_RING; n.handle++)
			assert_true(notice_push(&ring, &n));
		assert_false(notice_push(&ring, &n)); /* full */
		for (uint32_t i = 0; i < NOTICE_RING; i++) {
			assert_true(notice_pop(&ring, &got));
			assert_int_equal(got.handle, i);
		}
		assert_false(notice_pop(&ring, &got));
	}
}

/* A limit that could not be told for lack of room is told by a later packet. */
static void test_notice_again(void **state)
{
	const struct notice filler = {.kind = NOTICE_MAPPING};
	uint8_t data[60];
	struct notice n;
	uint32_t handle;

	(void)state;
	ends[0].p.hard_packets = 1;
	handle = lab_install(&lab, &ends[0].p);
	while (notice_push(&lab.notices, &filler))
		;
	for (int i = 0; i < 2; i++) {
		struct esp_packet p = lab_packet(data, lab_inner(data, AF_INET, 0, 60));

		assert_int_equal(lab_out(&lab, &p), 0);
		free(p.buf);
		while (i == 0 && notice_pop(&lab.notices, &n))
			assert_int_equal(n.kind, NOTICE_MAPPING);
	}
	n = lab_notice(&lab);
	assert_int_equal(n.kind, NOTICE_HARD);
	assert_int_equal(n.handle, handle);
}

/* A worker in a thread of its own, while SAs come and go: for the sanitizers. */
static _Atomic bool stop;

static void *keep_sending(void *arg)
{
	uint64_t *sent = arg;
	uint8_t data[60];

	while (!atomic_load(&stop)) {
		struct esp_packet p = lab_packet(data, lab_inner(data, AF_INET, 0, 60));

		lab_refresh(&lab);
		if (lab_out(&lab, &p) == 0)
			++*sent;
		free(p.buf);
		if (epoch_wanted(&lab.sad.epoch) && *sent % 2)
			epoch_leave(&lab.reader);
	}
	epoch_leave(&lab.reader);
	return NULL;
}

static void test_changes_while_sending(void **state)
{
	uint32_t handles[8] = {0};
	struct ipsec_stats stats;
	uint64_t sent = 0;
	pthread_t thread;

	(void)state;
	atomic_store(&stop, false);
	assert_int_equal(sad_install(&lab.sad, &ends[0].p, &handles[0]), 0);
	assert_int_equal(pthread_create(&thread, NULL, keep_sending, &sent), 0);
	for (unsigned i = 0; i < 3000; i++) {
		const unsigned k = 1 + i % 7;

		if (handles[k] != 0) {
			assert_int_equal(sad_query(&lab.sad, handles[k], &stats), 0);
			if (i % 3 == 0)
				sad_remove_out(&lab.sad, handles[k]);
			sad_remove(&lab.sad, handles[k]);
		}
		assert_int_equal(sad_install(&lab.sad, &ends[k].p, &handles[k]), 0);
		assert_int_equal(
			sad_update(&lab.sad, handles[k], &ends[k].p.remote, &ends[k].p.local), 0);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	epoch_reclaim(&lab.sad.epoch);
	assert_true(list_empty(&lab.sad.epoch.retired)); /* the worker sleeps: all is freed */
	assert_true(sent > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_spis, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_spis_run_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_handing_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_late_worker, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_or_nothing, set_up, tear_down),
		cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_notices),
		cmocka_unit_test_setup_teardown(test_notice_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_changes_while_sending, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
