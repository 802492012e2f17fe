/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLDSA_MLDSA_CHECK_H
#define PQC_MLDSA_MLDSA_CHECK_H

/* Whether two struct mldsa_ops give the same on a few inputs. */
int mldsa_check_same(const void *ops, const void *portable);

#endif
