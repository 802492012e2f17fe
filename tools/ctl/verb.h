/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_VERB_H
#define CTL_VERB_H

#include <stdbool.h>
#include <stddef.h>

struct ctl;
struct ctl_verb;

/* The verbs: a row each. */

/* By index from 0; NULL at the end. */
const struct ctl_verb *verb_at(size_t index);
/* By the name swanctl uses ("list-sas") or, with plain, by that of cygnet ("status"); NULL. */
const struct ctl_verb *verb_find(const char *name, bool plain);
/* By swanctl's letter. */
const struct ctl_verb *verb_find_letter(char letter);

/* What the rows run, by file. Each returns an exit status. */
int read_sas(struct ctl *ctl);
int read_policies(struct ctl *ctl);
int read_conns(struct ctl *ctl);
int read_certs(struct ctl *ctl);
int read_pools(struct ctl *ctl);
int read_authorities(struct ctl *ctl);
int read_algorithms(struct ctl *ctl);
int read_stats(struct ctl *ctl);
int read_version(struct ctl *ctl);
int read_counters(struct ctl *ctl);
int read_log(struct ctl *ctl);
int read_monitor(struct ctl *ctl);
int trace_run(struct ctl *ctl);

int act_initiate(struct ctl *ctl);
int act_terminate(struct ctl *ctl);
/* A command whose request is its options and whose answer is success or failure. */
int act_plain(struct ctl *ctl);

int load_all(struct ctl *ctl);
int load_conns(struct ctl *ctl);
int load_pools(struct ctl *ctl);
int load_authorities(struct ctl *ctl);
int load_creds(struct ctl *ctl);

#endif
