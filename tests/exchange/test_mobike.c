/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab_forge.h"
#include "pair.h"
#include "seeds.h"

/* Hosts whose addresses change, paths that die, NATs that come and go (RFC 4555). */

#define PUBLIC "203.0.113.1"

static struct addr address(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	a.port = port;
	return a;
}

/* The outer addresses of the only SA pair that a host has. */
static void assert_path(const struct lab_host *h, const char *local, const char *remote)
{
	const struct lab_sa *sa = h->ipsec.sas;
	struct addr l = address(local, 0), r = address(remote, 0);
	char text[2][ADDR_TEXT_MAX];

	while (!sa->handle)
		sa++;
	if (!addr_equal(&sa->p.local, &l) || !addr_equal(&sa->p.remote, &r))
		fail_msg("%s sends ESP from %s to %s, not from %s to %s", h->name,
			 addr_text(&sa->p.local, text[0]), addr_text(&sa->p.remote, text[1]), local,
			 remote);
}

static const struct pair_params roaming = {.pool = "10.3.0.0/24"};

/* ---- moving ---- */

static void test_client_moves(void **state)
{
	(void)state;
	struct pair p = pair_up(&roaming);
	const struct addr vip = p.carol->ipsec.vips[0];
	const struct lab_packet *update;

	lab_readdress(p.carol, "192.168.0.9");
	/* What carol sends takes the new address at once: nothing comes by the old one. */
	assert_path(p.carol, "192.168.0.9", "192.168.0.2");
	lab_settle(p.lab);
	assert_path(p.moon, "192.168.0.2", "192.168.0.9");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "\\[IKE\\] old path is not available anymore, try to find "
				   "another");
	lab_assert_logged(p.carol, "\\[IKE\\] requesting address change using MOBIKE");
	lab_assert_logged(p.carol, "local endpoint changed from 192.168.0.3\\[4500\\] to "
				   "192.168.0.9\\[4500\\]");
	lab_assert_logged(p.moon, "remote endpoint changed from 192.168.0.3\\[4500\\] to "
				  "192.168.0.9\\[4500\\]");
	lab_assert_logged(
		p.carol, "generating INFORMATIONAL request 2 \\[ N\\(UPD_SA_ADDR\\) "
			 "N\\(NATD_S_IP\\) N\\(NATD_D_IP\\) N\\(NO_ADD_ADDR\\) N\\(COOKIE2\\) \\]");
	lab_assert_logged(p.moon, "generating INFORMATIONAL response 2 \\[ N\\(NATD_S_IP\\) "
				  "N\\(NATD_D_IP\\) N\\(COOKIE2\\) \\]");
	/* moon makes sure that carol can be reached there. */
	update = lab_sent(p.moon, IKE_INFORMATIONAL, false, 0);
	assert_non_null(update);
	assert_true(addr_equal(&update->dst,
			       &(struct addr){.family = AF_INET, .ip = {192, 168, 0, 9}}));
	lab_assert_logged(p.moon, "generating INFORMATIONAL request 0 \\[ N\\(COOKIE2\\) \\]");
	assert_int_equal(p.carol->ike_updates, 1);
	assert_int_equal(p.moon->ike_updates, 1);
	assert_int_equal(lab_count_sent(p.carol, IKE_INFORMATIONAL, false), 1);
	/* The virtual address stays, and nothing was made anew. */
	assert_int_equal(p.carol->ipsec.n_vips, 1);
	assert_true(addr_equal(&vip, &p.carol->ipsec.vips[0]));
	assert_int_equal(p.carol->ipsec.installs + p.moon->ipsec.installs, 2);
	pair_down(&p);
}

/* While it moves, something else is under way; and it moves once more before that has ended. */
static void test_moves_during_exchanges(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24",
						      .carol_children = "b { remote_ts = "
									"10.1.1.0/24 }\n",
						      .moon_children = "b { local_ts = "
								       "10.1.1.0/24 }\n"});
	struct lab_result *r = lab_initiate(p.carol, "home", "b");

	lab_readdress(p.carol, "192.168.0.9");
	lab_readdress(p.carol, "192.168.0.10");
	lab_run(p.lab, 5);
	lab_readdress(p.carol, "192.168.0.11");
	lab_await(p.lab, r, 60000);
	lab_assert_result(r, 0, NULL);
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	assert_path(p.moon, "192.168.0.2", "192.168.0.11");
	/* Where it was in between needs no exchange of its own. */
	assert_int_equal(lab_count_logged(p.carol, "generating .*UPD_SA_ADDR"), 1);
	pair_down(&p);
}

