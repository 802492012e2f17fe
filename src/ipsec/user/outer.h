/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_OUTER_H
#define IPSEC_USER_OUTER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "ipsec/user/esp.h"

#define OUTER_CONTROL 128 /* bytes: addresses and TOS of a datagram */

/* The outside of the tunnel: batches of ESP in UDP. One worker's. All-zero is usable. */
struct outer {
	struct mmsghdr msgs[ESP_BATCH];
	struct iovec iovs[ESP_BATCH];
	struct sockaddr_storage peers[ESP_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[ESP_BATCH][OUTER_CONTROL];
};

/* Ask for the TOS of what is received on a socket of udp_open(). E_IO. */
int outer_prepare(int fd, uint8_t family) ERR_MUST_CHECK;
/*
 * Receive up to n (at most ESP_BATCH) datagrams into packets[].buf without waiting; sets at, len,
 * local (port 0), remote and tos. Returns their number, 0 if there are none.
 */
size_t outer_recv(struct outer *o, int fd, struct esp_packet *packets, size_t n);
/*
 * Send those of packets with err 0 whose remote is of this family, from their local address.
 * Returns how many could not be sent.
 */
size_t outer_send(struct outer *o, int fd, uint8_t family, struct esp_packet *packets, size_t n);

#endif
