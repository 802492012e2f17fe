/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab_forge.h"
#include "lab_pki.h"
#include "pair.h"

/* What is told to those who listen for alerts, and by whom. */

static void no_vip(struct pair *p)
{
	p->carol->ipsec.fail_vip = E_PERM;
}

static void no_install_by_carol(struct pair *p)
{
	p->carol->ipsec.fail_install = E_IO;
}

static void no_install_by_moon(struct pair *p)
{
	p->moon->ipsec.fail_install = E_IO;
}

static void no_moon(struct pair *p)
{
	p->moon->down = true;
}

static bool drop_auth(void *ctx, struct lab_packet *p)
{
	(void)ctx;
	return p->hdr.exchange == IKE_AUTH;
}

static void no_auth(struct pair *p)
{
	p->lab->drop = drop_auth;
}

/* An attempt to set up an SA that fails, or its child does, and the alerts on either side. */
static const struct row {
	struct pair_params params;
	void (*spoil)(struct pair *p);
	const char *carol, *moon;
} rows[] = {
	{{.carol_psk = "another"}, NULL, "local-auth-failed", "peer-auth-failed"},
	{{.certs = true, .carol_cert = "carol-stranger"},
	 NULL,
	 "local-auth-failed",
	 "cert-no-issuer peer-auth-failed"},
	/* moon's answer to what carol says of it comes when the SA has gone. */
	{{.certs = true, .moon_cert = "moon-sub"},
	 NULL,
	 "cert-no-issuer peer-auth-failed invalid-ike-spi",
	 "local-auth-failed"},
	{{.proposals = "aes128gcm16-prfsha256-x25519",
	  .moon_proposals = "aes256gcm16-prfsha384-ecp384"},
	 NULL,
	 "proposal-mismatch-ike",
	 "proposal-mismatch-ike"},
	{{.moon_esp = "aes256-sha384"},
	 NULL,
	 "proposal-mismatch-child keep-on-child-sa-failure",
	 "proposal-mismatch-child keep-on-child-sa-failure"},
	{{.carol_ts = "10.2.0.0/16"},
	 NULL,
	 "ts-mismatch keep-on-child-sa-failure",
	 "ts-mismatch keep-on-child-sa-failure"},
	{{.carol_conn = "vips = 0.0.0.0\n"},
	 NULL,
	 "vip-failure keep-on-child-sa-failure",
	 "vip-failure keep-on-child-sa-failure"},
	{{.pool = "10.3.0.0/24"}, no_vip, "keep-on-child-sa-failure", ""},
	{{0}, no_install_by_carol, "install-child-sa-failed keep-on-child-sa-failure", ""},
	{{0},
	 no_install_by_moon,
	 "proposal-mismatch-child keep-on-child-sa-failure",
	 "install-child-sa-failed keep-on-child-sa-failure"},
	{{0}, no_moon, "retransmit-send-timeout", ""},
	{{0}, no_auth, "retransmit-send-timeout", "half-open-timeout"},
};

/* All the alerts so far, in this order. */
static void expect(const struct lab_host *h, const char *want)
{
	struct wbuf got;

	wbuf_init(&got, 0);
	for (size_t i = 0; i < h->n_lines; i++) {
		if (strncmp(h->lines[i], "[alert] ", 8) == 0)
			wbuf_fmt(&got, "%s%s", got.len ? " " : "", h->lines[i] + 8);
	}
	wbuf_u8(&got, 0);
	assert_string_equal((char *)got.data, want);
	wbuf_done(&got);
}

static void test_attempts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct pair p = pair_new(&r->params);

		if (r->spoil)
			r->spoil(&p);
		lab_initiate(p.carol, "home", "net");
		lab_run(p.lab, 300000);
		expect(p.carol, r->carol);
		expect(p.moon, r->moon);
		p.carol->ipsec.fail_install = p.moon->ipsec.fail_install = 0;
		p.moon->down = false;
		p.lab->drop = NULL;
		pair_down(&p);
	}
}

static void test_expired(void **state)
{
	struct pair p = pair_up(&(struct pair_params){
		.carol_conn = "rekey_time = 60\nover_time = 5\nrand_time = 0\n",
		.moon_conn = "rekey_time = 0\n"});

	(void)state;
	p.moon->down = true;
	lab_run(p.lab, 66000);
	lab_assert_logged(p.carol, "^\\[alert\\] ike-sa-expired$");
	p.moon->down = false;
	lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw", .force = true});
	pair_down(&p);
}

/* Bytes that are no message, or of another version, or of an SA that is not there. */
static void test_noise(void **state)
{
	static const struct {
		uint8_t version, length;
		const char *alert;
	} noise[] = {
		{0x20, 27, "parse-error-header"},
		{0x30, 28, "parse-error-header"},
		{0x20, 28, "invalid-ike-spi"},
		{0x20, 30, "parse-error-body"},
	};
	struct pair p = pair_new(&(struct pair_params){0});

	(void)state;
	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
		uint8_t message[30] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};

		message[16] = noise[i].length > 28 ? 33 : 0;
		message[17] = noise[i].version;
		message[18] = 37; /* INFORMATIONAL */
		message[19] = 0x08;
		message[27] = noise[i].length;
		lab_clear_log(p.moon);
		lab_inject(p.moon, &p.carol->addr, 500, view_make(message, noise[i].length));
		lab_settle(p.lab);
		expect(p.moon, noise[i].alert);
	}
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_noise),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
