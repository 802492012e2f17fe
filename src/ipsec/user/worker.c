/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "ipsec/user/esp_in.h"
#include "ipsec/user/esp_out.h"
#include "ipsec/user/hold.h"
#include "ipsec/user/icmp.h"
#include "ipsec/user/outer.h"

#define INBOX	   64	/* a power of two */
#define ACQUIRE_MS 1000 /* between two reports of the same trap */
#define UDP_HEADER 8
#define MIN_MTU_V4 576	/* below this we rather fragment the outer packet */
#define MIN_MTU_V6 1280 /* RFC 8200 section 5 */
/* Not a multiple of a power of two: buffers 64 KiB apart would fight for the same cache lines. */
#define BUFFER_STEP (ESP_ROOM + 2048 + 192 - ESP_ROOM % 64)

struct inbox_slot {
	struct addr local, remote;
	size_t len;
	uint8_t *buf;
};

/* From the engine to the worker. */
struct inbox {
	_Atomic uint32_t head, tail;
	struct inbox_slot slots[INBOX];
	uint8_t *buffers;
};

struct worker {
	struct worker_params p;
	pthread_t thread;
	bool running;
	int wake_fd;
	_Atomic bool stop;
	struct epoch_reader reader;
	struct notice_ring notices;
	struct inbox inbox;
	struct esp_ctx esp;
	struct icmp_limit icmp;
	struct outer outer;
	struct hold hold;
	uint64_t seen; /* generation of the table that held packets were tried with */
	struct esp_packet packets[ESP_BATCH];
	uint8_t *buffers;
};

static void wake(int fd)
{
	const uint64_t one = 1;

	/* It fails only when it is awake already. */
	(void)!write(fd, &one, sizeof(one));
}

