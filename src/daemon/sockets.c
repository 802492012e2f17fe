/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/settings.h"
#include "ipsec/user/user.h"

#define MARKER	   4 /* bytes */
#define PACKET_MAX 65535

static const uint8_t families[2] = {AF_INET, AF_INET6};

static void report(struct log *log, int err, uint16_t port, const char *option)
{
	if (err == E_BUSY)
		log_print(log, NULL, LOG_NET, LOG_AUDIT,
			  "UDP port %u is already in use: stop the other IKE daemon, or set %s",
			  port, option);
	else if (err == E_PERM)
		log_print(log, NULL, LOG_NET, LOG_AUDIT,
			  "opening UDP port %u (%s) is not permitted: run as root, or give "
			  "CAP_NET_BIND_SERVICE and CAP_NET_ADMIN",
			  port, option);
	else
		log_print(log, NULL, LOG_NET, LOG_AUDIT, "opening UDP port %u (%s) failed: %s",
			  port, option, err == E_IO ? strerror(errno) : err_text(err));
}

struct request {
	struct log *log;
	const char *option;
	uint16_t port;
	enum udp_share share;
	bool use[2];
};

/* Both families on one port, which is a random one if the request's is 0. */
static int open_pair(const struct request *r, struct udp *out[2], uint16_t *out_port)
{
	uint16_t port = r->port;
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		const struct udp_params params = {.family = families[i],
						  .port = port,
						  .share = r->share,
						  .mark = IPSEC_USER_MARK};

		if (!r->use[i])
			continue;
		err = udp_open(&params, &out[i]);
		if (!err)
			port = udp_port(out[i]);
		else if (err == E_UNSUPPORTED)
			err = 0;
		else
			report(r->log, err, port, r->option);
	}
	if (!err && !out[0] && !out[1]) {
		err = E_UNSUPPORTED;
		report(r->log, err, port, r->option);
	}
	*out_port = port;
	return err;
}

int sockets_open(const struct settings *settings, struct log *log, struct sockets *out)
{
	struct request r = {
		.log = log,
		.option = "charon.port",
		.port = (uint16_t)settings_u64(settings, "charon.port"),
		.share = UDP_ALONE,
		.use = {settings_bool(settings, "charon.plugins.socket-default.use_ipv4"),
			settings_bool(settings, "charon.plugins.socket-default.use_ipv6")},
	};
	struct sockets s = {.packet = malloc(PACKET_MAX)};
	int err = s.packet ? open_pair(&r, s.ike, &s.port) : E_NOMEM;

	if (!err) {
		r.option = "charon.port_nat_t";
		r.port = (uint16_t)settings_u64(settings, r.option);
		r.share = UDP_SHARED;
		err = open_pair(&r, s.natt, &s.port_natt);
	}
	if (err) {
		sockets_done(&s);
		return err;
	}
	*out = s;
	return 0;
}

void sockets_done(struct sockets *s)
{
	for (int i = 0; i < 2; i++) {
		udp_free(s->ike[i]);
		udp_free(s->natt[i]);
	}
	free(s->packet);
	*s = (struct sockets){0};
}

size_t sockets_list(const struct sockets *s, struct udp *out[SOCKETS_MAX])
{
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		if (s->ike[i])
			out[n++] = s->ike[i];
		if (s->natt[i])
			out[n++] = s->natt[i];
	}
	return n;
}

bool sockets_is_natt(const struct sockets *s, const struct udp *u)
{
	return u == s->natt[0] || u == s->natt[1];
}

static struct udp *of_family(struct udp *const pair[2], uint8_t family)
{
	return pair[family == AF_INET6];
}

int sockets_send(struct sockets *s, const struct addr *local, const struct addr *remote,
		 struct view message)
{
	const bool natt = local->port == s->port_natt;
	struct udp *u = of_family(natt ? s->natt : s->ike, remote->family);

	if (!u)
		return E_UNSUPPORTED;
	if (!natt)
		return udp_send(u, local, remote, message);
	if (message.len > PACKET_MAX - MARKER)
		return E_LIMIT;
	memset(s->packet, 0, MARKER);
	memcpy(s->packet + MARKER, message.ptr, message.len);
	return udp_send(u, local, remote, view_make(s->packet, MARKER + message.len));
}

int sockets_keepalive(struct sockets *s, const struct addr *local, const struct addr *remote)
{
	static const uint8_t octet = 0xff;
	struct udp *u = of_family(s->natt, remote->family);

	return u ? udp_send(u, local, remote, view_make(&octet, 1)) : E_UNSUPPORTED;
}

enum sockets_kind sockets_sort(struct view *datagram)
{
	struct rbuf r;
	uint32_t spi;

	rbuf_init(&r, *datagram);
	if (rbuf_u32(&r, &spi) != 0)
		return SOCKETS_NOISE;
	if (spi != 0)
		return SOCKETS_ESP;
	*datagram = rbuf_rest(&r);
	return SOCKETS_IKE;
}
