/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_TASK_H
#define IKE_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "wire/msg.h"

struct child;
struct conn;
struct keying;
struct ike_request;
struct ike_sa;
struct task;

/*
 * What we want of a peer: one exchange that we start. An SA works on one task at a time (window of
 * one); the others wait in its queue. Kinds are rows.
 */
struct task_kind {
	const char *name; /* as list-sas shows it: "IKE_INIT" */
	uint8_t exchange;
	/*
	 * Begin: either writes the request's payloads and calls window_request(), or submits a job
	 * that will. An error ends the task with it.
	 */
	int (*start)(struct ike_sa *sa, struct task *task);
	/* The response has come (decoded, authentic). Ends the task by task_finish(), now or later;
	 * may destroy the SA. */
	void (*response)(struct ike_sa *sa, struct task *task, const struct wire_msg *msg);
};

struct task {
	struct list link;
	const struct task_kind *kind;
	struct ike_request *request; /* told when it ends; may be NULL */
	struct child *child;	     /* CHILD tasks: being made or deleted; owned by the SA */
	char *child_name;	     /* IKE_AUTH and CHILD_CREATE: configuration to use;
				      * IKE_REDIRECT: the gateway */
	uint16_t notify;	     /* INFORMATIONAL that reports: its notify type, or 0 */
	struct keying *keying;	     /* CREATE_CHILD_SA under way; of what it makes */
	uint64_t not_before;	     /* ms: postponed until then */
	unsigned failures;	     /* times it was postponed */
};

extern const struct task_kind task_ike_init;	     /* IKE_SA_INIT and IKE_AUTH: x_sa_init.c */
extern const struct task_kind task_ike_intermediate; /* between them: x_intermediate.c */
extern const struct task_kind task_ike_auth;	     /* second half: x_auth_i.c */
extern const struct task_kind task_child_create;     /* x_create_child.c */
extern const struct task_kind task_child_rekey;	 /* the same for the child given, to replace it */
extern const struct task_kind task_followup_ke;	 /* its further rounds: x_followup_ke.c */
extern const struct task_kind task_ike_rekey;	 /* x_rekey_ike.c */
extern const struct task_kind task_child_delete; /* x_informational.c */
extern const struct task_kind task_ike_delete;
extern const struct task_kind task_dpd;	     /* liveness.c */
extern const struct task_kind task_mobike;   /* mobike.c */
extern const struct task_kind task_redirect; /* redirect.c */

/* Queue a task and start it if the SA is free; child_name may be NULL and is copied, request may be
 * NULL. E_NOMEM, E_LIMIT when SA_MAX_QUEUE tasks wait. */
int task_queue(struct ike_sa *sa, const struct task_kind *kind, struct child *child,
	       const char *child_name, struct ike_request *request) ERR_MUST_CHECK;
/* Start the next queued task, if nothing is in flight. */
void task_run_next(struct ike_sa *sa);
/*
 * The task in flight is over: its request is told, the task freed, the next one started. err and
 * message as in struct ike_request_result.
 */
void task_finish(struct ike_sa *sa, int err, const char *message);
/* Like task_finish, but another kind of task carries on for the same request (INIT to AUTH). */
void task_continue(struct ike_sa *sa, const struct task_kind *kind);
/* All tasks that wait are dropped, and who asked for the one in flight is told now. */
void task_forsake_all(struct ike_sa *sa, int err, const char *message);
/* Drop a task that has not been started or whose SA goes; tells its request. */
void task_drop(struct ike_sa *sa, struct task *task, int err, const char *message);
/*
 * The task in flight cannot be done now (TEMPORARY_FAILURE): it waits, longer each time, and is
 * then started again as a task of this kind (RFC 7296 section 2.25); its child is set anew.
 */
void task_postpone(struct ike_sa *sa, const struct task_kind *kind, struct child *child);
/* Queued tasks of this kind about one child are about another now, if somebody waits for them. */
void task_retarget(struct ike_sa *sa, const struct task_kind *kind, const struct child *from,
		   struct child *to);
/* All queued tasks go to another SA. */
void task_move_all(struct ike_sa *from, struct ike_sa *to);
/* Drop the queued tasks about a child that goes. */
void task_drop_child(struct ike_sa *sa, const struct child *child);
/* Whether a task of this kind is queued or in flight (for this child, if not NULL). */
bool task_pending(const struct ike_sa *sa, const struct task_kind *kind, const struct child *child);

#endif
