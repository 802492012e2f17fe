/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab_host.h"
#include "provider/provider.h"

#define START_MS 1000 /* the engine's clock need not begin at 0 */

uint64_t lab_random(uint64_t *state)
{
	/* splitmix64: any seed is a good one */
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct lab *lab_new(uint64_t seed)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	assert_int_equal(provider_load(), 0); /* for proposals with KEMs */
	lab->seed = lab->random = seed ? seed : 1;
	lab->now = START_MS;
	lab->delay = LAB_DELAY;
	return lab;
}

static void free_packet(struct lab_packet *p)
{
	secret_done(&p->bytes);
}

void lab_free(struct lab *lab)
{
	while (lab->jobs) {
		struct lab_job *j = lab->jobs;

		lab->jobs = j->next;
		ike_job_run(j->job);
		ike_job_done(j->host->ike, j->job, lab->now);
		free(j);
	}
	for (size_t i = 0; i < lab->n_hosts; i++)
		lab_host_done(&lab->hosts[i]);
	for (size_t i = 0; i < lab->n_queue; i++)
		free_packet(&lab->queue[i]);
	for (size_t i = 0; i < lab->n_capture; i++)
		free_packet(&lab->capture[i]);
	free(lab->queue);
	free(lab->capture);
	free(lab);
}

/* ---- the wire ---- */

static void append(struct lab_packet **list, size_t *n, size_t *cap, const struct lab_packet *p)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 32;
		*list = realloc(*list, *cap * sizeof(**list));
		assert_non_null(*list);
	}
	(*list)[*n] = *p;
	assert_int_equal(secret_copy(&(*list)[*n].bytes, secret_view(&p->bytes)), 0);
	(*n)++;
}

static bool chance(struct lab *lab, unsigned percent)
{
	return percent && lab_random(&lab->random) % 100 < percent;
}

static void put_on_wire(struct lab *lab, const struct lab_packet *p)
{
	struct lab_packet copy = *p;

	copy.at = lab->now + lab->delay;
	if (lab->jitter)
		copy.at += lab_random(&lab->random) % (lab->jitter + 1);
	copy.order = lab->order++;
	copy.held = p->from && p->from->held;
	append(&lab->queue, &lab->n_queue, &lab->cap_queue, &copy);
}

/* Address translation of a sender: the same inside address always gets the same public port. */
static struct addr translate(struct lab *lab, const struct lab_host *from, struct addr src)
{
	struct addr public = lab->nat_public;
	size_t i = 0;

	if (!from || !from->natted)
		return src;
	while (i < lab->n_mapped && !addr_equal_port(&lab->mapped[i], &src))
		i++;
	assert_true(i < sizeof(lab->mapped) / sizeof(lab->mapped[0]));
	if (i == lab->n_mapped)
		lab->mapped[lab->n_mapped++] = src;
	public.port = (uint16_t)(LAB_NAT_PORT + i);
	return public;
}

static void look_inside(struct lab_packet *p)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));

	assert_non_null(msg);
	p->hdr = (struct wire_hdr){0};
	if (wire_hdr_decode(secret_view(&p->bytes), &p->hdr))
		p->hdr = (struct wire_hdr){0};
	if (wire_msg_decode(secret_view(&p->bytes), msg) == 0 && msg->count &&
	    msg->p[msg->count - 1].type == PAYLOAD_SKF)
		p->fragment = msg->p[msg->count - 1].u.frag.skf.number;
	free(msg);
}

void lab_send(struct lab_host *host, const struct addr *local, const struct addr *remote,
	      struct view message)
{
	struct lab *lab = host->lab;
	struct lab_packet p = {.at = lab->now, .dst = *remote, .from = host};

	assert_true(local->port == host->settings.port || local->port == host->settings.port_natt);
	if (!lab_has_addr(host, local)) {
		assert_true(host->moved); /* a kernel refuses it */
		return;
	}
	p.src = translate(lab, host, *local);
	assert_int_equal(secret_copy(&p.bytes, message), 0);
	look_inside(&p);
	append(&lab->capture, &lab->n_capture, &lab->cap_capture, &p);
	p.dropped =
		host->down || (lab->drop && lab->drop(lab->drop_ctx, &p)) || chance(lab, lab->loss);
	lab->capture[lab->n_capture - 1].dropped = p.dropped;
	if (!p.dropped) {
		put_on_wire(lab, &p);
		if (chance(lab, lab->twice))
			put_on_wire(lab, &p);
	}
	secret_done(&p.bytes);
}

