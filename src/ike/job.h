/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_JOB_H
#define IKE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "cred/trust.h"

struct cert;
struct cred_store;
struct id;
struct ike;
struct ike_sa;
struct ke;
struct keyref;
struct alg;
struct conn;
struct sign_scheme;

/*
 * Slow work that runs elsewhere. A job owns copies of what it needs and sees no SA; when it is
 * back, `done` gets the SA again if it is still there and still waits for this very job, else the
 * result is dropped.
 */
struct ike_job {
	struct list link;
	uint64_t sa_spi; /* ours; with the uid it finds the SA again */
	uint32_t sa_uid;
	uint32_t child_uid; /* for the submitter: the child it is about, if any */
	bool inbound; /* whose slot: sa->in.job (a peer's request) or sa->out.job (our task) */
	int err;
	struct log_notes notes;
	void (*run)(struct ike_job *job);
	void (*done)(struct ike_sa *sa, struct ike_job *job);
	void (*dispose)(struct ike_job *job);
};

/* Hand the job out for this SA; its slot must be free. */
void job_submit(struct ike_sa *sa, struct ike_job *job, bool inbound);

/* Key exchange: offer (out: offer, ke), answer (in: peer; out: offer, shared), finish (in: peer,
 * ke; out: shared). */
enum job_ke_op { JOB_KE_OFFER, JOB_KE_ANSWER, JOB_KE_FINISH };
struct job_ke {
	struct ike_job base;
	enum job_ke_op op;
	const struct alg *alg;
	struct ke *ke;
	struct secret peer; /* the other side's KE data */
	struct wbuf data;   /* what we send */
	struct secret shared;
};
/* peer is copied; ke moves into the job. NULL if out of memory. */
struct job_ke *job_ke_new(enum job_ke_op op, const struct alg *alg, struct view peer, struct ke *ke,
			  void (*done)(struct ike_sa *, struct ike_job *));

/* Sign: (in: key reference, scheme, octets; out: signature). */
struct job_sign {
	struct ike_job base;
	struct keyref *key;
	const struct sign_scheme *scheme;
	struct wbuf octets;
	struct wbuf signature;
};
struct job_sign *job_sign_new(const struct keyref *key, const struct sign_scheme *scheme,
			      void (*done)(struct ike_sa *, struct ike_job *));

/*
 * Verify a peer's certificate and signature. Connections are tried in order: the first whose
 * constraints (those of the round's remote section) the certificate meets is `chosen`. All that it
 * meets are told in `fits`, if more rounds are to come.
 */
#define JOB_MAX_CHAIN 8
#define JOB_MAX_CONNS 8
struct job_verify {
	struct ike_job base;
	struct cred_store *store;
	size_t n_chain;
	struct secret chain[JOB_MAX_CHAIN]; /* DER of the CERT payloads */
	struct id *id;			    /* owned copy */
	size_t n_conns;
	struct conn *conns[JOB_MAX_CONNS]; /* references, released in the engine's thread */
	size_t round;
	bool try_all, inherit; /* inherit: charon.signature_authentication_constraints */
	bool fits[JOB_MAX_CONNS];
	int64_t wall;
	uint8_t method;
	struct secret auth; /* AUTH data */
	struct wbuf octets;
	struct conn *chosen; /* one of conns */
	const struct sign_scheme *scheme;
	struct cert *cert;	/* the end entity, a reference */
	enum trust_fault fault; /* of the last certificate that was refused */
};
struct job_verify *job_verify_new(struct ike *ike, const struct id *id,
				  void (*done)(struct ike_sa *, struct ike_job *));

/* Resolve remote addresses: all addresses of all names (or literal addresses), in their order.
 * E_NOTFOUND if none has any. */
#define JOB_MAX_ADDRS 16
struct job_resolve {
	struct ike_job base;
	struct strs names;
	size_t n_addrs;
	struct addr addrs[JOB_MAX_ADDRS];
};
struct job_resolve *job_resolve_new(const struct strs *names,
				    void (*done)(struct ike_sa *, struct ike_job *));

#endif
