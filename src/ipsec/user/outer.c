/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/outer.h"

#include <errno.h>
#include <string.h>

int outer_prepare(int fd, uint8_t family)
{
	const int on = 1;
	const int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	const int name = family == AF_INET ? IP_RECVTOS : IPV6_RECVTCLASS;

	return setsockopt(fd, level, name, &on, sizeof(on)) == 0 ? 0 : E_IO;
}

static void read_control(struct msghdr *m, struct esp_packet *p)
{
	struct in_pktinfo v4;
	struct in6_pktinfo v6;
	int class;

	p->tos = 0;
	p->local = (struct addr){.family = p->remote.family};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			memcpy(p->local.ip, &v4.ipi_spec_dst, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			memcpy(p->local.ip, &v6.ipi6_addr, 16);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			p->tos = *CMSG_DATA(c);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			memcpy(&class, CMSG_DATA(c), sizeof(class));
			p->tos = (uint8_t) class;
		}
	}
}

size_t outer_recv(struct outer *o, int fd, struct esp_packet *packets, size_t n)
{
	size_t taken = 0;
	int got;

	for (size_t i = 0; i < n; i++) {
		o->iovs[i] = (struct iovec){packets[i].buf, ESP_PACKET_MAX};
		o->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &o->peers[i],
			.msg_namelen = sizeof(o->peers[i]),
			.msg_iov = &o->iovs[i],
			.msg_iovlen = 1,
			.msg_control = o->control[i],
			.msg_controllen = OUTER_CONTROL,
		};
	}
	got = recvmmsg(fd, o->msgs, (unsigned)n, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++) {
		/* One from nowhere leaves a gap: its buffer changes places with a later one's. */
		struct esp_packet *p = &packets[taken];
		uint8_t *buf = packets[i].buf;

		packets[i].buf = p->buf;
		p->buf = buf;
		if (addr_from_sockaddr(&p->remote, (struct sockaddr *)&o->peers[i]) != 0)
			continue;
		p->at = 0;
		p->len = o->msgs[i].msg_len;
		read_control(&o->msgs[i].msg_hdr, p);
		taken++;
	}
	return taken;
}

static void *put_control(struct msghdr *m, int level, int type, size_t len)
{
	struct cmsghdr *c;
	uint8_t *at = (uint8_t *)m->msg_control + m->msg_controllen;

	c = (struct cmsghdr *)(void *)at;
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	m->msg_controllen += CMSG_SPACE(len);
	return CMSG_DATA(c);
}

static void write_control(struct msghdr *m, const struct esp_packet *p)
{
	const int tos = p->tos;

	if (p->remote.family == AF_INET) {
		struct in_pktinfo info = {0};

		memcpy(&info.ipi_spec_dst, p->local.ip, 4);
		memcpy(put_control(m, IPPROTO_IP, IP_PKTINFO, sizeof(info)), &info, sizeof(info));
		memcpy(put_control(m, IPPROTO_IP, IP_TOS, sizeof(tos)), &tos, sizeof(tos));
	} else {
		struct in6_pktinfo info = {0};

		memcpy(&info.ipi6_addr, p->local.ip, 16);
		memcpy(put_control(m, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info)), &info,
		       sizeof(info));
		memcpy(put_control(m, IPPROTO_IPV6, IPV6_TCLASS, sizeof(tos)), &tos, sizeof(tos));
	}
}

size_t outer_send(struct outer *o, int fd, uint8_t family, struct esp_packet *packets, size_t n)
{
	unsigned count = 0, done = 0;
	size_t lost = 0;

	for (size_t i = 0; i < n; i++) {
		struct esp_packet *p = &packets[i];
		struct msghdr *m = &o->msgs[count].msg_hdr;

		if (p->err != 0 || p->remote.family != family)
			continue;
		o->iovs[count] = (struct iovec){esp_data(p), p->len};
		*m = (struct msghdr){
			.msg_name = &o->peers[count],
			.msg_namelen = addr_to_sockaddr(&p->remote, &o->peers[count]),
			.msg_iov = &o->iovs[count],
			.msg_iovlen = 1,
			.msg_control = o->control[count],
		};
		write_control(m, p);
		count++;
	}
	while (done < count) {
		const int sent = sendmmsg(fd, o->msgs + done, count - done, MSG_DONTWAIT);

		if (sent > 0) {
			done += (unsigned)sent;
		} else if (errno != EINTR) { /* this one cannot go; perhaps the others can */
			done++;
			lost++;
		}
	}
	return lost;
}
