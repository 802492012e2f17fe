/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/worker.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "ipsec/user/esp_out.h"
#include "lab.h"
#include "net/udp.h"

/* A worker between a pair of sockets that stands for its device and a UDP socket. */

#define WAIT_MS 10000
#define INNER	60

static struct lab ours, peer;
static struct pair_end mine[2], theirs[2];
static struct udp *udp;
static int tun[2], event_fd, peer_fd;
static struct worker *worker;
static _Atomic bool rekeying; /* the next hook is the moment at which the peer rekeys */

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	(void)out;
	(void)len;
	return E_CRYPTO;
}

/* The peer sends a packet by the SA it got last. */
static void peer_sends(void)
{
	struct addr to = {.family = AF_INET, .ip = {127, 0, 0, 1}, .port = udp_port(udp)};
	struct sockaddr_storage ss;
	const socklen_t ss_len = addr_to_sockaddr(&to, &ss);
	uint8_t data[INNER];
	struct esp_packet p = lab_packet(data, lab_inner(data, AF_INET, 1, INNER));

	assert_int_equal(lab_out(&peer, &p), 0);
	assert_int_equal(sendto(peer_fd, esp_data(&p), p.len, 0, (struct sockaddr *)&ss, ss_len),
			 p.len);
	free(p.buf);
}

/*
 * The worker asks for the time after it took its table. All that happens here is what happens while
 * it waits for a processor: we install an SA and tell the peer, who sends with it.
 */
static uint64_t now(void *ctx)
{
	uint32_t handle;

	(void)ctx;
	if (atomic_exchange(&rekeying, false)) {
		assert_int_equal(sad_install(&ours.sad, &mine[1].p, &handle), 0);
		lab_install(&peer, &theirs[1].p);
		peer_sends();
	}
	return 1000;
}

static void must_arrive(void)
{
	struct pollfd fd = {tun[0], POLLIN, 0};
	uint8_t data[INNER + 1];

	assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
	assert_int_equal(recv(tun[0], data, sizeof(data), 0), INNER);
}

static int set_up(void **state)
{
	const struct udp_params params = {.family = AF_INET, .share = UDP_ALONE};
	const struct pair_suite suite = pair_default();
	uint32_t handle;

	(void)state;
	lab_init(&ours);
	lab_init(&peer);
	for (unsigned i = 0; i < 2; i++) {
		pair_fill(&mine[i], &suite, 0, i);
		pair_fill(&theirs[i], &suite, 1, i);
	}
	assert_int_equal(sad_install(&ours.sad, &mine[0].p, &handle), 0);
	lab_install(&peer, &theirs[0].p);
	assert_int_equal(udp_open(&params, &udp), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, tun), 0);
	event_fd = eventfd(0, EFD_NONBLOCK);
	peer_fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(event_fd >= 0 && peer_fd >= 0);
	assert_int_equal(worker_start(
				 &(struct worker_params){
					 .sad = &ours.sad,
					 .tun_fd = tun[1],
					 .udp4_fd = udp_fd(udp),
					 .udp6_fd = -1,
					 .receive = true,
					 .event_fd = event_fd,
					 .outer_mtu = 1500,
					 .random = no_random,
					 .now = now,
				 },
				 &worker),
			 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	worker_stop(worker);
	close(tun[0]);
	close(tun[1]);
	close(event_fd);
	close(peer_fd);
	udp_free(udp);
	lab_done(&ours);
	lab_done(&peer);
	return 0;
}

/* What a peer sends with an SA that is there is received, however late the worker sees the SA. */
static void test_late(void **state)
{
	(void)state;
	peer_sends();
	must_arrive();
	atomic_store(&rekeying, true);
	peer_sends();
	must_arrive();
	must_arrive();
	assert_int_equal(atomic_load(&worker_drops(worker)->unknown_spi), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_late, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
