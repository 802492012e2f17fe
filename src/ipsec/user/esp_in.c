/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/esp_in.h"

#include <sys/socket.h>

#include "base/buf.h"
#include "ipsec/user/esp_crypt.h"

#define TRAILER 2 /* pad length and next header */

/* Find the SA and check all that can be checked without cryptography. */
static int prepare(struct esp_ctx *c, struct esp_packet *p, struct esp_job *job)
{
	uint8_t *header = esp_data(p);
	const struct sad_format *f;
	size_t fixed;

	if (p->len < ESP_HEADER)
		return E_SHORT;
	p->in = sad_find_in(c->table, packet_get32(header));
	if (!p->in)
		return E_NOTFOUND;
	if (esp_ended(p->in->pair))
		return E_EXPIRED;
	f = &p->in->format;
	fixed = (size_t)ESP_HEADER + f->iv_len + f->icv_len;
	if (p->len < fixed + f->align)
		return E_SHORT;
	if ((p->len - fixed) % f->align != 0)
		return E_MALFORMED;
	p->seq = replay_seq(&p->in->replay, packet_get32(header + 4));
	if (!replay_fresh(&p->in->replay, p->seq))
		return E_REPLAY;
	job->seal = p->in->seal;
	job->io.iv = header + ESP_HEADER;
	job->io.data = header + ESP_HEADER + f->iv_len;
	job->io.len = p->len - fixed;
	job->io.icv = job->io.data + job->io.len;
	esp_crypt_bind(job, header, p->seq,
		       (f->aead ? ESP_CRYPT_AEAD : 0) | (f->esn ? ESP_CRYPT_ESN : 0));
	return 0;
}

/*
 * The peer sends from elsewhere (RFC 3948 section 5.1, RFC 7296 section 2.23). Only the newest
 * packet counts, so that a delayed one does not lead back; each place is told once.
 */
static void watch_mapping(struct esp_ctx *c, const struct esp_packet *p)
{
	struct sad_pair *pair = p->in->pair;
	const struct sad_path *path = atomic_load(&pair->path);
	const struct notice n = {
		.kind = NOTICE_MAPPING, .handle = pair->handle, .remote = p->remote};

	if (p->seq != p->in->replay.top)
		return;
	if (addr_equal_port(&p->remote, &path->remote)) {
		pair->told_remote = (struct addr){0};
		return;
	}
	if (addr_equal_port(&p->remote, &pair->told_remote) || !notice_push(c->notices, &n))
		return;
	pair->told_remote = p->remote;
	c->told = true;
}

/*
 * From the decrypted payload to the inner packet. What follows the inner packet is padding for
 * traffic flow confidentiality (RFC 4303 section 2.7) and is cut off. The bytes of the padding are
 * not compared: with an ICV over them that would protect nothing.
 */
static int unwrap(struct esp_packet *p, const struct esp_job *job)
{
	const uint8_t *data = job->io.data;
	const uint8_t pad = data[job->io.len - 2], next = data[job->io.len - 1];
	size_t len = job->io.len - TRAILER;
	int err;

	if (pad > len)
		return E_MALFORMED;
	len -= pad;
	if (next == PACKET_DUMMY)
		return E_CANCELED;
	if (next != PACKET_IPV4 && next != PACKET_IPV6)
		return E_TS;
	err = packet_parse(view_make(data, len), &p->info);
	if (err != 0)
		return err;
	if ((next == PACKET_IPV6) != (p->info.key.family == AF_INET6))
		return E_MALFORMED;
	if (!spd_allows_in(p->in->pair->sels, &p->info.key))
		return E_TS;
	p->at = (size_t)(data - p->buf);
	p->len = p->info.len;
	return packet_ecn_in(esp_data(p), p->tos);
}

static int finish(struct esp_ctx *c, struct esp_packet *p, const struct esp_job *job)
{
	struct sad_pair *pair = p->in->pair;
	int err;

	if (job->err != 0) {
		esp_count(&pair->dropped_auth, 1);
		return job->err;
	}
	/* Once more: the same packet may be in this batch twice. */
	err = replay_accept(&p->in->replay, p->seq);
	if (err != 0) {
		esp_count(&pair->dropped_replay, 1);
		return err;
	}
	watch_mapping(c, p);
	err = unwrap(p, job);
	if (err == E_TS)
		esp_count(&pair->dropped_policy_in, 1);
	else if (err == E_INTEGRITY)
		esp_count(&c->drops.ecn, 1);
	else if (err != 0 && err != E_CANCELED)
		esp_count(&c->drops.malformed, 1);
	if (err == 0)
		esp_account(c, pair, &pair->in_count, p->len);
	return err;
}

static void count_refused(struct esp_ctx *c, const struct esp_packet *p)
{
	if (p->err == E_REPLAY)
		esp_count(&p->in->pair->dropped_replay, 1);
	else if (p->err == E_NOTFOUND || p->err == E_EXPIRED)
		esp_count(&c->drops.unknown_spi, 1);
	else
		esp_count(&c->drops.malformed, 1);
}

void esp_in_open(struct esp_ctx *c, struct esp_packet *packets, size_t n)
{
	struct esp_job jobs[ESP_BATCH];
	size_t n_jobs = 0;

	for (size_t i = 0; i < n; i++) {
		struct esp_packet *p = &packets[i];

		p->err = prepare(c, p, &jobs[n_jobs]);
		if (p->err == 0)
			jobs[n_jobs++].packet = i;
		else
			count_refused(c, p);
	}
	esp_crypt_open(jobs, n_jobs);
	for (size_t i = 0; i < n_jobs; i++) {
		struct esp_packet *p = &packets[jobs[i].packet];

		p->err = finish(c, p, &jobs[i]);
	}
}
