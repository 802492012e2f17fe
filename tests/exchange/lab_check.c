/* SPDX-License-Identifier: Apache-2.0 */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lab_host.h"
#include "pool/pool.h"

/* ---- log ---- */

static void show_log(const struct lab_host *h)
{
	print_error("---- log of %s\n", h->name);
	for (size_t i = 0; i < h->n_lines; i++)
		print_error("%s\n", h->lines[i]);
	print_error("----\n");
}

unsigned lab_count_logged(const struct lab_host *h, const char *regex)
{
	unsigned n = 0;
	regex_t re;

	assert_int_equal(regcomp(&re, regex, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < h->n_lines; i++)
		n += regexec(&re, h->lines[i], 0, NULL, 0) == 0;
	regfree(&re);
	return n;
}

void lab_assert_logged(const struct lab_host *h, const char *regex)
{
	if (lab_count_logged(h, regex))
		return;
	show_log(h);
	fail_msg("%s did not log '%s'", h->name, regex);
}

void lab_assert_not_logged(const struct lab_host *h, const char *regex)
{
	if (!lab_count_logged(h, regex))
		return;
	show_log(h);
	fail_msg("%s logged '%s'", h->name, regex);
}

void lab_assert_result(const struct lab_result *r, int err, const char *regex)
{
	regex_t re;
	bool ok;

	assert_int_equal(r->call, 0);
	assert_true(r->done);
	if (r->err != err)
		fail_msg("result is %d '%s', expected %d", r->err, r->message, err);
	if (!regex)
		return;
	assert_int_equal(regcomp(&re, regex, REG_EXTENDED | REG_NOSUB), 0);
	ok = regexec(&re, r->message, 0, NULL, 0) == 0;
	regfree(&re);
	if (!ok)
		fail_msg("message is '%s', expected '%s'", r->message, regex);
}

/* ---- SAs ---- */

struct sas {
	unsigned count, other;
	enum ike_sa_state state;
	struct sa {
		uint64_t spi_i, spi_r;
		bool initiator;
		size_t n_children;
		uint32_t spi_in[16];
	} sa[16];
};

static bool see_sa(void *ctx, const struct ike_sa_info *info)
{
	struct sas *l = ctx;
	struct sa *s = &l->sa[l->count];

	if (info->state != l->state) {
		l->other++;
		return true;
	}
	assert_true(l->count < 16 && info->n_children <= 16);
	*s = (struct sa){info->spi_i, info->spi_r, info->initiator, info->n_children, {0}};
	for (size_t i = 0; i < info->n_children; i++)
		s->spi_in[i] = info->children[i].spi_in;
	l->count++;
	return true;
}

static struct sas sas_of(struct lab_host *h, enum ike_sa_state state)
{
	struct sas l = {.state = state};

	ike_each_sa(h->ike, h->lab->now, see_sa, &l);
	return l;
}

unsigned lab_count_sas(struct lab_host *h, enum ike_sa_state state)
{
	return sas_of(h, state).count;
}

static bool same_children(struct lab_host *a, const struct sa *sa, struct lab_host *b,
			  const struct sa *sb)
{
	if (sa->n_children != sb->n_children)
		return false;
	for (size_t i = 0; i < sa->n_children; i++) {
		const struct lab_sa *x = lab_ipsec_find(&a->ipsec, sa->spi_in[i]);
		const struct lab_sa *y = x ? lab_ipsec_find(&b->ipsec, x->p.spi_out) : NULL;

		if (!y || !lab_ipsec_mirrors(x, y))
			return false;
	}
	return true;
}

static const struct sa *find_peer(const struct sas *l, const struct sa *of)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (l->sa[i].spi_i == of->spi_i && l->sa[i].spi_r == of->spi_r &&
		    l->sa[i].initiator != of->initiator)
			return &l->sa[i];
	}
	return NULL;
}

bool lab_agree(struct lab_host *a, struct lab_host *b)
{
	struct sas sa = sas_of(a, IKE_S_ESTABLISHED), sb = sas_of(b, IKE_S_ESTABLISHED);
	unsigned children = 0;

	if (sa.count != sb.count || sa.other || sb.other || a->ipsec.n_spis || b->ipsec.n_spis)
		return false;
	for (unsigned i = 0; i < sa.count; i++) {
		const struct sa *peer = find_peer(&sb, &sa.sa[i]);

		if (!peer || !same_children(a, &sa.sa[i], b, peer))
			return false;
		children += (unsigned)peer->n_children;
	}
	return a->ipsec.n_sas == children && b->ipsec.n_sas == children;
}

bool lab_is_pair(struct lab_host *a, struct lab_host *b, unsigned n_ike, unsigned n_children)
{
	return lab_agree(a, b) && lab_count_sas(a, IKE_S_ESTABLISHED) == n_ike &&
	       a->ipsec.n_sas == n_children;
}

static void show_sas(struct lab_host *h)
{
	struct sas l = sas_of(h, IKE_S_ESTABLISHED);

	print_error("%s: %u established, %u in other states, %zu SA pairs, %zu SPIs reserved\n",
		    h->name, l.count, l.other, h->ipsec.n_sas, h->ipsec.n_spis);
}

static void show_both(struct lab_host *a, struct lab_host *b)
{
	show_log(a);
	show_log(b);
	show_sas(a);
	show_sas(b);
}

void lab_assert_agree(struct lab_host *a, struct lab_host *b)
{
	if (lab_agree(a, b))
		return;
	show_both(a, b);
	fail_msg("%s and %s do not agree about their SAs", a->name, b->name);
}

void lab_assert_pair(struct lab_host *a, struct lab_host *b, unsigned n_ike, unsigned n_children)
{
	if (lab_is_pair(a, b, n_ike, n_children))
		return;
	show_both(a, b);
	fail_msg("%s and %s do not share %u IKE_SAs and %u CHILD_SAs", a->name, b->name, n_ike,
		 n_children);
}

/* ---- leaks ---- */

static bool count_online(void *ctx, const struct pool_info *info)
{
	*(unsigned *)ctx += (unsigned)info->online;
	return true;
}

unsigned lab_leases(const struct lab_host *h)
{
	unsigned n = 0;

	pool_each(h->pools, count_online, &n);
	return n;
}

void lab_assert_empty(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_hosts; i++) {
		struct lab_host *h = &lab->hosts[i];
		struct ike_stats s;

		ike_get_stats(h->ike, &s);
		if (s.sas || s.half_open || s.children || s.jobs || h->ipsec.n_sas ||
		    h->ipsec.n_spis || h->ipsec.n_vips || lab_leases(h)) {
			show_log(h);
			fail_msg("%s holds %u IKE_SAs (%u half open), %u children, %u jobs, %zu SA "
				 "pairs, %zu SPIs, %zu virtual IPs, %u leases",
				 h->name, s.sas, s.half_open, s.children, s.jobs, h->ipsec.n_sas,
				 h->ipsec.n_spis, h->ipsec.n_vips, lab_leases(h));
		}
		assert_int_equal(h->ike_up, h->ike_down);
		assert_int_equal(h->child_up, h->child_down);
	}
}
