/* SPDX-License-Identifier: Apache-2.0 */
#include "lab_ipsec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/seal.h"

static struct lab_ipsec *of(struct ipsec *self)
{
	return (struct lab_ipsec *)self;
}

static void take_spi(struct lab_ipsec *d, uint32_t spi)
{
	for (size_t i = 0; i < d->n_spis; i++) {
		if (d->spis[i] == spi) {
			d->spis[i] = d->spis[--d->n_spis];
			return;
		}
	}
	fail_msg("SPI %08x was not reserved", spi);
}

static int alloc_spi(struct ipsec *self, uint32_t *out)
{
	struct lab_ipsec *d = of(self);

	if (d->fail_spi)
		return d->fail_spi;
	assert_true(d->n_spis < LAB_SPI_MAX);
	*out = d->spis[d->n_spis++] = d->next_spi++;
	return 0;
}

static void free_spi(struct ipsec *self, uint32_t spi)
{
	take_spi(of(self), spi);
}

static struct lab_sa *find_handle(struct lab_ipsec *d, uint32_t handle)
{
	assert_int_not_equal(handle, 0);
	for (size_t i = 0; i < LAB_SA_MAX; i++) {
		if (d->sas[i].handle == handle)
			return &d->sas[i];
	}
	fail_msg("handle %u is not installed", handle);
	return NULL;
}

struct lab_sa *lab_ipsec_find(struct lab_ipsec *d, uint32_t spi_in)
{
	for (size_t i = 0; i < LAB_SA_MAX; i++) {
		if (d->sas[i].handle && d->sas[i].p.spi_in == spi_in)
			return &d->sas[i];
	}
	return NULL;
}

static void keep_key(struct lab_sa *s, int i, struct view *v)
{
	assert_true(v->len <= LAB_KEY_MAX);
	if (v->len)
		memcpy(s->keys[i], v->ptr, v->len);
	v->ptr = s->keys[i];
}

static int install(struct ipsec *self, const struct ipsec_sa_params *p, uint32_t *out_handle)
{
	struct lab_ipsec *d = of(self);
	struct lab_sa *s = d->sas;

	if (d->fail_install)
		return d->fail_install;
	assert_int_not_equal(p->spi_in, 0);
	assert_true(p->ts_local->count > 0 && p->ts_remote->count > 0);
	assert_true(p->encap || !d->needs_encap);
	assert_int_equal(p->encr_in.len, seal_key_e_len(p->encr, p->key_bits));
	assert_int_equal(p->integ_in.len, seal_key_a_len(p->encr, p->integ));
	assert_true(p->encr_in.len + p->integ_in.len > 0);
	take_spi(d, p->spi_in);
	while (s < d->sas + LAB_SA_MAX && s->handle)
		s++;
	assert_true(s < d->sas + LAB_SA_MAX);
	*s = (struct lab_sa){.handle = ++d->next_handle, .p = *p};
	keep_key(s, 0, &s->p.encr_in);
	keep_key(s, 1, &s->p.integ_in);
	s->out_order = p->spi_out ? ++d->out_order : 0;
	keep_key(s, 2, &s->p.encr_out);
	keep_key(s, 3, &s->p.integ_out);
	s->ts_local = *p->ts_local;
	s->ts_remote = *p->ts_remote;
	s->p.ts_local = &s->ts_local;
	s->p.ts_remote = &s->ts_remote;
	assert_true(p->name.len < sizeof(s->name));
	memcpy(s->name, p->name.ptr, p->name.len);
	d->n_sas++;
	d->installs++;
	*out_handle = s->handle;
	return 0;
}

static int install_out(struct ipsec *self, uint32_t handle, const struct ipsec_sa_params *p)
{
	struct lab_sa *s = find_handle(of(self), handle);

	assert_int_equal(s->p.spi_out, 0);
	assert_int_not_equal(p->spi_out, 0);
	assert_int_equal(p->encr_out.len, s->p.encr_in.len);
	assert_int_equal(p->integ_out.len, s->p.integ_in.len);
	assert_true(p->encr == s->p.encr && p->integ == s->p.integ);
	s->p.spi_out = p->spi_out;
	s->p.encr_out = p->encr_out;
	s->p.integ_out = p->integ_out;
	keep_key(s, 2, &s->p.encr_out);
	keep_key(s, 3, &s->p.integ_out);
	s->out_order = ++of(self)->out_order;
	return 0;
}

static void remove_out(struct ipsec *self, uint32_t handle)
{
	struct lab_sa *s = find_handle(of(self), handle);

	assert_int_not_equal(s->p.spi_out, 0);
	assert_false(s->out_removed);
	s->out_removed = true;
}

static void remove_sa(struct ipsec *self, uint32_t handle)
{
	struct lab_sa *s = find_handle(of(self), handle);

	s->handle = 0;
	of(self)->n_sas--;
	of(self)->removes++;
}

