/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EXCHANGE_PAIR_H
#define TESTS_EXCHANGE_PAIR_H

#include "lab.h"

/*
 * The usual two: carol (192.168.0.3), who initiates "home" with its child "net" to moon
 * (192.168.0.2), who answers with "rw" and has 10.1.0.0/16 behind her. NULL or "" leaves a default.
 */
struct pair_params {
	uint64_t seed;
	bool certs; /* else a shared key */
	const char *carol_cert, *moon_cert;
	const char *carol_id, *moon_id;		  /* local.id of either */
	const char *carol_expects, *moon_expects; /* remote.id */
	const char *carol_psk, *moon_psk;
	const char *proposals, *esp;		    /* both sides' */
	const char *moon_proposals, *moon_esp;	    /* only moon's */
	const char *carol_conn, *moon_conn;	    /* more options of the connections */
	const char *carol_child, *moon_child;	    /* more options of the child "net" */
	const char *carol_children, *moon_children; /* more children */
	const char *carol_ts, *moon_ts;		    /* remote_ts of carol, local_ts of moon */
	const char *pool; /* addrs of moon's pool; carol asks for 0.0.0.0 */
	/* Called before the engines are made: to change settings. */
	void (*prepare)(struct lab_host *carol, struct lab_host *moon);
};

struct pair {
	struct lab *lab;
	struct lab_host *carol, *moon;
};

/* Two hosts, configured, nothing initiated. */
struct pair pair_new(const struct pair_params *p);
/* The same, with "home" and "net" up (asserted). */
struct pair pair_up(const struct pair_params *p);
/* carol terminates what is up; asserts that nothing is left on either side, and frees. */
void pair_down(struct pair *p);
/* Load these parameters' configuration once more, into the engines that are there. */
void pair_reload(struct pair *p, const struct pair_params *params);

#endif
