/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab_pki.h"

static const char * or (const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static void put_auth(struct wbuf *b, const struct pair_params *p, const char *cert, const char *id)
{
	wbuf_fmt(b, "local { auth = %s\n", p->certs ? "pubkey" : "psk");
	if (p->certs)
		wbuf_fmt(b, "certs = %s\n", cert);
	if (id)
		wbuf_fmt(b, "id = \"%s\"\n", id);
	wbuf_str(b, "}\n");
}

static void load_carol(const struct pair_params *p, struct lab_host *h)
{
	struct wbuf b;

	wbuf_init(&b, 0);
	wbuf_fmt(&b, "connections { home {\nlocal_addrs = %%any\nremote_addrs = 192.168.0.2\n");
	wbuf_fmt(&b, "proposals = %s\n%s%s\n", or (p->proposals, "aes128gcm16-prfsha256-x25519"),
		 p->pool ? "vips = 0.0.0.0\n" : "", or (p->carol_conn, ""));
	put_auth(&b, p, or (p->carol_cert, "carol"),
		 or (p->carol_id, p->certs ? "carol.example.org" : "carol"));
	wbuf_fmt(&b, "remote { auth = %s\nid = \"%s\"\n}\n", p->certs ? "pubkey" : "psk",
		 or (p->carol_expects, p->certs ? "moon.example.org" : "moon"));
	wbuf_fmt(&b, "children { net {\nremote_ts = %s\nesp_proposals = %s\n%s\n}\n%s }\n}\n}\n",
		 or (p->carol_ts, "10.1.0.0/16"), or (p->esp, "aes128gcm16"),
		 or (p->carol_child, ""), or (p->carol_children, ""));
	wbuf_fmt(&b, "secrets { ike-1 { secret = \"%s\" } }\n", or (p->carol_psk, "the secret"));
	wbuf_u8(&b, 0);
	lab_load(h, (const char *)b.data);
	wbuf_done(&b);
}

static void load_moon(const struct pair_params *p, struct lab_host *h)
{
	struct wbuf b;

	wbuf_init(&b, 0);
	if (p->pool)
		wbuf_fmt(&b, "pools { rw_pool { addrs = %s\ndns = 10.1.0.1 } }\n", p->pool);
	wbuf_fmt(&b, "connections { rw {\nlocal_addrs = 192.168.0.2\n");
	wbuf_fmt(&b, "proposals = %s\n%s%s\n",
		 or (p->moon_proposals, or (p->proposals, "aes128gcm16-prfsha256-x25519")),
		 p->pool ? "pools = rw_pool\n" : "", or (p->moon_conn, ""));
	put_auth(&b, p, or (p->moon_cert, "moon"),
		 or (p->moon_id, p->certs ? "moon.example.org" : "moon"));
	wbuf_fmt(&b, "remote { auth = %s\nid = \"%s\"\n}\n", p->certs ? "pubkey" : "psk",
		 or (p->moon_expects, "%any"));
	wbuf_fmt(&b, "children { net {\nlocal_ts = %s\nesp_proposals = %s\n%s\n}\n%s }\n}\n}\n",
		 or (p->moon_ts, "10.1.0.0/16"), or (p->moon_esp, or (p->esp, "aes128gcm16")),
		 or (p->moon_child, ""), or (p->moon_children, ""));
	wbuf_fmt(&b, "secrets { ike-1 { secret = \"%s\" } }\n", or (p->moon_psk, "the secret"));
	wbuf_u8(&b, 0);
	lab_load(h, (const char *)b.data);
	wbuf_done(&b);
}

void pair_reload(struct pair *pair, const struct pair_params *p)
{
	load_moon(p, pair->moon);
	load_carol(p, pair->carol);
}

struct pair pair_new(const struct pair_params *p)
{
	struct pair pair = {.lab = lab_new(p->seed)};

	pair.carol = lab_add(pair.lab, "carol", "192.168.0.3");
	pair.moon = lab_add(pair.lab, "moon", "192.168.0.2");
	if (p->prepare)
		p->prepare(pair.carol, pair.moon);
	lab_start(pair.carol);
	lab_start(pair.moon);
	if (p->certs) {
		lab_pki_trust(pair.carol, "ca");
		lab_pki_trust(pair.moon, "ca");
		lab_pki_own(pair.carol, or (p->carol_cert, "carol"));
		lab_pki_own(pair.moon, or (p->moon_cert, "moon"));
	}
	pair_reload(&pair, p);
	return pair;
}

struct pair pair_up(const struct pair_params *p)
{
	struct pair pair = pair_new(p);
	struct lab_result *r = lab_initiate(pair.carol, "home", "net");

	lab_settle(pair.lab);
	if (!r->done || r->err)
		lab_assert_pair(pair.carol, pair.moon, 1, 1); /* shows the logs */
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(pair.carol, pair.moon, 1, 1);
	return pair;
}

void pair_down(struct pair *p)
{
	struct lab_result *r =
		lab_terminate(p->carol, &(struct ike_terminate_params){.ike = "home"});

	assert_true(r->call == 0 || r->call == E_NOTFOUND);
	lab_settle(p->lab);
	lab_run(p->lab, 60000); /* closed and half-open SAs go by their timers */
	lab_assert_empty(p->lab);
	lab_free(p->lab);
	p->lab = NULL;
}