static void test_gateway_moves(void **state)
{
	(void)state;
	struct pair p = pair_up(&roaming);

	lab_readdress(p.moon, "192.168.0.20");
	assert_path(p.moon, "192.168.0.20", "192.168.0.3");
	lab_settle(p.lab);
	lab_assert_logged(p.moon, "sending address list update using MOBIKE");
	lab_assert_logged(p.carol, "requesting address change using MOBIKE");
	assert_path(p.carol, "192.168.0.3", "192.168.0.20");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* A further address is only told. */
static void test_address_list(void **state)
{
	(void)state;
	struct pair p = pair_up(&roaming);

	lab_readdress(p.moon, "192.168.0.2 2001:db8::2");
	lab_settle(p.lab);
	lab_assert_logged(p.moon, "sending address list update using MOBIKE");
	lab_assert_logged(p.carol, "got additional MOBIKE peer address: 2001:db8::2");
	lab_readdress(p.carol, "192.168.0.3 198.51.100.3");
	lab_settle(p.lab);
	lab_assert_logged(p.moon, "got additional MOBIKE peer address: 198.51.100.3");
	lab_assert_not_logged(p.carol, "requesting address change");
	assert_int_equal(p.carol->ipsec.updates + p.moon->ipsec.updates, 0);
	/* The same once more is no news. */
	ike_addresses_changed(p.carol->ike, p.lab->now);
	ike_addresses_changed(p.moon->ike, p.lab->now);
	assert_int_equal(p.lab->n_queue, 0);
	/* carol's address goes, the other one takes over; then moon's goes, and IPv6 does. */
	lab_readdress(p.carol, "198.51.100.3 2001:db8::3");
	lab_settle(p.lab);
	assert_path(p.moon, "192.168.0.2", "198.51.100.3");
	lab_readdress(p.moon, "2001:db8::2");
	lab_settle(p.lab);
	assert_path(p.carol, "2001:db8::3", "2001:db8::2");
	assert_path(p.moon, "2001:db8::2", "2001:db8::3");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void prefer_best(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.prefer_best_path = true;
}

static void check_path(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.check_current_path = true;
}

/* A path that works is kept, unless the better one is preferred. */
static void test_better_path(void **state)
{
	void (*const how[])(struct lab_host *, struct lab_host *) = {NULL, prefer_best, check_path};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct pair p = pair_up(&(struct pair_params){.prepare = how[i]});

		lab_readdress(p.carol, "198.51.100.3 192.168.0.3");
		lab_settle(p.lab);
		assert_path(p.moon, "192.168.0.2", i == 1 ? "198.51.100.3" : "192.168.0.3");
		ike_addresses_changed(p.carol->ike, p.lab->now);
		lab_settle(p.lab);
		assert_int_equal(lab_count_logged(p.carol, "sending DPD request"), i == 2);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		pair_down(&p);
	}
}

/* ---- no path, dead paths ---- */

/* Ten minutes without a network: nothing is given up, and all is well when it is back. */
static void test_stranded(void **state)
{
	(void)state;
	struct pair p = pair_up(
		&(struct pair_params){.carol_conn = "dpd_delay = 30s\n", .pool = "10.3.0.0/24"});

	lab_run(p.lab, 29000);
	lab_readdress(p.carol, "");
	lab_assert_logged(p.carol, "no route found to reach 192.168.0.2, MOBIKE update deferred");
	lab_run(p.lab, 600000);
	lab_assert_not_logged(p.carol, "giving up");
	lab_readdress(p.carol, "198.51.100.8");
	lab_settle(p.lab);
	assert_path(p.carol, "198.51.100.8", "192.168.0.2");
	assert_path(p.moon, "192.168.0.2", "198.51.100.8");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* The same address comes back: the peer is told all the same, for NATs may have forgotten. */
static void test_back_again(void **state)
{
	(void)state;
	struct pair p = pair_up(&roaming);

	lab_readdress(p.carol, "");
	lab_run(p.lab, 5000);
	lab_readdress(p.carol, "192.168.0.3");
	lab_settle(p.lab);
	assert_int_equal(lab_count_logged(p.moon, "parsed INFORMATIONAL request .*UPD_SA_ADDR"), 1);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static bool drop_dead(void *ctx, struct lab_packet *p)
{
	const struct addr *dead = ctx;

	return addr_equal(&p->src, dead) || addr_equal(&p->dst, dead);
}

/* moon has two addresses; what goes by the first one is lost, and no link tells. */
static void test_dead_path(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_conn = "dpd_delay = 10s\n"});
	struct addr dead = address("192.168.0.2", 0);
	struct lab_result *r;

	lab_readdress(p.moon, "192.168.0.2 192.168.0.20");
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	p.lab->drop = drop_dead;
	p.lab->drop_ctx = &dead;
	lab_run(p.lab, 15000);
	lab_assert_logged(p.carol, "checking path 192.168.0.3\\[4500\\] - 192.168.0.20\\[4500\\]");
	assert_path(p.carol, "192.168.0.3", "192.168.0.20");
	assert_path(p.moon, "192.168.0.20", "192.168.0.3");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	/* Now the other one dies, and the first is alive again. */
	dead = address("192.168.0.20", 0);
	lab_run(p.lab, 30000);
	assert_path(p.carol, "192.168.0.3", "192.168.0.2");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	p.lab->drop = NULL;
	pair_down(&p);
}

/* The same for a client with two addresses. */
static void test_dead_path_of_the_client(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_conn = "dpd_delay = 10s\n"});
	struct addr dead = address("192.168.0.3", 0);
	struct lab_result *r;

	lab_readdress(p.carol, "192.168.0.3 198.51.100.3");
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	p.lab->drop = drop_dead;
	p.lab->drop_ctx = &dead;
	lab_run(p.lab, 15000);
	assert_path(p.carol, "198.51.100.3", "192.168.0.2");
	assert_path(p.moon, "192.168.0.2", "198.51.100.3");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* All are dead: the SA goes after the usual time. */
