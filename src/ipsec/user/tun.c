/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "ipsec/rtnl.h"

#define DEVICE "/dev/net/tun"

static int device_missing(struct log *log)
{
	const int number = errno;

	if (number == EACCES || number == EPERM) {
		log_print(log, NULL, LOG_KNL, LOG_AUDIT,
			  "opening " DEVICE
			  " failed: %s; the daemon must be allowed to use it (root,"
			  " or --device " DEVICE " --cap-add NET_ADMIN for a container)",
			  strerror(number));
		return E_PERM;
	}
	if (number == ENOENT || number == ENODEV || number == ENXIO) {
		log_print(log, NULL, LOG_KNL, LOG_AUDIT,
			  "opening " DEVICE
			  " failed: %s; load the kernel's module (modprobe tun), or"
			  " give a container the device (--device " DEVICE ")",
			  strerror(number));
		return E_NOTFOUND;
	}
	log_print(log, NULL, LOG_KNL, LOG_AUDIT, "opening " DEVICE " failed: %s", strerror(number));
	return E_IO;
}

static int device_refused(const char *name, struct log *log)
{
	const int number = errno;

	if (number == EPERM) {
		log_print(log, NULL, LOG_KNL, LOG_AUDIT,
			  "creating TUN device %s failed: %s; the daemon needs CAP_NET_ADMIN "
			  "(root, or"
			  " --cap-add NET_ADMIN for a container)",
			  name, strerror(number));
		return E_PERM;
	}
	if (number == EBUSY || number == EINVAL) {
		log_print(log, NULL, LOG_KNL, LOG_AUDIT,
			  "creating TUN device %s failed: %s; is there a device of this name, or"
			  " another daemon?",
			  name, strerror(number));
		return E_BUSY;
	}
	log_print(log, NULL, LOG_KNL, LOG_AUDIT, "creating TUN device %s failed: %s", name,
		  strerror(number));
	return E_IO;
}

int tun_open(const char *name, struct log *log, struct tun *out)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd;

	if (strlen(name) >= sizeof(request.ifr_name)) {
		log_print(log, NULL, LOG_KNL, LOG_AUDIT,
			  "TUN device name '%s' is too long: at most %zu characters", name,
			  sizeof(request.ifr_name) - 1);
		return E_LIMIT;
	}
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return device_missing(log);
	if (ioctl(fd, TUNSETIFF, &request) != 0) {
		const int err = device_refused(name, log);

		close(fd);
		return err;
	}
	out->fd = fd;
	snprintf(out->name, sizeof(out->name), "%s", request.ifr_name);
	out->ifindex = if_nametoindex(out->name);
	return 0;
}

int tun_up(const struct tun *t, unsigned mtu, struct log *log)
{
	struct rtnl *n;
	int err = rtnl_open(&n);

	if (err == 0) {
		err = rtnl_link_up(n, t->ifindex, mtu);
		rtnl_free(n);
	}
	if (err != 0)
		log_print(log, NULL, LOG_KNL, LOG_AUDIT,
			  "switching on TUN device %s with MTU %u failed: %s", t->name, mtu,
			  err == E_IO ? strerror(errno) : err_text(err));
	return err;
}

void tun_done(struct tun *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
