/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a tunnel without IKE: the user datapath with the fixed keys of pair.h, told what to do
 * by lines on stdin. For test_netns.py, which runs one in each of two network namespaces.
 *
 *   esp_pair SIDE LOCAL REMOTE TS_LOCAL TS_REMOTE [alone]
 *
 * Selectors are blank-separated lists. alone: the sockets for IKE do not share their port, as on a
 * kernel that cannot steer, so ESP is handed over.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ipsec/user/user.h"
#include "net/udp.h"
#include "pair.h"

#define PORT	    4500
#define GENERATIONS 16

struct end {
	struct ipsec *ipsec;
	unsigned side;
	struct addr local, remote;
	struct ts_list ts_local, ts_remote;
	struct pair_end pairs[GENERATIONS];
	uint32_t handles[GENERATIONS];
	enum udp_share share;
	unsigned ike; /* datagrams that were not ESP */
};

static void say(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
}

static void say_err(int err)
{
	say(err == 0 ? "ok" : err_text(err));
}

static void to_stderr(struct log_sink *sink, const struct log_line *line)
{
	(void)sink;
	fprintf(stderr, "[%s] %s\n", log_group_name(line->group), line->text);
}

static void on_expire(void *ctx, uint32_t handle, bool hard)
{
	(void)ctx;
	(void)handle;
	say(hard ? "event hard" : "event soft");
}

static void on_mapping(void *ctx, uint32_t handle, const struct addr *remote)
{
	const struct end *e = ctx;
	char text[ADDR_TEXT_MAX], line[ADDR_TEXT_MAX + 16];

	/* What the engine would do. */
	if (e->ipsec->ops->update(e->ipsec, handle, &e->local, remote, true) != 0)
		say("event update failed");
	snprintf(line, sizeof(line), "event mapping %s", addr_text_port(remote, text));
	say(line);
}

static void on_ike(void *ctx, struct view data, const struct addr *local, const struct addr *remote)
{
	static const uint8_t marker[4];
	struct end *e = ctx;

	if (data.len > 4 && memcmp(data.ptr, marker, 4) != 0)
		ipsec_user_input(e->ipsec, data, local, remote);
	else
		e->ike++;
}

static int parse_list(char *text, struct ts_list *out)
{
	struct ts ts;
	char *word;
	int err = 0;

	while (err == 0 && (word = strsep(&text, " ")) != NULL) {
		err = ts_parse(&ts, word);
		if (err == 0)
			err = ts_add(out, &ts);
	}
	return err;
}

static const struct ipsec_sa_params *params_of(struct end *e, unsigned generation)
{
	const struct pair_suite suite = pair_default();
	struct pair_end *p = &e->pairs[generation];

	pair_fill(p, &suite, e->side, generation);
	p->p.local = e->local;
	p->p.remote = e->remote;
	p->p.ts_local = &e->ts_local;
	p->p.ts_remote = &e->ts_remote;
	p->p.replay_window = 1024;
	return &p->p;
}

static void command_stats(struct end *e, unsigned g)
{
	struct ipsec_stats s;
	char line[200];
	int err = e->ipsec->ops->query(e->ipsec, e->handles[g], &s);

	if (err != 0) {
		say_err(err);
		return;
	}
	snprintf(line, sizeof(line), "in %ju %ju out %ju %ju dropped %ju %ju %ju ike %u",
		 (uintmax_t)s.in.packets, (uintmax_t)s.in.bytes, (uintmax_t)s.out.packets,
		 (uintmax_t)s.out.bytes, (uintmax_t)s.dropped_policy_in,
		 (uintmax_t)s.dropped_replay, (uintmax_t)s.dropped_auth, e->ike);
	say(line);
}

static void command_drops(struct end *e)
{
	struct ipsec_drops d;
	char line[200];

	ipsec_user_drops(e->ipsec, &d);
	snprintf(line, sizeof(line), "no_policy %ju unknown_spi %ju too_big %ju other %ju",
		 (uintmax_t)d.no_policy, (uintmax_t)d.unknown_spi, (uintmax_t)d.too_big,
		 (uintmax_t)(d.malformed + d.ecn + d.crypto + d.tun + d.socket + d.behind));
	say(line);
}