static void test_all_dead(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_conn = "dpd_delay = 10s\n"});
	struct lab_result *r;

	lab_readdress(p.moon, "192.168.0.2 192.168.0.20");
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	p.lab->loss = 100;
	lab_run(p.lab, 200000);
	lab_assert_logged(p.carol, "giving up after 5 retransmits");
	assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 0);
	lab_free(p.lab);
}

/* ---- NAT ---- */

static void set_public(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->lab->nat_public = address(PUBLIC, 0);
}

static void test_nat_appears_and_goes(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.prepare = set_public, .pool = "10.3.0.0/24"});

	assert_false(p.carol->ipsec.sas[0].p.encap || p.moon->ipsec.sas[0].p.encap);
	p.carol->natted = true;
	lab_readdress(p.carol, "10.99.0.3");
	lab_settle(p.lab);
	lab_assert_logged(p.carol, "local host is behind NAT, sending keep alives");
	lab_assert_logged(p.moon, "remote host is behind NAT");
	assert_path(p.carol, "10.99.0.3", "192.168.0.2");
	assert_path(p.moon, "192.168.0.2", PUBLIC);
	assert_true(p.carol->ipsec.sas[0].p.encap && p.moon->ipsec.sas[0].p.encap);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_run(p.lab, 41000);
	assert_int_equal(p.carol->keepalives, 2);
	assert_int_equal(p.moon->keepalives, 0);
	p.carol->natted = false;
	lab_readdress(p.carol, "192.168.0.3");
	lab_settle(p.lab);
	assert_false(p.carol->ipsec.sas[0].p.encap || p.moon->ipsec.sas[0].p.encap);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_run(p.lab, 60000);
	assert_int_equal(p.carol->keepalives, 2);
	pair_down(&p);
}

