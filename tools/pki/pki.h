/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_PKI_H
#define PKI_PKI_H

#include "base/err.h"
#include "tools/pki/opt.h"

/* A command of cygnet-pki: `pki --gen ...`. Each stands in a file of its own. */
struct pki_command {
	const char *name; /* "gen" */
	char letter;	  /* 'g' */
	const char *summary;
	const struct opt_row *options; /* ended by a row without a name */
	/* Do it. PKI_*; what went wrong has been said. */
	int (*run)(const struct opts *given);
};

/* What the program exits with; the last two are of --verify. */
enum pki_status { PKI_OK = 0, PKI_FAILED = 1, PKI_NOT_VALID_NOW = 2 };

extern const struct pki_command pki_gen_command, pki_self_command, pki_issue_command,
	pki_req_command, pki_print_command, pki_signcrl_command, pki_verify_command,
	pki_keyid_command, pki_pub_command, pki_dn_command;

/* Complain on standard error as "pki --gen: ...", with a newline. Always PKI_FAILED. */
int pki_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for something that does not stop the work. */
void pki_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* pki_fail() with OpenSSL's last reason behind it, if it has given one. */
int pki_fail_openssl(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Find and run the command of a command line. PKI_*. */
int pki_run(int argc, char **argv);

#endif
