/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "crypto/alg.h"
#include "cygnet-config.h"
#include "ike/engine.h"
#include "vici/cmd.h"
#include "vici/codec.h"

void cmd_info_version(struct server_call *call)
{
	struct wbuf *w = server_call_reply(call);
	struct utsname host;

	codec_text(w, "daemon", "cygnetd");
	codec_text(w, "version", CYGNET_VERSION);
	if (uname(&host))
		return;
	codec_text(w, "sysname", host.sysname);
	codec_text(w, "release", host.release);
	codec_text(w, "machine", host.machine);
}

/* ---- stats ---------------------------------------------------------------------------------- */

/* "5 minutes": one unit, the largest of which there are two. */
static void put_duration(struct wbuf *w, const char *key, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;
	uint64_t n;

	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	n = seconds / units[i].seconds;
	codec_fmt(w, key, "%" PRIu64 " %s%s", n, units[i].name, n == 1 ? "" : "s");
}

static void put_uptime(struct wbuf *w, int64_t started)
{
	time_t since = (time_t)started, now = time(NULL);
	char text[64];
	struct tm tm;

	codec_section(w, "uptime");
	put_duration(w, "running", now > since ? (uint64_t)(now - since) : 0);
	localtime_r(&since, &tm);
	strftime(text, sizeof(text), "%b %d %H:%M:%S %Y", &tm);
	codec_text(w, "since", text);
	codec_section_end(w);
}

/* Jobs have one priority here; strongSwan's clients want to see four. */
static void put_priorities(struct wbuf *w, const char *section, unsigned medium)
{
	codec_section(w, section);
	codec_text(w, "critical", "0");
	codec_text(w, "high", "0");
	codec_fmt(w, "medium", "%u", medium);
	codec_text(w, "low", "0");
	codec_section_end(w);
}

static void put_memory(struct wbuf *w)
{
	struct mallinfo2 m = mallinfo2();

	codec_section(w, "mallinfo");
	codec_fmt(w, "sbrk", "%zu", m.arena);
	codec_fmt(w, "mmap", "%zu", m.hblkhd);
	codec_fmt(w, "used", "%zu", m.uordblks);
	codec_fmt(w, "free", "%zu", m.fordblks);
	codec_section_end(w);
}

/* Packets that no SA counts: list-sas has those of the SAs. */
static void put_drops(struct wbuf *w, const struct ipsec_drops *d)
{
	const struct {
		const char *key;
		uint64_t count;
	} rows[] = {
		{"dropped-no-policy", d->no_policy},
		{"dropped-unknown-spi", d->unknown_spi},
		{"dropped-malformed", d->malformed},
		{"dropped-ecn", d->ecn},
		{"dropped-crypto", d->crypto},
		{"dropped-too-big", d->too_big},
		{"dropped-tun", d->tun},
		{"dropped-socket", d->socket},
		{"dropped-behind", d->behind},
	};

	codec_section(w, "datapath");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		codec_fmt(w, rows[i].key, "%" PRIu64, rows[i].count);
	codec_section_end(w);
}

static void put_busy(struct wbuf *w, const struct vici_busy *b)
{
	codec_section(w, "busy");
	codec_fmt(w, "message", "%" PRIu64, b->message);
	codec_fmt(w, "result", "%" PRIu64, b->result);
	codec_fmt(w, "timer", "%" PRIu64, b->timer);
	codec_section_end(w);
}

void cmd_info_stats(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	struct wbuf *w = server_call_reply(call);
	struct ike_stats stats;
	unsigned active;

	ike_get_stats(c->ike, &stats);
	active = stats.jobs < c->workers ? stats.jobs : c->workers;
	put_uptime(w, c->started);
	codec_section(w, "workers");
	codec_fmt(w, "total", "%u", c->workers);
	codec_fmt(w, "idle", "%u", c->workers - active);
	put_priorities(w, "active", active);
	codec_section_end(w);
	put_priorities(w, "queues", stats.jobs - active);
	codec_text(w, "scheduled", "0");
	codec_section(w, "ikesas");
	codec_fmt(w, "total", "%u", stats.sas);
	codec_fmt(w, "half-open", "%u", stats.half_open);
	codec_section_end(w);
	put_drops(w, &stats.drops);
	put_busy(w, &c->busy);
	codec_list(w, "plugins");
	codec_item(w, view_str("cygnet"));
	codec_item(w, view_str("openssl"));
	codec_item(w, view_str("vici"));
	if (c->backend)
		codec_item(w, view_str(c->backend));
	codec_list_end(w);
	put_memory(w);
}

void cmd_info_reload(struct server_call *call)
{
	struct vici_context *c = cmd_context(call);
	char *why = NULL;
	int rc = c->reload(c->ctx, &why);

	if (rc && why)
		cmd_fail(call, "%s", why);
	else
		cmd_finish(call, rc);
	free(why);
}

/* ---- algorithms ----------------------------------------------------------------------------- */

static void put_rows(struct wbuf *w, const char *section, uint8_t type, bool aead)
{
	const struct alg *a;

	codec_section(w, section);
	for (size_t i = 0; (a = alg_at(i)) != NULL; i++) {
		if (a->type == type && (type != ALG_ENCR || a->u.encr.aead == aead))
			codec_text(w, a->name, a->impl);
	}
	codec_section_end(w);
}

/* What has no row of its own: it comes from OpenSSL, or is built on the PRFs. */
static void put_fixed(struct wbuf *w, const char *section, const char *const *names,
		      const char *impl)
{
	codec_section(w, section);
	for (; *names; names++)
		codec_text(w, *names, impl);
	codec_section_end(w);
}

void cmd_info_algorithms(struct server_call *call)
{
	static const char *const hashers[] = {"HASH_SHA1",     "HASH_SHA2_256", "HASH_SHA2_384",
					      "HASH_SHA2_512", "HASH_IDENTITY", NULL};
	static const char *const kdfs[] = {"KDF_PRF", "KDF_PRF_PLUS", NULL};
	static const char *const none[] = {NULL};
	static const char *const rngs[] = {"RNG_WEAK", "RNG_STRONG", "RNG_TRUE", NULL};
	static const char *const nonces[] = {"NONCE_GEN", NULL};
	struct wbuf *w = server_call_reply(call);

	put_rows(w, "encryption", ALG_ENCR, false);
	put_rows(w, "integrity", ALG_INTEG, false);
	put_rows(w, "aead", ALG_ENCR, true);
	put_fixed(w, "hasher", hashers, "openssl");
	put_rows(w, "prf", ALG_PRF, false);
	put_fixed(w, "xof", none, "openssl");
	put_fixed(w, "kdf", kdfs, "cygnet");
	put_fixed(w, "drbg", none, "openssl");
	put_rows(w, "ke", ALG_KE, false);
	put_fixed(w, "rng", rngs, "openssl");
	put_fixed(w, "nonce-gen", nonces, "openssl");
}