/* The NAT forgets: carol sees it by the answer to her next sign of life (section 3.8). */
static void test_mapping_seen_by_dpd(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){
		.prepare = set_public, .pool = "10.3.0.0/24", .carol_conn = "dpd_delay = 10s\n"});
	struct lab_result *r;

	p.carol->natted = true;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_run(p.lab, 25000);
	lab_assert_not_logged(p.carol, "detected changes in NAT mappings");
	p.lab->mapped[1].port = 1; /* the old public port leads nowhere */
	lab_run(p.lab, 15000);
	lab_assert_logged(p.carol, "detected changes in NAT mappings, initiating MOBIKE update");
	assert_int_equal(p.moon->ipsec.sas[0].p.remote.port, LAB_NAT_PORT + 2);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	/* It is known now. */
	lab_clear_log(p.carol);
	lab_run(p.lab, 60000);
	lab_assert_not_logged(p.carol, "detected changes in NAT mappings|UPD_SA_ADDR");
	pair_down(&p);
}

/* Without MOBIKE the peer follows what is authentic, ESP included. */
static void test_mapping_without_mobike(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = set_public,
						       .pool = "10.3.0.0/24",
						       .carol_conn = "mobike = no\n"
								     "dpd_delay = 10s\n"});
	struct lab_result *r;

	p.carol->natted = true;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	p.lab->mapped[1].port = 1;
	lab_run(p.lab, 15000);
	assert_int_equal(p.moon->ipsec.sas[0].p.remote.port, LAB_NAT_PORT + 2);
	assert_int_equal(p.moon->ike_updates, 1);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void two_addresses(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	lab_readdress(moon, "192.168.0.2 10.1.0.1");
}

/* moon's link is up, but not yet reported to be, when routes change: she has nothing to tell. */
static void test_late_carrier(void **state)
{
	(void)state;
	for (int early = 0; early < 2; early++) {
		struct pair p = pair_new(&(struct pair_params){.prepare = two_addresses});
		struct lab_result *r;

		p.moon->no_carrier = early;
		r = lab_initiate(p.carol, "home", "net");
		lab_settle(p.lab);
		lab_assert_result(r, 0, NULL);
		p.moon->no_carrier = true;
		ike_addresses_changed(p.moon->ike, p.lab->now);
		lab_run(p.lab, 100);
		p.moon->no_carrier = false;
		ike_addresses_changed(p.moon->ike, p.lab->now);
		lab_run(p.lab, 100);
		assert_int_equal(lab_count_sent(p.moon, IKE_INFORMATIONAL, false), 0);
		assert_int_equal(p.carol->ike_updates + p.moon->ike_updates, 0);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		pair_down(&p);
	}
}

/* ---- who may not ---- */

/* Without MOBIKE on either side nobody moves, and an address that goes ends the SA by DPD. */
static void test_mobike_off(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair p = pair_up(&(struct pair_params){
			.carol_conn = i ? "" : "mobike = no\n",
			.moon_conn = i ? "mobike = no\n" : "",
		});

		lab_readdress(p.carol, "192.168.0.9 192.168.0.3");
		lab_readdress(p.moon, "192.168.0.9 192.168.0.2");
		lab_settle(p.lab);
		assert_int_equal(lab_count_sent(p.carol, IKE_INFORMATIONAL, false), 0);
		assert_int_equal(lab_count_sent(p.moon, IKE_INFORMATIONAL, false), 0);
		p.moon->others[0] = p.moon->addr = address("192.168.0.2", 0);
		p.carol->addr = p.carol->others[0];
		pair_down(&p);
	}
}

static void put(struct wbuf *b, const struct wire_notify *list, size_t n, uint8_t *out_first)
{
	struct wire_writer w;

	wbuf_init(b, 0);
	wire_writer_init(&w, b);
	for (size_t i = 0; i < n; i++)
		wire_put_notify(&w, list[i].type, list[i].data);
	*out_first = w.first;
}

/* A request of these notifies that only the peer can have made. */
static void forge(struct lab_host *from, struct lab_host *to, const struct wire_notify *list,
		  size_t n)
{
	struct wbuf b;
	uint8_t first;

	put(&b, list, n, &first);
	lab_forge(from, to,
		  &(struct forge){.exchange = IKE_INFORMATIONAL,
				  .msgid = lab_next_id(from),
				  .first = first,
				  .plain = wbuf_view(&b)});
	wbuf_done(&b);
}

