/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>
#include <stdio.h>

struct ctl;

/*
 * Take the command line apart: program name, verb and options go to *out. Returns CTL_OK, or an
 * exit status after help or a complaint has been printed; then *out_done is true.
 */
int args_parse(int argc, char **argv, struct ctl *out, bool *out_done);
/* Free what args_parse() kept for *ctl. */
void args_done(void);

#endif
