/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SEAL_OPS_H
#define CRYPTO_SEAL_OPS_H

#include <stdbool.h>

struct alg;

/* Modes of operation that rows of ENCR name. Private to this room. */
struct seal_ops;
extern const struct seal_ops seal_cbc_ops;  /* RFC 2451, RFC 3602 */
extern const struct seal_ops seal_ctr_ops;  /* RFC 3686, RFC 5930 */
extern const struct seal_ops seal_aead_ops; /* RFC 4106, RFC 7634, RFC 5282 */
extern const struct seal_ops seal_ccm_ops;  /* RFC 4309, RFC 5282 */
extern const struct seal_ops seal_null_ops; /* RFC 2410 */

/* Whether the OpenSSL at hand can do it in all its key lengths. */
bool seal_ops_available(const struct alg *encr);

#endif