/* The peer's own packets, sent by somebody else from elsewhere, change nothing. */
static void test_stranger_updates(void **state)
{
	(void)state;
	struct pair p = pair_up(&roaming);
	struct addr stranger = address("198.51.100.66", 4500);
	struct secret copy;

	lab_readdress(p.carol, "192.168.0.9");
	lab_settle(p.lab);
	/* A copy of the real update: old, and another is expected. */
	const struct lab_packet *u = lab_sent(p.carol, IKE_INFORMATIONAL, false, 0);
	assert_int_equal(secret_copy(&copy, secret_view(&u->bytes)), 0);
	lab_inject(p.moon, &stranger, 4500, secret_view(&copy));
	lab_settle(p.lab);
	/* With the next message id, but not authentic. */
	copy.data[23]++;
	lab_inject(p.moon, &stranger, 4500, secret_view(&copy));
	lab_settle(p.lab);
	secret_done(&copy);
	assert_path(p.moon, "192.168.0.2", "192.168.0.9");
	assert_int_equal(p.moon->ike_updates, 1);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* Only the initiator decides; and only where MOBIKE was agreed on. */
static void test_wrong_side_updates(void **state)
{
	const struct wire_notify update = {.type = N_UPDATE_SA_ADDRESSES};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair p =
			pair_up(&(struct pair_params){.moon_conn = i ? "mobike = no\n" : NULL});
		struct lab_host *from = i ? p.carol : p.moon, *to = i ? p.moon : p.carol;

		forge(from, to, &update, 1);
		lab_settle(p.lab);
		assert_int_equal(to->ike_updates + to->ipsec.updates, 0);
		assert_int_equal(lab_count_sent(to, IKE_INFORMATIONAL, true), 1);
		lab_free(p.lab);
	}
}

/* A NAT that the peer forbids: nothing moves, and it is told. */
static void test_no_nats_allowed(void **state)
{
	static const uint8_t right[12] = {192, 168, 0,	       3,	   192,	      0xa8,
					  0,   2,   4500 >> 8, 4500 & 255, 4500 >> 8, 4500 & 255};
	static const uint8_t wrong[12] = {192, 168, 0,	       4,	   192,	      0xa8,
					  0,   2,   4500 >> 8, 4500 & 255, 4500 >> 8, 4500 & 255};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair p = pair_up(&roaming);
		const struct wire_notify list[2] = {
			{.type = N_UPDATE_SA_ADDRESSES},
			{.type = N_NO_NATS_ALLOWED, .data = view_make(i ? wrong : right, 12)}};

		forge(p.carol, p.moon, list, 2);
		lab_settle(p.lab);
		assert_int_equal(p.moon->ike_updates, i ? 0 : 1);
		assert_int_equal(lab_count_logged(p.moon, "N\\(UNEXPECT_NAT\\)"), i);
		lab_free(p.lab);
	}
}

/* The answer to the request in flight, made by the peer itself but wrong. */
static void answer(struct lab_host *from, struct lab_host *to, const struct wire_notify *list,
		   size_t n)
{
	struct wbuf b;
	uint8_t first;

	put(&b, list, n, &first);
	lab_forge(from, to,
		  &(struct forge){.exchange = IKE_INFORMATIONAL,
				  .msgid = lab_next_id(to),
				  .response = true,
				  .first = first,
				  .plain = wbuf_view(&b)});
	wbuf_done(&b);
}

static void test_wrong_cookie2(void **state)
{
	static const uint8_t wrong[16] = {1, 2, 3};
	const struct wire_notify n = {.type = N_COOKIE2, .data = view_make(wrong, sizeof(wrong))};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair p = pair_up(&roaming);

		lab_readdress(p.carol, "192.168.0.9");
		answer(p.moon, p.carol, &n, (size_t)i); /* another one, or none */
		lab_assert_logged(p.carol, "COOKIE2 mismatch, closing IKE_SA");
		assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 0);
		lab_run(p.lab, 300000);
		lab_assert_empty(p.lab);
		lab_free(p.lab);
	}
}

