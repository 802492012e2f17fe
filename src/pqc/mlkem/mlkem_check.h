/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLKEM_MLKEM_CHECK_H
#define PQC_MLKEM_MLKEM_CHECK_H

/* Whether two struct mlkem_ops give the same on a few inputs. */
int mlkem_check_same(const void *ops, const void *portable);

#endif
