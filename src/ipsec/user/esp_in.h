/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_ESP_IN_H
#define IPSEC_USER_ESP_IN_H

#include <stddef.h>

#include "ipsec/user/esp.h"

/*
 * Open ESP packets (at, len, local, remote and tos are given): afterwards those with err 0 are
 * inner packets that their SA may carry; the others are dropped and counted. The engine is told
 * when an authentic packet came from another place than the SA's peer. n is up to ESP_BATCH.
 */
void esp_in_open(struct esp_ctx *c, struct esp_packet *packets, size_t n);

#endif
