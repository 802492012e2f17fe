/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_WORKER_H
#define IPSEC_USER_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "ipsec/user/notice.h"

struct esp_drops;
struct log;
struct sad;

/*
 * A thread that carries packets between a TUN queue and a pair of UDP sockets. An SA belongs to
 * one worker; workers share nothing that they write.
 */
struct worker;

struct worker_params {
	struct log *log;
	struct sad *sad;
	unsigned number; /* of the thread, in log lines */
	int tun_fd;
	int udp4_fd, udp6_fd; /* -1: none. Borrowed. */
	bool receive;	      /* read the sockets; else they are only for sending */
	int event_fd;	      /* eventfd that wakes the engine */
	unsigned outer_mtu;   /* bytes */
	void *hook_ctx;
	int (*random)(void *ctx, void *out, size_t len);
	uint64_t (*now)(void *ctx);
};

/* E_NOMEM, E_IO. */
int worker_start(const struct worker_params *params, struct worker **out) ERR_MUST_CHECK;
/* Ends the thread and frees; NULL is fine. */
void worker_stop(struct worker *w);
/* Engine: hand an ESP packet over; false if the worker is too far behind, or it is too long. */
bool worker_input(struct worker *w, struct view esp, const struct addr *local,
		  const struct addr *remote);
/* Engine: there is a new table, with which packets that wait may find an SA. */
void worker_look(struct worker *w);
/* Engine: the next thing the worker has to tell. */
bool worker_notice(struct worker *w, struct notice *out);
const struct esp_drops *worker_drops(const struct worker *w);

#endif