static void write_tun(struct worker *w, const uint8_t *data, size_t len)
{
	ssize_t n;

	do
		n = write(w->p.tun_fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		esp_count(&w->esp.drops.tun, 1);
}

/*
 * An inner packet that may not be fragmented, and whose outer one would be: tell its sender the
 * size that fits (RFC 4301 section 8.2.1). err becomes E_LIMIT then.
 */
static void check_size(struct worker *w, struct esp_packet *p)
{
	const struct sad_path *path = atomic_load(&p->out->pair->path);
	const struct sad_format *f = &p->out->format;
	const size_t headers = (path->remote.family == AF_INET6 ? 40 : 20) + UDP_HEADER;
	const size_t least = p->info.key.family == AF_INET6 ? MIN_MTU_V6 : MIN_MTU_V4;
	uint8_t message[ICMP_MAX];
	size_t room, len;

	if (!p->info.df || esp_out_len(f, p->len) + headers <= w->p.outer_mtu)
		return;
	room = w->p.outer_mtu > headers ? esp_out_room(f, w->p.outer_mtu - headers) : 0;
	if (room < least)
		room = least;
	if (p->len <= room)
		return;
	p->err = E_LIMIT;
	esp_count(&w->esp.drops.too_big, 1);
	if (!icmp_allowed(&w->icmp, w->esp.now))
		return;
	len = icmp_too_big(view_make(esp_data(p), p->len), room, message);
	if (len > 0)
		write_tun(w, message, len);
}

static void send_all(struct worker *w, size_t n)
{
	size_t lost = 0;

	if (w->p.udp4_fd >= 0)
		lost += outer_send(&w->outer, w->p.udp4_fd, AF_INET, w->packets, n);
	if (w->p.udp6_fd >= 0)
		lost += outer_send(&w->outer, w->p.udp6_fd, AF_INET6, w->packets, n);
	if (lost > 0)
		esp_count(&w->esp.drops.socket, lost);
}

/*
 * A packet met a trap: ask for its SA, which may take a while, so not for each packet. The last
 * one waits for it.
 */
static void wait_for_sa(struct worker *w, struct esp_packet *p)
{
	const struct notice n = {
		.kind = NOTICE_ACQUIRE,
		.handle = p->trap->handle,
		.packet = p->info.key,
	};
	const uint64_t now = w->esp.now;

	/* What was told before its SA came and went is told again. */
	if ((p->trap->told_in != w->esp.table->generation ||
	     now - p->trap->told_at >= ACQUIRE_MS) &&
	    notice_push(&w->notices, &n)) {
		p->trap->told_in = w->esp.table->generation;
		p->trap->told_at = now;
		w->esp.told = true;
	}
	esp_count(&w->esp.drops.no_policy,
		  hold_put(&w->hold, p->trap->handle, now, view_make(esp_data(p), p->len)));
}

/* Whether a packet has an SA, and fits. */
static bool may_go(struct worker *w, struct esp_packet *p)
{
	if (p->err == 0)
		check_size(w, p);
	return p->err == 0;
}

/* The first n packets. */
static void seal_and_send(struct worker *w, size_t n)
{
	if (n == 0)
		return;
	esp_out_seal(&w->esp, w->packets, n);
	send_all(w, n);
}

/* Packets that waited go where the policies lead them now. */
static void try_held(struct worker *w)
{
	size_t n = 0;

	w->seen = w->esp.table->generation;
	esp_count(&w->esp.drops.no_policy, hold_expire(&w->hold, w->esp.now));
	for (size_t i = 0; i < HOLD_MAX; i++) {
		struct hold_packet *held = &w->hold.packets[i];
		struct esp_packet *p = &w->packets[n];

		if (held->trap == 0)
			continue;
		p->at = ESP_HEADROOM;
		p->len = held->len;
		memcpy(esp_data(p), held->data, held->len);
		esp_out_find(&w->esp, p);
		if (p->err == E_BUSY)
			continue;
		hold_drop(held);
		n += may_go(w, p);
	}
	seal_and_send(w, n);
}

/* A read gives one packet; there is no call that gives more. */
static void from_tun(struct worker *w)
{
	size_t n = 0;

	while (n < ESP_BATCH) {
		struct esp_packet *p = &w->packets[n];
		const ssize_t len = read(w->p.tun_fd, p->buf + ESP_HEADROOM, ESP_PACKET_MAX);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		p->at = ESP_HEADROOM;
		p->len = (size_t)len;
		esp_out_find(&w->esp, p);
		if (p->err == E_BUSY)
			wait_for_sa(w, p);
		n += may_go(w, p);
	}
	seal_and_send(w, n);
}

/*
 * The table is taken after the packets: their SAs were in it before the peer could send. That of
 * the round may be older, for nobody knows how long a worker waits for a processor.
 */
static void to_tun(struct worker *w, struct esp_packet *packets, size_t n)
{
	w->esp.table = sad_table(w->p.sad);
	esp_in_open(&w->esp, packets, n);
	for (size_t i = 0; i < n; i++)
		if (packets[i].err == 0)
			write_tun(w, esp_data(&packets[i]), packets[i].len);
}

static void from_udp(struct worker *w, int fd)
{
	const size_t n = outer_recv(&w->outer, fd, w->packets, ESP_BATCH);

	if (n > 0)
		to_tun(w, w->packets, n);
}

static void from_inbox(struct worker *w)
{
	struct inbox *in = &w->inbox;
	const uint32_t tail = atomic_load_explicit(&in->tail, memory_order_relaxed);
	const uint32_t head = atomic_load_explicit(&in->head, memory_order_acquire);
	struct esp_packet packets[INBOX];
	size_t n = 0;

	for (uint32_t i = tail; i != head; i++) {
		const struct inbox_slot *slot = &in->slots[i % INBOX];

		packets[n++] = (struct esp_packet){
			.buf = slot->buf,
			.len = slot->len,
			.local = slot->local,
			.remote = slot->remote,
		};
	}
	to_tun(w, packets, n);
	atomic_store_explicit(&in->tail, head, memory_order_release);
}

bool worker_input(struct worker *w, struct view esp, const struct addr *local,
		  const struct addr *remote)
{
	struct inbox *in = &w->inbox;
	const uint32_t head = atomic_load_explicit(&in->head, memory_order_relaxed);
	struct inbox_slot *slot = &in->slots[head % INBOX];

	if (esp.len > ESP_PACKET_MAX ||
	    head - atomic_load_explicit(&in->tail, memory_order_acquire) == INBOX)
		return false;
	slot->local = *local;
	slot->remote = *remote;
	slot->len = esp.len;
	memcpy(slot->buf, esp.ptr, esp.len);
	atomic_store_explicit(&in->head, head + 1, memory_order_release);
	wake(w->wake_fd);
	return true;
}

static void rest(struct worker *w, struct pollfd *fds, nfds_t n)
{
	epoch_leave(&w->reader);
	if (epoch_wanted(&w->p.sad->epoch))
		wake(w->p.event_fd);
	if (poll(fds, n, -1) < 0)
		for (nfds_t i = 0; i < n; i++)
			fds[i].revents = 0;
	epoch_enter(&w->p.sad->epoch, &w->reader);
	w->esp.table = sad_table(w->p.sad);
	w->esp.now = w->p.now(w->p.hook_ctx);
}

/* Somebody deleted the device. It would be readable for ever, and never again be of use. */
static void lose_tun(struct worker *w, struct pollfd *fd)
{
	fd->fd = -1;
	log_print(w->p.log, NULL, LOG_KNL, LOG_AUDIT,
		  "the TUN device is gone: nothing passes the tunnels until the daemon restarts");
}

static void *run(void *arg)
{
	struct worker *w = arg;
	const bool receive = w->p.receive;
	struct pollfd fds[] = {
		{w->wake_fd, POLLIN, 0},
		{w->p.tun_fd, POLLIN, 0},
		{receive ? w->p.udp4_fd : -1, POLLIN, 0},
		{receive ? w->p.udp6_fd : -1, POLLIN, 0},
	};

	log_set_thread(w->p.number);
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		uint64_t count;

		rest(w, fds, sizeof(fds) / sizeof(fds[0]));
		if (w->seen != w->esp.table->generation)
			try_held(w);
		if (fds[0].revents) {
			(void)!read(w->wake_fd, &count, sizeof(count));
			from_inbox(w);
		}
		if (fds[1].revents & POLLIN)
			from_tun(w);
		else if (fds[1].revents)
			lose_tun(w, &fds[1]);
		if (fds[2].revents)
			from_udp(w, w->p.udp4_fd);
		if (fds[3].revents)
			from_udp(w, w->p.udp6_fd);
		if (w->esp.told) {
			w->esp.told = false;
			wake(w->p.event_fd);
		}
	}
	epoch_leave(&w->reader);
	return NULL;
}