/* Returns false when it is time to go. */
static bool command(struct end *e, char *line)
{
	const struct ipsec_ops *ops = e->ipsec->ops;
	char *rest = line, *verb = strsep(&rest, " ");
	unsigned g = rest ? (unsigned)strtoul(rest, NULL, 10) % GENERATIONS : 0;
	struct ipsec_sa_params inbound;
	struct addr vip;

	if (strcmp(verb, "quit") == 0)
		return false;
	if (strcmp(verb, "install") == 0) {
		say_err(ops->install(e->ipsec, params_of(e, g), &e->handles[g]));
	} else if (strcmp(verb, "install_in") == 0) {
		inbound = *params_of(e, g);
		inbound.spi_out = 0;
		say_err(ops->install(e->ipsec, &inbound, &e->handles[g]));
	} else if (strcmp(verb, "install_out") == 0) {
		say_err(ops->install_out(e->ipsec, e->handles[g], params_of(e, g)));
	} else if (strcmp(verb, "remove_out") == 0) {
		ops->remove_out(e->ipsec, e->handles[g]);
		say("ok");
	} else if (strcmp(verb, "remove") == 0) {
		ops->remove(e->ipsec, e->handles[g]);
		say("ok");
	} else if (strcmp(verb, "stats") == 0) {
		command_stats(e, g);
	} else if (strcmp(verb, "drops") == 0) {
		command_drops(e);
	} else if (strcmp(verb, "vip") == 0 && rest && addr_parse(&vip, rest) == 0) {
		say_err(ops->add_vip(e->ipsec, &vip));
	} else if (strcmp(verb, "del_vip") == 0 && rest && addr_parse(&vip, rest) == 0) {
		ops->del_vip(e->ipsec, &vip);
		say("ok");
	} else {
		say("what?");
	}
	return true;
}

static void serve(struct end *e, struct udp *ike4, struct udp *ike6)
{
	struct pollfd fds[] = {
		{STDIN_FILENO, POLLIN, 0},
		{ipsec_user_event_fd(e->ipsec), POLLIN, 0},
		{udp_fd(ike4), POLLIN, 0},
		{udp_fd(ike6), POLLIN, 0},
	};
	char line[200];

	for (;;) {
		if (poll(fds, 4, -1) <= 0)
			continue;
		if (fds[1].revents)
			ipsec_user_dispatch(e->ipsec);
		if (fds[2].revents)
			(void)!udp_recv(ike4, on_ike, e);
		if (fds[3].revents)
			(void)!udp_recv(ike6, on_ike, e);
		if (!fds[0].revents)
			continue;
		if (!fgets(line, sizeof(line), stdin))
			return;
		line[strcspn(line, "\n")] = 0;
		if (!command(e, line))
			return;
	}
}

static int run(struct end *e, struct log *log)
{
	struct udp_params socket_params = {
		.family = AF_INET, .port = PORT, .share = e->share, .mark = IPSEC_USER_MARK};
	struct ipsec_user_params params = {
		.log = log,
		.install_routes = true,
		.events = {.ctx = e, .expire = on_expire, .mapping = on_mapping},
	};
	int err = udp_open(&socket_params, &params.ike4);

	socket_params.family = AF_INET6;
	if (err == 0)
		err = udp_open(&socket_params, &params.ike6);
	if (err == 0)
		err = ipsec_user_open(&params, &e->ipsec);
	if (err == 0) {
		say("ready");
		serve(e, params.ike4, params.ike6);
		e->ipsec->ops->close(e->ipsec);
	}
	udp_free(params.ike4);
	udp_free(params.ike6);
	return err;
}

int main(int argc, char **argv)
{
	static struct end e;
	struct log_sink sink = {.write = to_stderr};
	struct log *log = log_new();
	int err;

	if (argc < 6 || argc > 7 || addr_parse(&e.local, argv[2]) != 0 ||
	    addr_parse(&e.remote, argv[3]) != 0 || parse_list(argv[4], &e.ts_local) != 0 ||
	    parse_list(argv[5], &e.ts_remote) != 0) {
		fprintf(stderr, "usage: esp_pair 0|1 LOCAL REMOTE TS_LOCAL TS_REMOTE [alone]\n");
		return 2;
	}
	setvbuf(stdin, NULL, _IONBF, 0);
	e.side = argv[1][0] == '1';
	e.share = argc == 7 ? UDP_ALONE : UDP_SHARED;
	e.local.port = e.remote.port = PORT;
	log_sink_set_all(&sink, LOG_CTRL);
	log_add_sink(log, &sink);
	err = run(&e, log);
	if (err != 0)
		fprintf(stderr, "esp_pair: %s\n", err_text(err));
	log_free(log);
	return err == 0 ? 0 : 1;
}
