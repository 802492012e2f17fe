/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Answers and events as text, line for line as strongSwan's swanctl prints them. Each takes the
 * tree of one message and appends to out.
 */

struct conf_node;
struct conf_value;

/* list-conn */
void show_conn(const struct conf_node *event, struct wbuf *out);
/* list-sa */
void show_sa(const struct conf_node *event, struct wbuf *out);
/* list-policy */
void show_policy(const struct conf_node *event, struct wbuf *out);
/* The algorithms of an IKE SA and of a child, separated by '/'. */
void show_sa_suite(const struct conf_node *sa, struct wbuf *out);
void show_sa_child_suite(const struct conf_node *child, struct wbuf *out);
/* get-pools */
void show_pools(const struct conf_node *reply, struct wbuf *out);
/* list-authority */
void show_authority(const struct conf_node *event, struct wbuf *out);
/* get-algorithms */
void show_algorithms(const struct conf_node *reply, struct wbuf *out);
/* stats */
void show_stats(const struct conf_node *reply, struct wbuf *out);
/* version */
void show_version(const struct conf_node *reply, struct wbuf *out);
/* get-counters */
void show_counters(const struct conf_node *reply, struct wbuf *out);
/* log: "NN[GRP] text", a prefix for each line of the text */
void show_log(const struct conf_node *event, struct wbuf *out);
/* control-log: "[GRP] text" */
void show_control_log(const struct conf_node *event, struct wbuf *out);

/* The items of a list, each with `before` in front of it; nothing for NULL. */
void show_items(const struct conf_value *list, const char *before, struct wbuf *out);

#endif