static int make_buffers(struct worker *w)
{
	w->buffers = malloc((size_t)ESP_BATCH * BUFFER_STEP);
	w->inbox.buffers = malloc((size_t)INBOX * BUFFER_STEP);
	if (!w->buffers || !w->inbox.buffers)
		return E_NOMEM;
	for (size_t i = 0; i < ESP_BATCH; i++)
		w->packets[i].buf = w->buffers + i * BUFFER_STEP;
	for (size_t i = 0; i < INBOX; i++)
		w->inbox.slots[i].buf = w->inbox.buffers + i * BUFFER_STEP;
	return 0;
}

/* Signals are for the thread that runs the loop. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->running = failed == 0;
	return failed ? E_IO : 0;
}

int worker_start(const struct worker_params *params, struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return E_NOMEM;
	w->p = *params;
	w->esp.notices = &w->notices;
	w->esp.random = params->random;
	w->esp.random_ctx = params->hook_ctx;
	list_init(&w->reader.link);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = w->wake_fd < 0 ? E_IO : make_buffers(w);
	if (err == 0)
		err = hold_init(&w->hold);
	if (err == 0) {
		epoch_add_reader(&params->sad->epoch, &w->reader);
		err = start_thread(w);
	}
	if (err != 0) {
		worker_stop(w);
		return err;
	}
	*out = w;
	return 0;
}

void worker_stop(struct worker *w)
{
	if (!w)
		return;
	atomic_store(&w->stop, true);
	if (w->running) {
		wake(w->wake_fd);
		pthread_join(w->thread, NULL);
	}
	epoch_remove_reader(&w->reader);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	free(w->buffers);
	free(w->inbox.buffers);
	hold_done(&w->hold);
	free(w);
}

void worker_look(struct worker *w)
{
	wake(w->wake_fd);
}

bool worker_notice(struct worker *w, struct notice *out)
{
	return notice_pop(&w->notices, out);
}

const struct esp_drops *worker_drops(const struct worker *w)
{
	return &w->esp.drops;
}
