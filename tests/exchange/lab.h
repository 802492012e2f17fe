/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EXCHANGE_LAB_H
#define TESTS_EXCHANGE_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/secret.h"
#include "ike/engine.h"
#include "lab_ipsec.h"
#include "wire/ike.h"
#include "wire/msg.h"

/*
 * A laboratory: engines in one process, a virtual clock, and a scripted wire between them. Nothing
 * sleeps; lab_run() jumps from event to event. Whatever goes wrong inside ends the test.
 */
struct lab;

#define LAB_HOSTS 4
#define LAB_ADDRS 4 /* of one host */

/* A datagram on its way, or in the capture. */
struct lab_packet {
	uint64_t at; /* ms: when it is delivered; in the capture: when it was sent */
	uint64_t order;
	struct addr src, dst;  /* as the receiver sees them */
	struct lab_host *from; /* NULL: injected by the test */
	struct secret bytes;
	struct wire_hdr hdr; /* zero if the bytes have none */
	unsigned fragment;   /* SKF: its number; else 0 */
	bool dropped;
	bool held;
};

/* What somebody who called ike_initiate() or ike_terminate() was told. */
struct lab_result {
	struct lab_result *next;
	int call; /* what the call itself returned */
	bool done;
	unsigned times; /* done was called: must not be more than once */
	int err;
	char message[256];
	unsigned matches, terminated;
};

struct lab_event {
	enum ike_event_type type;
	bool up;
};

struct lab_host {
	struct lab *lab;
	const char *name;
	struct addr addr; /* that routing prefers */
	size_t n_others;
	struct addr others[LAB_ADDRS - 1]; /* further ones; lab_readdress() */
	bool no_carrier; /* routing prefers addr, but its link is not reported to be up */
	bool moved;	 /* it may send by addresses that it has no more */
	const char *redirect_init, *redirect_auth; /* gateways to send clients to; NULL: none */
	bool natted;				   /* behind lab->nat_public */
	bool down; /* receives nothing, sends nothing, its timers stand still */
	bool held; /* what it sends waits for lab_release() */
	struct ike *ike;
	struct ike_settings settings; /* as given to the engine */
	struct log *log;
	struct log_sink sink;
	size_t n_lines;
	char **lines; /* "[IKE] text", and "[alert] type" */
	struct cred_store *creds;
	struct pool_set *pools;
	struct lab_ipsec ipsec;
	struct lab_result *results;
	uint64_t random;
	unsigned sent, keepalives, events, alerts;
	unsigned ike_up, ike_down, child_up, child_down, ike_updates, ike_rekeyed, child_rekeyed;
};

struct lab_job {
	struct lab_job *next;
	struct lab_host *host;
	struct ike_job *job;
	uint64_t at;
};

struct lab {
	uint64_t now; /* ms */
	int64_t wall; /* seconds since the epoch at now == 0 */
	uint64_t seed, random;
	size_t n_hosts;
	struct lab_host hosts[LAB_HOSTS];

	/* The wire's manners; they may be changed at any time. */
	uint64_t delay;	 /* ms each way */
	unsigned jitter; /* up to so many ms more: packets overtake each other */
	unsigned loss;	 /* percent of the packets, each way */
	unsigned twice;	 /* percent that come twice */
	/* Called after everything that happens: to assert what must always hold. */
	void (*after)(struct lab *lab);
	/* True: this one is lost. It may also change the bytes. */
	bool (*drop)(void *ctx, struct lab_packet *p);
	void *drop_ctx;
	struct addr nat_public; /* all natted hosts share it */
	size_t n_mapped;
	struct addr mapped[16]; /* inside address of public port LAB_NAT_PORT + index */

	uint64_t job_delay;  /* ms a job takes */
	bool jobs_backwards; /* of the jobs that are out the last one ends first */

	uint64_t order;
	size_t n_queue, cap_queue;
	struct lab_packet *queue;
	struct lab_job *jobs;
	size_t n_capture, cap_capture;
	struct lab_packet *capture; /* everything that was sent, lost or not */
};