static int install_policy(struct ipsec *self, const struct ipsec_policy_params *p,
			  uint32_t *out_handle)
{
	struct lab_ipsec *d = of(self);
	struct lab_policy *s = d->policies;

	if (d->fail_policy)
		return d->fail_policy;
	assert_true(p->ts_local->count > 0 && p->ts_remote->count > 0);
	assert_int_equal(p->kind == IPSEC_POLICY_TRAP, p->reqid != 0);
	while (s < d->policies + LAB_SA_MAX && s->handle)
		s++;
	assert_true(s < d->policies + LAB_SA_MAX);
	*s = (struct lab_policy){.handle = ++d->next_handle, .p = *p};
	s->ts_local = *p->ts_local;
	s->ts_remote = *p->ts_remote;
	s->p.ts_local = &s->ts_local;
	s->p.ts_remote = &s->ts_remote;
	assert_true(p->name.len < sizeof(s->name));
	memcpy(s->name, p->name.ptr, p->name.len);
	d->n_policies++;
	*out_handle = s->handle;
	return 0;
}

static void remove_policy(struct ipsec *self, uint32_t handle)
{
	struct lab_ipsec *d = of(self);

	for (size_t i = 0; i < LAB_SA_MAX; i++) {
		if (handle && d->policies[i].handle == handle) {
			d->policies[i].handle = 0;
			d->n_policies--;
			return;
		}
	}
	fail_msg("policy %u is not installed", handle);
}

struct lab_policy *lab_ipsec_policy(struct lab_ipsec *d, const char *name)
{
	for (size_t i = 0; i < LAB_SA_MAX; i++) {
		if (d->policies[i].handle && strcmp(d->policies[i].name, name) == 0)
			return &d->policies[i];
	}
	return NULL;
}

static unsigned features(struct ipsec *self)
{
	return of(self)->features;
}

static int query(struct ipsec *self, uint32_t handle, struct ipsec_stats *out)
{
	*out = find_handle(of(self), handle)->stats;
	return 0;
}

static int update(struct ipsec *self, uint32_t handle, const struct addr *local,
		  const struct addr *remote, bool encap)
{
	struct lab_sa *s = find_handle(of(self), handle);

	s->p.local = *local;
	s->p.remote = *remote;
	s->p.encap = encap;
	of(self)->updates++;
	return 0;
}

static int add_vip(struct ipsec *self, const struct addr *vip)
{
	struct lab_ipsec *d = of(self);

	if (d->fail_vip)
		return d->fail_vip;
	assert_true(d->n_vips < sizeof(d->vips) / sizeof(d->vips[0]));
	d->vips[d->n_vips++] = *vip;
	d->vips_added++;
	return 0;
}

static void del_vip(struct ipsec *self, const struct addr *vip)
{
	struct lab_ipsec *d = of(self);

	for (size_t i = 0; i < d->n_vips; i++) {
		if (addr_equal(&d->vips[i], vip)) {
			d->vips[i] = d->vips[--d->n_vips];
			return;
		}
	}
	fail_msg("a virtual IP is removed that was not installed");
}

static void drops(struct ipsec *self, struct ipsec_drops *out)
{
	(void)self;
	*out = (struct ipsec_drops){0};
}

static bool needs_encap(struct ipsec *self)
{
	return of(self)->needs_encap;
}

static void close_it(struct ipsec *self)
{
	(void)self;
}

static const struct ipsec_ops ops = {
	.name = "lab",
	.alloc_spi = alloc_spi,
	.free_spi = free_spi,
	.install = install,
	.install_out = install_out,
	.remove_out = remove_out,
	.remove = remove_sa,
	.install_policy = install_policy,
	.remove_policy = remove_policy,
	.features = features,
	.query = query,
	.update = update,
	.add_vip = add_vip,
	.del_vip = del_vip,
	.drops = drops,
	.needs_encap = needs_encap,
	.close = close_it,
};

void lab_ipsec_init(struct lab_ipsec *d, uint32_t first_spi)
{
	*d = (struct lab_ipsec){.base.ops = &ops, .next_spi = first_spi, .features = ~0u};
}

/* Keys of the two directions: there may be none, but they are never the same. */
static bool differ(struct view a, struct view b)
{
	return (a.len == 0 && b.len == 0) || !view_equal(a, b);
}

bool lab_ipsec_reaches(struct lab_ipsec *from, struct lab_ipsec *to)
{
	const struct lab_sa *sends = NULL, *takes;

	for (const struct lab_sa *s = from->sas; s < from->sas + LAB_SA_MAX; s++) {
		if (s->handle && s->out_order && !s->out_removed &&
		    (!sends || s->out_order > sends->out_order))
			sends = s;
	}
	takes = sends ? lab_ipsec_find(to, sends->p.spi_out) : NULL;
	return takes && view_equal(sends->p.encr_out, takes->p.encr_in) &&
	       view_equal(sends->p.integ_out, takes->p.integ_in);
}

bool lab_ipsec_mirrors(const struct lab_sa *a, const struct lab_sa *b)
{
	const struct ipsec_sa_params *p = &a->p, *q = &b->p;

	return p->spi_in == q->spi_out && p->spi_out == q->spi_in && p->encr == q->encr &&
	       p->key_bits == q->key_bits && p->integ == q->integ && p->esn == q->esn &&
	       p->encap == q->encap && p->mode == q->mode && view_equal(p->encr_in, q->encr_out) &&
	       view_equal(p->encr_out, q->encr_in) && view_equal(p->integ_in, q->integ_out) &&
	       view_equal(p->integ_out, q->integ_in) && differ(p->encr_in, p->encr_out) &&
	       differ(p->integ_in, p->integ_out) && ts_list_equal(p->ts_local, q->ts_remote) &&
	       ts_list_equal(p->ts_remote, q->ts_local);
}
