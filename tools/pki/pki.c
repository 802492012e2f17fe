/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/pki.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "cygnet-config.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct pki_command *const commands[] = {
	&pki_dn_command,      &pki_gen_command,	   &pki_issue_command, &pki_keyid_command,
	&pki_print_command,   &pki_pub_command,	   &pki_req_command,   &pki_self_command,
	&pki_signcrl_command, &pki_verify_command,
};

/* strongSwan's commands that are not there, and what does their work. */
static const struct absent {
	const char *name;
	char letter;
	const char *instead;
} absent[] = {
	{"acert", 'z', "attribute certificates are used by no connection here"},
	{"est", 'E', "use an EST client"},
	{"estca", 'e', "use an EST client"},
	{"pkcs12", 'u', "use `openssl pkcs12`"},
	{"pkcs7", '7', "use `openssl cms`"},
	{"scep", 'S', "use a SCEP client"},
	{"scepca", 'C', "use a SCEP client"},
};

static const struct pki_command *running;

static void complain(const char *format, va_list args)
{
	fputs("pki", stderr);
	if (running)
		fprintf(stderr, " --%s", running->name);
	fputs(": ", stderr);
	vfprintf(stderr, format, args);
}

int pki_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	fputc('\n', stderr);
	return PKI_FAILED;
}

void pki_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	fputc('\n', stderr);
}

int pki_fail_openssl(const char *format, ...)
{
	unsigned long code;
	const char *data, *reason;
	va_list args;
	int flags;

	code = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	va_start(args, format);
	complain(format, args);
	va_end(args);
	reason = code ? ERR_reason_error_string(code) : NULL;
	if (code && (flags & ERR_TXT_STRING) && data && *data)
		fprintf(stderr, " (%s: %s)", reason ? reason : "error", data);
	else if (reason)
		fprintf(stderr, " (%s)", reason);
	fputc('\n', stderr);
	ERR_clear_error();
	return PKI_FAILED;
}

static void usage(FILE *out)
{
	fprintf(out, "Cygnet %s: keys and certificates\nusage:\n", CYGNET_VERSION);
	for (size_t i = 0; i < COUNT(commands); i++)
		fprintf(out, "  pki --%-8s (-%c)  %s\n", commands[i]->name, commands[i]->letter,
			commands[i]->summary);
	fputs("  pki --COMMAND --help   the options of a command\n", out);
}

/* "--gen", "-g", or "gen" as other tools have it. */
static bool names(const char *word, const char *name, char letter)
{
	if (word[0] == '-' && word[1] == letter && !word[2])
		return true;
	return strcmp(word + (strncmp(word, "--", 2) == 0 ? 2 : 0), name) == 0;
}

static int refuse(const char *word)
{
	const char *known[COUNT(commands)], *near;

	for (size_t i = 0; i < COUNT(absent); i++) {
		if (names(word, absent[i].name, absent[i].letter))
			return pki_fail("--%s is not there: %s", absent[i].name, absent[i].instead);
	}
	for (size_t i = 0; i < COUNT(commands); i++)
		known[i] = commands[i]->name;
	near = str_nearest(word + strspn(word, "-"), known, COUNT(known));
	if (near)
		return pki_fail("unknown command %s; did you mean --%s?", word, near);
	return pki_fail("unknown command %s; --help shows those there are", word);
}

static int run(const struct pki_command *command, int argc, char **argv)
{
	struct opts given;
	int status;

	running = command;
	if (opts_parse(command->options, argc, argv, &given)) {
		status = PKI_FAILED;
	} else if (given.help) {
		opts_usage(command->options, command->name, stdout);
		status = PKI_OK;
	} else {
		status = command->run(&given);
	}
	opts_done(&given);
	return status;
}

int pki_run(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return PKI_FAILED;
	}
	if (names(argv[1], "help", 'h')) {
		usage(stdout);
		return PKI_OK;
	}
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (names(argv[1], commands[i]->name, commands[i]->letter))
			return run(commands[i], argc - 1, argv + 1);
	}
	return refuse(argv[1]);
}
