/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EXCHANGE_LAB_PKI_H
#define TESTS_EXCHANGE_LAB_PKI_H

#include <stdint.h>

#include "base/buf.h"

struct lab_host;

/*
 * Certificates and keys, made at first use and shared by all laboratories of a program:
 *   ca, sub (an intermediate of ca), other-ca
 *   carol, moon (ECDSA P-256, by ca), carol-p384, moon-p521
 *   carol-ed, moon-ed (Ed25519), moon-ed448, carol-rsa, moon-rsa (2048 bits)
 *   carol-sub, moon-sub (by sub), carol-expired, carol-stranger (by other-ca)
 *   ca-K, carol-K, moon-K: K is dilithium2, 3, 5, falcon512, falcon1024, mldsa44, 65, 87; the ends
 *     are certified by a CA of another kind
 *   carol-under-pq (ECDSA by ca-mldsa65), moon-over-ec (ML-DSA by ca)
 *   carol-forged (by ca, with a bit of the signature changed)
 *   moon-big, big-1 ... big-3 (a chain of RSA certificates that does not fit a datagram)
 * Each end entity has the subject "C=CH, O=Cyber, CN=<first word>" and the DNS name
 * "<first word>.example.org".
 */
#define LAB_PKI_NOW 1782864000 /* 2026-07-01, within their validity */

struct view lab_pki_der(const char *name);
/* Give a host this certificate as a CA, or with its private key, or as an intermediate. */
void lab_pki_trust(struct lab_host *host, const char *name);
void lab_pki_own(struct lab_host *host, const char *name);
void lab_pki_know(struct lab_host *host, const char *name);
/* Free them all. */
void lab_pki_done(void);

#endif
