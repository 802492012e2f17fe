/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SOCKETS_H
#define DAEMON_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/udp.h"

/* The daemon's UDP sockets: IKE and NAT-T, IPv4 and IPv6. */

struct log;
struct settings;

#define SOCKETS_MAX 4

struct sockets {
	struct udp *ike[2], *natt[2]; /* IPv4, IPv6; NULL: the host has no such family */
	uint16_t port, port_natt;
	uint8_t *packet; /* marker and message, while they are sent */
};

/*
 * Open them on charon.port and charon.port_nat_t. What fails is logged with its option. E_BUSY,
 * E_PERM, E_UNSUPPORTED (neither family), E_IO, E_NOMEM.
 */
int sockets_open(const struct settings *settings, struct log *log,
		 struct sockets *out) ERR_MUST_CHECK;
/* All-zero is fine. */
void sockets_done(struct sockets *s);
/* Those there are, into out; returns how many. */
size_t sockets_list(const struct sockets *s, struct udp *out[SOCKETS_MAX]);
bool sockets_is_natt(const struct sockets *s, const struct udp *u);

/*
 * Send an IKE message from the socket that local's port names, on the NAT-T port with the non-ESP
 * marker (RFC 3948 section 2.2). As udp_send(); E_UNSUPPORTED without a socket of the family.
 */
int sockets_send(struct sockets *s, const struct addr *local, const struct addr *remote,
		 struct view message) ERR_MUST_CHECK;
/* A NAT keepalive: the octet 0xff from the NAT-T port (RFC 3948 section 2.3). */
int sockets_keepalive(struct sockets *s, const struct addr *local,
		      const struct addr *remote) ERR_MUST_CHECK;

enum sockets_kind { SOCKETS_IKE, SOCKETS_ESP, SOCKETS_NOISE };
/* What a datagram on the NAT-T port is; the marker is cut off an IKE message. Noise: keepalives. */
enum sockets_kind sockets_sort(struct view *datagram);

#endif
