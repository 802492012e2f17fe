/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_UPDOWN_ENV_H
#define DAEMON_UPDOWN_ENV_H

#include <stdbool.h>

#include "base/err.h"

struct conf_child;
struct ike_child_info;
struct ike_sa_info;
struct strs;
struct ts;

/* What one run of an updown command is about. */
struct updown_env {
	bool up;
	const struct ike_sa_info *sa;
	const struct ike_child_info *child;
	const struct conf_child *conf;
	const struct ts *local, *remote; /* one of the child's each, of the same family */
	const char *interface;		 /* that has our outer address; NULL if there is none */
};

/*
 * Add "PLUTO_NAME=value" for every variable that the updown script's interface, version 1.1, names
 * and that has a value. Identities come from the network: what a shell may take for more than text
 * becomes '_'. E_NOMEM.
 */
int updown_env_add(const struct updown_env *e, struct strs *out) ERR_MUST_CHECK;

#endif
