/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "conf/value.h"
#include "cygnet-config.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/setup.h"
#include "provider/provider.h"

enum { STATUS_FAILED = 1, STATUS_USAGE = 2 };

static const char usage[] =
	"Usage: cygnetd [OPTION]...\n"
	"The Cygnet IKEv2/IPsec daemon. It stays in the foreground.\n"
	"\n"
	"  --debug N        log everything up to level N (-1 to 4) to stderr\n"
	"  --debug-GRP N    the same for one group: dmn, mgr, ike, chd, job, cfg, knl, net, asn,\n"
	"                   enc, tls, esp, lib\n"
	"  -h, --help       show this\n"
	"  -v, --version    show the version\n"
	"\n"
	"STRONGSWAN_CONF names another file than " CYGNET_SYSCONFDIR
	"/strongswan.conf, SWANCTL_DIR\n"
	"another directory than " CYGNET_SYSCONFDIR "/swanctl.\n";

/* "--debug" or "--debug-GRP", maybe with "=N". Returns how many arguments it took; 0: a mistake. */
static int take_debug(struct filelog_levels *forced, const char *arg, const char *next)
{
	const char *equals = strchr(arg, '='), *group_name = arg + strlen("--debug");
	const char *text = equals ? equals + 1 : next;
	enum log_group group = LOG_N_GROUPS;
	char name[16];
	int level;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(group_name, "="), group_name);
	if (name[0] && (name[0] != '-' || log_group_parse(name + 1, &group) != 0))
		return 0;
	if (!text || value_level(text, &level) != 0)
		return 0;
	for (unsigned i = 0; i < LOG_N_GROUPS; i++) {
		if (group == LOG_N_GROUPS || i == group)
			forced->levels[i] = level;
	}
	forced->any = true;
	return equals ? 1 : 2;
}

/* -1: run; else the exit status. */
static int parse_arguments(struct daemon *d, int argc, char **argv)
{
	for (unsigned i = 0; i < LOG_N_GROUPS; i++)
		d->forced.levels[i] = FILELOG_NOT_FORCED;
	for (int i = 1; i < argc;) {
		int taken = 0;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		}
		if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-v") == 0) {
			puts("cygnetd " CYGNET_VERSION);
			return EXIT_SUCCESS;
		}
		if (strncmp(argv[i], "--debug", 7) == 0)
			taken = take_debug(&d->forced, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
		if (taken == 0) {
			fprintf(stderr, "cygnetd: unknown option or bad level: %s\n%s", argv[i],
				usage);
			return STATUS_USAGE;
		}
		i += taken;
	}
	return -1;
}

int main(int argc, char **argv)
{
	static struct daemon d; /* too large for a stack frame that lives so long */
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	const char *path = getenv("STRONGSWAN_CONF");
	int status = parse_arguments(&d, argc, argv);

	if (status >= 0)
		return status;
	/* Before anything asks which algorithms there are. */
	if (provider_load() != 0) {
		fputs("cygnetd: OpenSSL does not take the post-quantum provider\n", stderr);
		return STATUS_FAILED;
	}
	status = uv_loop_init(&d.uv);
	if (status) {
		fprintf(stderr, "cygnetd: no event loop: %s\n", uv_strerror(status));
		return STATUS_FAILED;
	}
	/* Clients and log readers may hang up. */
	sigaction(SIGPIPE, &ignore, NULL);
	loop_hold_signals(true);
	d.conf_path = path && *path ? path : CYGNET_SYSCONFDIR "/strongswan.conf";
	status = setup_daemon(&d) == 0 && loop_run(&d) == 0 ? EXIT_SUCCESS : STATUS_FAILED;
	if (!setup_undo(&d))
		_exit(status);
	return status;
}
