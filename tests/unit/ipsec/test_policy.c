/* SPDX-License-Identifier: Apache-2.0 */
/* Policies without an SA, and the packets that wait for one. */
#include "ipsec/user/esp_out.h"
#include "ipsec/user/hold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "lab.h"

static struct lab lab;
static struct pair_end end;

static int set_up(void **state)
{
	const struct pair_suite suite = pair_default();

	(void)state;
	lab_init(&lab);
	pair_fill(&end, &suite, 0, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	lab_done(&lab);
	return 0;
}

static struct ts_list any(void)
{
	struct ts_list l = {0};
	struct ts ts;

	assert_int_equal(ts_parse(&ts, "0.0.0.0/0"), 0);
	assert_int_equal(ts_add(&l, &ts), 0);
	return l;
}

/* For the same packets as the SA's, or for all. */
static uint32_t install(enum ipsec_policy_kind kind, bool wide, uint32_t priority)
{
	const struct ts_list all = any();
	const struct ipsec_policy_params p = {
		.kind = kind,
		.reqid = kind == IPSEC_POLICY_TRAP ? 7 : 0,
		.ts_local = wide ? &all : &end.ts_local,
		.ts_remote = wide ? &all : &end.ts_remote,
		.priority = priority,
	};
	uint32_t handle = 0;

	assert_int_equal(sad_install_policy(&lab.sad, &p, &handle), 0);
	assert_int_not_equal(handle, 0);
	lab_refresh(&lab);
	return handle;
}

static void forget(uint32_t policy)
{
	sad_remove_policy(&lab.sad, policy);
	lab_refresh(&lab);
	assert_null(sad_find_policy(&lab.sad, policy));
}

/* What becomes of an outbound packet: its err. */
static int fate(struct sad_policy **out_trap)
{
	uint8_t data[100];
	struct esp_packet p = lab_packet(data, lab_inner(data, AF_INET, 0, sizeof(data)));

	esp_out_find(&lab.ctx, &p);
	free(p.buf);
	*out_trap = p.err == E_BUSY ? p.trap : NULL;
	return p.err;
}

static void test_trap_and_sa(void **state)
{
	struct sad_policy *met;
	uint32_t trap, sa;

	(void)state;
	assert_int_equal(fate(&met), E_NOTFOUND);
	trap = install(IPSEC_POLICY_TRAP, false, 0);
	assert_int_equal(fate(&met), E_BUSY);
	assert_ptr_equal(met, sad_find_policy(&lab.sad, trap));
	assert_int_equal(met->reqid, 7);
	sa = lab_install(&lab, &end.p);
	assert_int_not_equal(sa, trap);
	assert_int_equal(fate(&met), 0);
	sad_remove(&lab.sad, sa);
	lab_refresh(&lab);
	assert_int_equal(fate(&met), E_BUSY);
	forget(trap);
	assert_int_equal(fate(&met), E_NOTFOUND);
}

/* Whichever is wider, the classes decide: pass, SA, trap, drop. */
static void test_classes(void **state)
{
	struct sad_policy *met;
	uint32_t drop, trap, pass;

	(void)state;
	drop = install(IPSEC_POLICY_DROP, false, 0);
	assert_int_equal(fate(&met), E_NOTFOUND);
	trap = install(IPSEC_POLICY_TRAP, true, 0);
	assert_int_equal(fate(&met), E_BUSY);
	lab_install(&lab, &end.p);
	assert_int_equal(fate(&met), 0);
	pass = install(IPSEC_POLICY_PASS, true, 0);
	assert_int_equal(fate(&met), E_NOTFOUND);
	forget(pass);
	forget(trap);
	forget(drop);
	assert_int_equal(fate(&met), 0);
}

/* A configured priority goes before all that have none. */
static void test_priority(void **state)
{
	struct sad_policy *met;

	(void)state;
	lab_install(&lab, &end.p);
	install(IPSEC_POLICY_TRAP, true, 5);
	assert_int_equal(fate(&met), E_BUSY);
	install(IPSEC_POLICY_DROP, true, 4);
	assert_int_equal(fate(&met), E_NOTFOUND);
}

static struct view one_byte(const char *text)
{
	return view_make(text, 1);
}

static const struct hold_packet *find(const struct hold *h, uint32_t trap)
{
	for (size_t i = 0; i < HOLD_MAX; i++) {
		if (h->packets[i].trap == trap)
			return &h->packets[i];
	}
	return NULL;
}

static void test_hold(void **state)
{
	static const uint8_t big[HOLD_BYTES + 1];
	struct hold h = {0};

	(void)state;
	assert_int_equal(hold_init(&h), 0);
	assert_int_equal(hold_put(&h, 1, 100, one_byte("a")), 0);
	assert_int_equal(hold_put(&h, 2, 101, one_byte("b")), 0);
	/* the last one of each */
	assert_int_equal(hold_put(&h, 1, 102, one_byte("c")), 1);
	assert_int_equal(find(&h, 1)->data[0], 'c');
	assert_int_equal(find(&h, 2)->data[0], 'b');
	assert_int_equal(hold_put(&h, 2, 103, view_make(big, HOLD_BYTES + 1)), 1);
	assert_int_equal(hold_put(&h, 3, 103, view_make(big, HOLD_BYTES)), 0);
	/* a bounded number of traps: the oldest gives way */
	for (uint32_t trap = 4; trap <= HOLD_MAX; trap++)
		assert_int_equal(hold_put(&h, trap, 200, one_byte("d")), 0);
	assert_int_equal(hold_put(&h, 1000, 300, one_byte("e")), 1);
	assert_null(find(&h, 2));
	assert_non_null(find(&h, 1));
	/* and none for ever */
	assert_int_equal(hold_expire(&h, 102 + HOLD_MS), 0);
	assert_int_equal(hold_expire(&h, 103 + HOLD_MS), 1);
	assert_null(find(&h, 1));
	assert_int_equal(hold_expire(&h, 1000 + HOLD_MS), HOLD_MAX - 1);
	hold_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_trap_and_sa, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_classes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_priority, set_up, tear_down),
		cmocka_unit_test(test_hold),
	};

	return cmocka_run_group_tests_name("ipsec/policy", tests, NULL, NULL);
}
