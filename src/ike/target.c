/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/target.h"

#include <stdlib.h>
#include <string.h>

#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/state.h"

/* "%any", subnets and ranges are for whoever calls us. */
static bool is_callable(const char *text, struct addr *out, bool *out_name)
{
	*out_name = false;
	if (addr_parse(out, text) == 0)
		return !addr_is_any(out);
	*out_name = !strpbrk(text, "%/") &&
		    strpbrk(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return *out_name;
}

bool target_is_named(const struct conf_conn *conf)
{
	struct addr a;
	bool name;

	for (size_t i = 0; i < conf->remote_addrs.count; i++) {
		if (is_callable(conf->remote_addrs.items[i], &a, &name))
			return true;
	}
	return false;
}

static int no_target(struct ike_sa *sa)
{
	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "unable to initiate to %%any: remote_addrs of '%s' names no address", sa_name(sa));
	return E_CONFIG;
}

static void on_retry(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, expire);
	int err = target_find(sa, sa->hs->then);

	if (err)
		sa_destroy(sa, err, err_text(err));
}

/* A host that has just started may have no name server or route yet. */
static bool try_later(struct ike_sa *sa)
{
	uint64_t ms = sa->ike->settings.retry_initiate_ms;

	if (!ms || sa->ike->stopping)
		return false;
	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "the remote address cannot be reached or resolved, trying again in %u s "
	       "(retry_initiate_interval)",
	       (unsigned)(ms / 1000));
	sa->expire.fire = on_retry;
	timer_start(sa->ike, &sa->expire, ms);
	return true;
}

static void on_resolved(struct ike_sa *sa, struct ike_job *base)
{
	struct job_resolve *j = (struct job_resolve *)base;
	struct target *t = &sa->hs->target;
	int err = base->err;

	if (err == 0) {
		t->n = j->n_addrs;
		memcpy(t->addrs, j->addrs, j->n_addrs * sizeof(t->addrs[0]));
		err = sa->hs->then(sa);
	}
	if (err && !try_later(sa)) {
		const char *why = "the remote address cannot be reached or resolved (remote_addrs)";

		sa_log(sa, LOG_IKE, LOG_CTRL, "establishing IKE_SA failed: %s", why);
		sa_destroy(sa, err, why);
	}
}

/* Everything there is to call, as text; literal addresses alone need no job. */
static int list_targets(const struct ike_sa *sa, struct strs *out, bool *out_names)
{
	const struct strs *l = &sa->conn->conf->remote_addrs;
	struct addr a;
	bool name;
	int err = 0;

	*out_names = false;
	if (sa->redirect.gateway) {
		if (!is_callable(sa->redirect.gateway, &a, out_names))
			return 0;
		return strs_add(out, sa->redirect.gateway);
	}
	for (size_t i = 0; i < l->count && err == 0; i++) {
		if (!is_callable(l->items[i], &a, &name))
			continue;
		*out_names |= name;
		err = strs_add(out, l->items[i]);
	}
	return err;
}

static int begin_job(struct ike_sa *sa, const struct strs *texts, int (*then)(struct ike_sa *sa))
{
	struct job_resolve *job = job_resolve_new(texts, on_resolved);

	if (!job)
		return E_NOMEM;
	sa->hs->then = then;
	job_submit(sa, &job->base, false);
	return 0;
}

int target_find(struct ike_sa *sa, int (*then)(struct ike_sa *sa))
{
	struct target *t = &sa->hs->target;
	struct strs texts = {0};
	bool names;
	int err = list_targets(sa, &texts, &names);

	*t = (struct target){0};
	if (err == 0 && texts.count == 0)
		err = no_target(sa);
	else if (err == 0 && names)
		err = begin_job(sa, &texts, then);
	else if (err == 0) {
		while (t->n < texts.count && t->n < TARGET_MAX &&
		       addr_parse(&t->addrs[t->n], texts.items[t->n]) == 0)
			t->n++;
		err = then(sa);
	}
	strs_done(&texts);
	return err;
}

bool target_take(struct ike_sa *sa)
{
	struct target *t = &sa->hs->target;

	if (!target_left(sa))
		return false;
	sa->remote = t->addrs[t->next++];
	sa->remote.port = sa->conn->conf->remote_port;
	return true;
}

bool target_left(const struct ike_sa *sa)
{
	return sa->hs && sa->hs->target.next < sa->hs->target.n;
}

void target_forget(struct ike_sa *sa)
{
	sa->hs->target = (struct target){0};
	if (sa->redirect.insist)
		return;
	free(sa->redirect.gateway);
	sa->redirect.gateway = NULL;
}