bool lab_has_addr(const struct lab_host *h, const struct addr *a)
{
	if (addr_equal(&h->addr, a))
		return true;
	for (size_t i = 0; i < h->n_others; i++) {
		if (addr_equal(&h->others[i], a))
			return true;
	}
	return false;
}

/* Who receives it; its address is translated back. NULL: nobody. */
static struct lab_host *receiver(struct lab *lab, struct addr *dst)
{
	if (lab->nat_public.family && addr_equal(dst, &lab->nat_public)) {
		size_t i = (size_t)(dst->port - LAB_NAT_PORT);

		if (dst->port < LAB_NAT_PORT || i >= lab->n_mapped)
			return NULL;
		*dst = lab->mapped[i];
	}
	for (size_t i = 0; i < lab->n_hosts; i++) {
		if (lab_has_addr(&lab->hosts[i], dst))
			return &lab->hosts[i];
	}
	return NULL;
}

static void deliver(struct lab *lab, size_t i)
{
	struct lab_packet p = lab->queue[i];
	struct lab_host *to;
	uint8_t *exact;

	lab->queue[i] = lab->queue[--lab->n_queue];
	to = receiver(lab, &p.dst);
	if (to && to->ike && !to->down) {
		/* Memory of exactly this size: a sanitizer sees each byte read too many. */
		exact = malloc(p.bytes.len ? p.bytes.len : 1);
		assert_non_null(exact);
		memcpy(exact, p.bytes.data, p.bytes.len);
		ike_input(to->ike, lab->now, &p.dst, &p.src, view_make(exact, p.bytes.len));
		free(exact);
	}
	free_packet(&p);
}

void lab_inject(struct lab_host *to, const struct addr *src, uint16_t port, struct view bytes)
{
	struct lab *lab = to->lab;
	struct addr dst = to->addr;
	uint8_t *exact = malloc(bytes.len ? bytes.len : 1);

	assert_non_null(exact);
	if (bytes.len)
		memcpy(exact, bytes.ptr, bytes.len);
	dst.port = port;
	ike_input(to->ike, lab->now, &dst, src, view_make(exact, bytes.len));
	free(exact);
}

/* ---- jobs ---- */

void lab_submit(struct lab_host *host, struct ike_job *job)
{
	struct lab *lab = host->lab;
	struct lab_job *j = calloc(1, sizeof(*j)), **at = &lab->jobs;

	assert_non_null(j);
	*j = (struct lab_job){.host = host, .job = job, .at = lab->now + lab->job_delay};
	while (*at && !lab->jobs_backwards)
		at = &(*at)->next;
	j->next = *at;
	*at = j;
}

static void finish_job(struct lab *lab, struct lab_job **at)
{
	struct lab_job *j = *at;

	*at = j->next;
	ike_job_run(j->job);
	ike_job_done(j->host->ike, j->job, lab->now);
	free(j);
}

/* ---- time ---- */

static size_t first_packet(const struct lab *lab)
{
	size_t best = lab->n_queue;

	for (size_t i = 0; i < lab->n_queue; i++) {
		const struct lab_packet *p = &lab->queue[i], *b = &lab->queue[best];

		if (!p->held && (best == lab->n_queue || p->at < b->at ||
				 (p->at == b->at && p->order < b->order)))
			best = i;
	}
	return best;
}

void lab_hold(struct lab_host *from)
{
	struct lab *lab = from->lab;

	from->held = true;
	for (size_t i = 0; i < lab->n_queue; i++)
		lab->queue[i].held |= lab->queue[i].from == from;
}

void lab_release(struct lab_host *from)
{
	struct lab *lab = from->lab;

	from->held = false;
	for (size_t i = 0; i < lab->n_queue; i++) {
		if (lab->queue[i].from == from && lab->queue[i].held) {
			lab->queue[i].held = false;
			lab->queue[i].at = lab->now;
		}
	}
}

