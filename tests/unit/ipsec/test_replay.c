/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* xorshift64*, so that a failure can be repeated. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

/* The definition, word by word: all numbers ever accepted are remembered. */
#define MODEL_MAX 200000

struct model {
	uint64_t base; /* number of bit 0 */
	uint64_t top;
	uint32_t window;
	uint8_t seen[MODEL_MAX];
};

static bool model_accept(struct model *m, uint64_t seq)
{
	if (seq == 0 || (seq <= m->top && m->top - seq >= m->window))
		return false;
	if (seq >= m->base && m->seen[seq - m->base])
		return false;
	if (seq >= m->base)
		m->seen[seq - m->base] = 1;
	if (seq > m->top)
		m->top = seq;
	return true;
}

static uint64_t random_walk(uint64_t *state, uint64_t top, uint32_t window)
{
	const uint64_t r = next_random(state);
	uint64_t back;

	switch (r % 16) {
	case 0: /* a jump that may skip some or all words */
		return top + (r >> 8) % (window * 3 + 200);
	case 1: /* around the lower edge */
		back = window - 2 + (r >> 8) % 5;
		break;
	case 2:
	case 3:
	case 4:
	case 5: /* anywhere in the window and some way below */
		back = (r >> 8) % (window + 100);
		break;
	default:
		return top + 1 + ((r >> 8) % 8 == 0);
	}
	return back > top ? (r >> 40) % 3 : top - back;
}

static void check_against_model(uint32_t window, uint64_t start, uint64_t seed)
{
	static struct model m;
	struct replay r;
	uint64_t state = seed;

	memset(&m, 0, sizeof(m));
	m.window = window;
	m.base = start;
	assert_int_equal(replay_init(&r, window, true), 0);
	if (start != 0) {
		assert_int_equal(replay_accept(&r, start), 0);
		assert_true(model_accept(&m, start));
	}
	for (int i = 0; i < 5000; i++) {
		const uint64_t seq = random_walk(&state, m.top, window);
		const uint64_t top = m.top;
		bool fresh, accept;

		if ((start != 0 && seq < start) || seq >= start + MODEL_MAX)
			continue;
		/* With ESN the low half has to lead back to the number, if it could be valid. */
		if (seq + window > top && seq != 0 && seq < top + UINT32_MAX - window)
			assert_int_equal(replay_seq(&r, (uint32_t)seq), seq);
		fresh = replay_fresh(&r, seq);
		accept = model_accept(&m, seq);
		assert_int_equal(fresh, accept);
		assert_int_equal(replay_accept(&r, seq), accept ? 0 : E_REPLAY);
		assert_int_equal(r.top, m.top);
	}
	replay_done(&r);
}

static void test_model(void **state)
{
	static const uint32_t windows[] = {1, 2, 31, 32, 63, 64, 65, 128, 1000, 1024, 4095, 4096};

	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		check_against_model(windows[i], 0, 1 + i);
		/* Across the ends of the 32-bit subspaces. */
		check_against_model(windows[i], UINT32_MAX - UINT64_C(2000), 100 + i);
		check_against_model(windows[i], (UINT64_C(7) << 32) - 500, 200 + i);
	}
}

/* The corner cases of RFC 4303 appendix A2.2 by hand, with a window of 64. */
static void test_esn_cases(void **state)
{
	struct replay r;

	(void)state;
	assert_int_equal(replay_init(&r, 64, true), 0);
	assert_int_equal(replay_seq(&r, 1), 1);
	assert_int_equal(replay_seq(&r, UINT32_MAX), 0); /* before the first */
	r.top = 10;
	assert_int_equal(replay_seq(&r, 5), 5);
	assert_int_equal(replay_seq(&r, UINT32_MAX - 20), 0);
	assert_int_equal(replay_seq(&r, UINT32_MAX - 60), UINT32_MAX - UINT64_C(60));
	r.top = (UINT64_C(1) << 32) + 10; /* case B: the window began in the subspace before */
	assert_int_equal(replay_seq(&r, UINT32_MAX), UINT32_MAX);
	assert_int_equal(replay_seq(&r, UINT32_MAX - 52), UINT32_MAX - UINT64_C(52));
	assert_int_equal(replay_seq(&r, UINT32_MAX - 53), (UINT64_C(2) << 32) - 54);
	assert_int_equal(replay_seq(&r, 9), (UINT64_C(1) << 32) + 9);
	r.top = UINT32_MAX; /* case A, at its end */
	assert_int_equal(replay_seq(&r, 0), UINT64_C(1) << 32);
	assert_int_equal(replay_seq(&r, UINT32_MAX - 63), UINT32_MAX - UINT64_C(63));
	assert_int_equal(replay_seq(&r, UINT32_MAX - 64), (UINT64_C(2) << 32) - 65);
	r.top = UINT64_MAX;
	assert_int_equal(replay_seq(&r, 0), 0); /* nothing comes after the last */
	replay_done(&r);
}

static void test_limits(void **state)
{
	struct replay r;

	(void)state;
	assert_int_equal(replay_init(&r, REPLAY_WINDOW_MAX + 1, false), E_LIMIT);
	replay_done(&r);
	assert_int_equal(replay_init(&r, 0, false), 0);
	for (int i = 0; i < 2; i++) /* switched off: everything passes */
		assert_int_equal(replay_accept(&r, 7), 0);
	replay_done(&r);
	assert_int_equal(replay_init(&r, 32, false), 0);
	assert_int_equal(replay_accept(&r, 0), E_REPLAY);
	assert_int_equal(replay_accept(&r, UINT32_MAX), 0);
	assert_int_equal(replay_seq(&r, 1), 1); /* no ESN: nothing is inferred */
	assert_int_equal(replay_accept(&r, 1), E_REPLAY);
	replay_done(&r);
}

/* Without a window ESN still has to follow the high half. */
static void test_esn_without_window(void **state)
{
	struct replay r;

	(void)state;
	assert_int_equal(replay_init(&r, 0, true), 0);
	assert_int_equal(replay_accept(&r, replay_seq(&r, 1)), 0);
	assert_int_equal(replay_accept(&r, replay_seq(&r, 0x7fffffff)), 0);
	assert_int_equal(replay_accept(&r, replay_seq(&r, 0xfffffff0)), 0);
	assert_int_equal(replay_seq(&r, 5), (UINT64_C(1) << 32) + 5);
	assert_int_equal(replay_accept(&r, replay_seq(&r, 5)), 0);
	assert_int_equal(replay_seq(&r, 0xfffffff0), 0xfffffff0);
	assert_int_equal(replay_seq(&r, 6), (UINT64_C(1) << 32) + 6);
	replay_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_esn_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_esn_without_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
