/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/esp_out.h"

#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "ipsec/user/esp_crypt.h"

#define TRAILER 2 /* pad length and next header */

void esp_out_find(struct esp_ctx *c, struct esp_packet *p)
{
	const struct spd_rule *rule;

	p->err = packet_parse(view_make(esp_data(p), p->len), &p->info);
	if (p->err != 0) {
		esp_count(&c->drops.malformed, 1);
		return;
	}
	p->len = p->info.len;
	rule = spd_find(c->table->rules, c->table->n_rules, &p->info.key);
	if (rule && rule->policy && rule->policy->class == SPD_TRAP) {
		p->err = E_BUSY;
		p->trap = rule->policy;
		return;
	}
	/* What is to pass has no business in the tunnel's device: routing leads it past. */
	if (!rule || !rule->sa) {
		p->err = E_NOTFOUND;
		esp_count(&c->drops.no_policy, 1);
		return;
	}
	p->out = rule->sa;
	if (esp_ended(p->out->pair) ||
	    atomic_load_explicit(&p->out->pair->flags, memory_order_relaxed) & SAD_OUT_STOPPED) {
		p->err = E_EXPIRED;
		esp_count(&p->out->pair->dropped_policy_out, 1);
	}
}

static size_t padding(const struct sad_format *f, size_t inner)
{
	const size_t over = (inner + TRAILER) % f->align;

	return over == 0 ? 0 : f->align - over;
}

size_t esp_out_len(const struct sad_format *f, size_t inner)
{
	return ESP_HEADER + f->iv_len + inner + padding(f, inner) + TRAILER + f->icv_len;
}

size_t esp_out_room(const struct sad_format *f, size_t esp)
{
	const size_t fixed = (size_t)ESP_HEADER + f->iv_len + f->icv_len;
	size_t payload;

	if (esp < fixed)
		return 0;
	payload = (esp - fixed) / f->align * f->align;
	return payload < TRAILER ? 0 : payload - TRAILER;
}

/* An IV that nobody can foretell (RFC 3602 section 3), from a pool filled once per many packets. */
static int random_iv(struct esp_ctx *c, uint8_t *iv, size_t len)
{
	if (c->iv_left < len) {
		const int err = c->random(c->random_ctx, c->ivs, sizeof(c->ivs));

		if (err != 0)
			return err;
		c->iv_left = sizeof(c->ivs);
	}
	memcpy(iv, c->ivs + sizeof(c->ivs) - c->iv_left, len);
	c->iv_left -= len;
	return 0;
}

/*
 * A counter IV is the sequence number, which is never used twice with a key (RFC 4106 section
 * 3.1): a pair sends from one sa_out for as long as its key lives.
 */
static int write_iv(struct esp_ctx *c, const struct sa_out *sa, uint64_t seq, uint8_t *iv)
{
	const size_t len = sa->format.iv_len;

	if (!sa->format.iv_counter)
		return random_iv(c, iv, len);
	for (size_t i = 0; i < len; i++)
		iv[i] = (uint8_t)(len - i > 8 ? 0 : seq >> (8 * (len - i - 1)));
	return 0;
}

/* RFC 4303 section 2.4: padding bytes count from 1. */
static void write_trailer(uint8_t *end, size_t pad, uint8_t next)
{
	for (size_t i = 0; i < pad; i++)
		end[i] = (uint8_t)(i + 1);
	end[pad] = (uint8_t)pad;
	end[pad + 1] = next;
}

/* Next sequence number, or 0 if all are used up: it never cycles (RFC 4303 section 3.3.3). */
static uint64_t next_seq(struct sa_out *sa)
{
	const uint64_t last = sa->format.esn ? UINT64_MAX : UINT32_MAX;

	return sa->seq == last ? 0 : ++sa->seq;
}

static int prepare(struct esp_ctx *c, struct esp_packet *p, struct esp_job *job)
{
	struct sa_out *sa = p->out;
	const struct sad_format *f = &sa->format;
	const size_t pad = padding(f, p->len);
	const struct sad_path *path = atomic_load(&sa->pair->path);
	uint8_t *inner = esp_data(p), *iv = inner - f->iv_len, *header = iv - ESP_HEADER;
	int err;

	p->seq = next_seq(sa);
	if (p->seq == 0) {
		esp_tell_limit(c, sa->pair, SAD_HARD);
		return E_LIMIT;
	}
	packet_put32(header, sa->spi);
	packet_put32(header + 4, (uint32_t)p->seq);
	err = write_iv(c, sa, p->seq, iv);
	if (err != 0)
		return err;
	write_trailer(inner + p->len, pad,
		      p->info.key.family == AF_INET6 ? PACKET_IPV6 : PACKET_IPV4);
	job->seal = sa->seal;
	job->io.iv = iv;
	job->io.data = inner;
	job->io.len = p->len + pad + TRAILER;
	job->io.icv = inner + job->io.len;
	esp_crypt_bind(job, header, p->seq,
		       (f->aead ? ESP_CRYPT_AEAD : 0) | (f->esn ? ESP_CRYPT_ESN : 0));
	p->at -= (size_t)ESP_HEADER + f->iv_len;
	p->len = esp_out_len(f, p->len);
	p->local = path->local;
	p->remote = path->remote;
	p->tos = p->info.tos; /* DSCP, and ECN as in RFC 6040 section 4.1, normal mode */
	return 0;
}

void esp_out_seal(struct esp_ctx *c, struct esp_packet *packets, size_t n)
{
	struct esp_job jobs[ESP_BATCH];
	size_t n_jobs = 0;

	for (size_t i = 0; i < n; i++) {
		struct esp_packet *p = &packets[i];

		if (p->err != 0)
			continue;
		p->err = prepare(c, p, &jobs[n_jobs]);
		if (p->err == 0)
			jobs[n_jobs++].packet = i;
		else
			esp_count(&c->drops.crypto, 1);
	}
	esp_crypt_seal(jobs, n_jobs);
	for (size_t i = 0; i < n_jobs; i++) {
		struct esp_packet *p = &packets[jobs[i].packet];
		struct sad_pair *pair = p->out->pair;

		p->err = jobs[i].err;
		if (p->err == 0)
			esp_account(c, pair, &pair->out_count, p->info.len);
		else
			esp_count(&c->drops.crypto, 1);
	}
}