/* Mappings that change all the time: one a second is followed, and in the end the last one. */
static void test_mapping_flood(void **state)
{
	(void)state;
	struct pair p =
		pair_new(&(struct pair_params){.prepare = set_public, .pool = "10.3.0.0/24"});
	struct addr a = address(PUBLIC, 0);
	struct lab_result *r;
	unsigned before;

	p.carol->natted = true;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	before = p.moon->ipsec.updates;
	for (unsigned i = 0; i < 5000; i++) {
		a.port = (uint16_t)(30000 + i);
		ike_datapath_mapping(p.moon->ike, p.lab->now, p.moon->ipsec.sas[0].handle, &a);
		if (i % 1000 == 999)
			lab_run(p.lab, 500);
	}
	lab_run(p.lab, 2000);
	assert_in_range(p.moon->ipsec.updates - before, 2, 4);
	assert_int_equal(p.moon->ipsec.sas[0].p.remote.port, 30000 + 4999);
	lab_free(p.lab);
}

/* ---- weather ---- */

/*
 * One side gets other addresses. One of moon's stays: where both sides lose all that the other
 * knows at the same time they cannot find each other again (RFC 4555 section 1.2).
 */
static void shake(struct pair *p, uint64_t *random)
{
	const unsigned a = (unsigned)(lab_random(random) % 5), b = (unsigned)(1 + a) % 5;
	char text[64];

	switch (lab_random(random) % 5) {
	case 0:
		lab_readdress(p->carol, "");
		break;
	case 1:
		snprintf(text, sizeof(text), "192.168.0.2%u 192.168.0.2", a);
		lab_readdress(p->moon, text);
		break;
	case 2:
		snprintf(text, sizeof(text), "192.168.0.2 192.168.0.2%u", a);
		lab_readdress(p->moon, text);
		break;
	default:
		snprintf(text, sizeof(text), "192.168.0.1%u 192.168.0.1%u", a, b);
		lab_readdress(p->carol, text);
	}
}

static void run_seed(void *ctx, uint64_t seed)
{
	struct pair p = pair_new(&(struct pair_params){
		.seed = seed,
		.pool = "10.3.0.0/24",
		.carol_conn = "keyingtries = 0\ndpd_delay = 5s\n",
	});
	uint64_t random = seed;
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	(void)ctx;
	lab_await(p.lab, r, 60000);
	lab_assert_result(r, 0, NULL);
	p.lab->loss = 20;
	p.lab->twice = 20;
	p.lab->jitter = 3000;
	for (unsigned i = 0; i < 6; i++) {
		shake(&p, &random);
		lab_run(p.lab, lab_random(&random) % 15000);
	}
	lab_readdress(p.carol, "192.168.0.3");
	lab_run(p.lab, 60000);
	p.lab->loss = p.lab->twice = p.lab->jitter = 0;
	lab_run(p.lab, 60000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_true(addr_equal(&p.carol->ipsec.sas[0].p.local, &p.carol->addr));
	assert_true(addr_equal(&p.carol->ipsec.sas[0].p.remote, &p.moon->ipsec.sas[0].p.local));
	assert_true(addr_equal(&p.carol->ipsec.sas[0].p.local, &p.moon->ipsec.sas[0].p.remote));
	pair_down(&p);
}

static void test_weather(void **state)
{
	(void)state;
	seeds_run(seeds_count(300), run_seed, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_moves),
		cmocka_unit_test(test_moves_during_exchanges),
		cmocka_unit_test(test_gateway_moves),
		cmocka_unit_test(test_address_list),
		cmocka_unit_test(test_better_path),
		cmocka_unit_test(test_stranded),
		cmocka_unit_test(test_back_again),
		cmocka_unit_test(test_dead_path),
		cmocka_unit_test(test_dead_path_of_the_client),
		cmocka_unit_test(test_all_dead),
		cmocka_unit_test(test_nat_appears_and_goes),
		cmocka_unit_test(test_mapping_seen_by_dpd),
		cmocka_unit_test(test_mapping_without_mobike),
		cmocka_unit_test(test_late_carrier),
		cmocka_unit_test(test_mobike_off),
		cmocka_unit_test(test_stranger_updates),
		cmocka_unit_test(test_wrong_side_updates),
		cmocka_unit_test(test_no_nats_allowed),
		cmocka_unit_test(test_wrong_cookie2),
		cmocka_unit_test(test_mapping_flood),
		cmocka_unit_test_teardown(test_weather, seeds_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
