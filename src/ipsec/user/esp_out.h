/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_ESP_OUT_H
#define IPSEC_USER_ESP_OUT_H

#include <stddef.h>

#include "ipsec/user/esp.h"

/* Read the inner packet at p and find its SA: sets info, out and err; counts what is dropped. */
void esp_out_find(struct esp_ctx *c, struct esp_packet *p);
/* Length of the ESP packet (without UDP and IP) around an inner packet of `inner` bytes. */
size_t esp_out_len(const struct sad_format *f, size_t inner);
/* The longest inner packet whose ESP packet has at most `esp` bytes; 0 if there is none. */
size_t esp_out_room(const struct sad_format *f, size_t esp);
/*
 * Turn packets with err 0 into ESP: header, IV, padding, encryption, ICV; at and len then cover
 * the ESP packet, and local, remote and tos tell where it goes. n is up to ESP_BATCH.
 */
void esp_out_seal(struct esp_ctx *c, struct esp_packet *packets, size_t n);

#endif
