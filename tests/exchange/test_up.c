/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab_pki.h"
#include "pair.h"

/* Setting up: who may be whom, with which algorithms. */

static void test_psk(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});

	lab_assert_logged(p.carol, "\\[IKE\\] initiating IKE_SA home\\[1\\] to 192.168.0.2");
	lab_assert_logged(p.moon, "\\[IKE\\] 192.168.0.3 is initiating an IKE_SA");
	lab_assert_logged(p.carol, "installing new virtual IP 10.3.0.1");
	lab_assert_logged(p.carol, "received DNS server 10.1.0.1");
	lab_assert_logged(p.moon, "assigning virtual IP 10.3.0.1 to peer 'carol'");
	lab_assert_logged(p.carol, "IKE_SA home\\[1\\] established between "
				   "192.168.0.3\\[carol\\]...192.168.0.2\\[moon\\]");
	lab_assert_logged(p.moon, "CHILD_SA net\\{1\\} established with SPIs .* and TS "
				  "10.1.0.0/16 === 10.3.0.1/32");
	assert_int_equal(lab_leases(p.moon), 1);
	assert_int_equal(p.carol->ipsec.n_vips, 1);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psk),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