#define LAB_NAT_PORT 20000
#define LAB_DELAY    10 /* ms, the wire's delay unless changed */

/* An empty laboratory; seed decides all of its chances (0: one of the lab's choice). */
struct lab *lab_new(uint64_t seed);
void lab_free(struct lab *lab);
/* Add a host with this address, default settings and no configuration; its engine is made by
 * lab_start(), before which host->settings may be changed. */
struct lab_host *lab_add(struct lab *lab, const char *name, const char *addr);
void lab_start(struct lab_host *host);
/*
 * Load a swanctl.conf text: connections, secrets and pools. In certs and cacerts the names are
 * those of lab_pki.h.
 */
void lab_load(struct lab_host *host, const char *text);

/*
 * Give a host other addresses, "A B C": routing prefers the first of each family; "" is none. Its
 * engine is told.
 */
void lab_readdress(struct lab_host *host, const char *addrs);
bool lab_has_addr(const struct lab_host *host, const struct addr *a);

/* Run for so many ms of virtual time. */
void lab_run(struct lab *lab, uint64_t ms);
/* Run until no datagram and no job is on its way; timers that come due meanwhile fire. */
void lab_settle(struct lab *lab);
/* Keep back what is on its way now (a host's: what it sent) and until lab_release(). */
void lab_hold(struct lab_host *from);
/* Let everything go that was held, in the order in which it was sent. */
void lab_release(struct lab_host *from);
/* Deliver the n-th (from 0) of the held datagrams now. */
void lab_release_one(struct lab_host *from, size_t n);
/* Run until the result is there, at most ms; asserts that it is. */
void lab_await(struct lab *lab, const struct lab_result *r, uint64_t ms);

/* ike_rekey() of what is named: an IKE SA, or a child if one is given; asserts that it matches. */
void lab_rekey(struct lab_host *host, const char *ike, const char *child);
/* ike_initiate(), ike_terminate(); the result stays until lab_free(). */
struct lab_result *lab_initiate(struct lab_host *host, const char *ike, const char *child);
struct lab_result *lab_terminate(struct lab_host *host, const struct ike_terminate_params *what);

/* Deliver bytes to a host now, as if they came from src port to our port. */
void lab_inject(struct lab_host *to, const struct addr *src, uint16_t port, struct view bytes);
/* Of the capture: the n-th (from 0) datagram that `from` sent of this exchange, request or
 * response; NULL if there are not so many. */
const struct lab_packet *lab_sent(const struct lab_host *from, uint8_t exchange, bool response,
				  unsigned n);
unsigned lab_count_sent(const struct lab_host *from, uint8_t exchange, bool response);
/* The number of ike SAs in this state, of children that are installed. */
unsigned lab_count_sas(struct lab_host *host, enum ike_sa_state state);
/* Host's leases that are online. */
unsigned lab_leases(const struct lab_host *host);
uint64_t lab_random(uint64_t *state);

/* ---- assertions ---- */

/* Some line matches the extended regular expression; none does; so many do. */
void lab_assert_logged(const struct lab_host *host, const char *regex);
void lab_assert_not_logged(const struct lab_host *host, const char *regex);
unsigned lab_count_logged(const struct lab_host *host, const char *regex);
/* Forget the lines so far. */
void lab_clear_log(struct lab_host *host);
/* Both hosts have n_ike established SAs with each other and n_children children, pairwise with the
 * same keys and selectors, and nothing half-made. */
void lab_assert_pair(struct lab_host *a, struct lab_host *b, unsigned n_ike, unsigned n_children);
/* The same of however many there are. */
void lab_assert_agree(struct lab_host *a, struct lab_host *b);
bool lab_agree(struct lab_host *a, struct lab_host *b);
bool lab_is_pair(struct lab_host *a, struct lab_host *b, unsigned n_ike, unsigned n_children);
/* Nothing is left anywhere: SAs, jobs, SPIs, SAs of the datapath, virtual IPs, leases. */
void lab_assert_empty(struct lab *lab);
/* A result that is there, with this error, and a message that matches (NULL: none is looked at). */
void lab_assert_result(const struct lab_result *r, int err, const char *regex);

#endif
