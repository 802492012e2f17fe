/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EXCHANGE_LAB_HOST_H
#define TESTS_EXCHANGE_LAB_HOST_H

#include "lab.h"

/* What the parts of the laboratory know of each other; tests include lab.h. */

void lab_host_done(struct lab_host *host);
void lab_send(struct lab_host *host, const struct addr *local, const struct addr *remote,
	      struct view message);
void lab_submit(struct lab_host *host, struct ike_job *job);

#endif