void lab_release_one(struct lab_host *from, size_t n)
{
	struct lab *lab = from->lab;
	size_t at = lab->n_queue, before = SIZE_MAX;

	/* The n-th by order: the queue itself has none. */
	for (size_t i = 0; i < lab->n_queue; i++) {
		size_t rank = 0;

		if (lab->queue[i].from != from || !lab->queue[i].held)
			continue;
		for (size_t j = 0; j < lab->n_queue; j++)
			rank += lab->queue[j].from == from && lab->queue[j].held &&
				lab->queue[j].order < lab->queue[i].order;
		if (rank == n) {
			at = i;
			before = rank;
		}
	}
	assert_int_equal(before, n);
	lab->queue[at].held = false;
	lab->queue[at].at = lab->now;
}

static struct lab_job **first_job(struct lab *lab)
{
	struct lab_job **best = &lab->jobs;

	for (struct lab_job **j = &lab->jobs; *j; j = &(*j)->next) {
		if ((*j)->at < (*best)->at)
			best = j;
	}
	return best;
}

static uint64_t next_timer(const struct lab *lab, struct lab_host **out)
{
	uint64_t best = UINT64_MAX;

	*out = NULL;
	for (size_t i = 0; i < lab->n_hosts; i++) {
		const struct lab_host *h = &lab->hosts[i];
		uint64_t at = h->ike && !h->down ? ike_deadline(h->ike) : UINT64_MAX;

		if (at < best) {
			best = at;
			*out = (struct lab_host *)h;
		}
	}
	return best;
}

/* The next thing that happens, if it does until `limit`. */
static bool step(struct lab *lab, uint64_t limit)
{
	struct lab_job **job = first_job(lab);
	size_t packet = first_packet(lab);
	struct lab_host *host;
	uint64_t at_timer = next_timer(lab, &host), at = at_timer;
	uint64_t at_job = *job ? (*job)->at : UINT64_MAX;
	uint64_t at_packet = packet < lab->n_queue ? lab->queue[packet].at : UINT64_MAX;

	at = at_job < at ? at_job : at;
	at = at_packet < at ? at_packet : at;
	if (at > limit || at == UINT64_MAX)
		return false;
	lab->now = at > lab->now ? at : lab->now;
	if (at_job == at)
		finish_job(lab, job);
	else if (at_packet == at)
		deliver(lab, packet);
	else
		ike_tick(host->ike, lab->now);
	if (lab->after)
		lab->after(lab);
	return true;
}

void lab_run(struct lab *lab, uint64_t ms)
{
	uint64_t until = lab->now + ms;

	for (unsigned steps = 0; step(lab, until); steps++)
		assert_true(steps < 1000000); /* a timer that fires without end */
	lab->now = until;
}

void lab_settle(struct lab *lab)
{
	for (unsigned steps = 0; first_packet(lab) < lab->n_queue || lab->jobs; steps++) {
		assert_true(steps < 1000000);
		step(lab, UINT64_MAX);
	}
}

void lab_await(struct lab *lab, const struct lab_result *r, uint64_t ms)
{
	uint64_t until = lab->now + ms;

	for (unsigned steps = 0; !r->done && step(lab, until); steps++)
		assert_true(steps < 1000000);
	assert_true(r->done);
}

/* ---- the capture ---- */

static bool is_message(const struct lab_packet *p, const struct lab_host *from, uint8_t exchange,
		       bool response)
{
	return p->from == from && p->hdr.exchange == exchange &&
	       !(p->hdr.flags & IKE_FLAG_RESPONSE) == !response;
}

const struct lab_packet *lab_sent(const struct lab_host *from, uint8_t exchange, bool response,
				  unsigned n)
{
	const struct lab *lab = from->lab;

	for (size_t i = 0; i < lab->n_capture; i++) {
		if (is_message(&lab->capture[i], from, exchange, response) && n-- == 0)
			return &lab->capture[i];
	}
	return NULL;
}

unsigned lab_count_sent(const struct lab_host *from, uint8_t exchange, bool response)
{
	const struct lab *lab = from->lab;
	unsigned n = 0;

	for (size_t i = 0; i < lab->n_capture; i++)
		n += is_message(&lab->capture[i], from, exchange, response);
	return n;
}
