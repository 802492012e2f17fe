/* SPDX-License-Identifier: Apache-2.0 */
/* pqc-kat NAME [COUNT]: the known-answer transcript of an algorithm; without a name, all names. */
#include <stdio.h>
#include <stdlib.h>

#include "kat.h"
#include "pqc/pqc.h"

static int list_names(void)
{
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;

	for (size_t i = 0; (kem = pqc_kem_at(i)); i++)
		puts(kem->name);
	for (size_t i = 0; (sig = pqc_sig_at(i)); i++)
		puts(sig->name);
	return 0;
}

int main(int argc, char **argv)
{
	char *end = NULL;
	unsigned long count = argc > 2 ? strtoul(argv[2], &end, 10) : KAT_ALL_RECORDS;

	if (argc == 1)
		return list_names();
	if (argc > 3 || (end && *end) || count < 1 || count > KAT_ALL_RECORDS) {
		fprintf(stderr, "usage: pqc-kat [NAME [COUNT, 1 to %d]]\n", KAT_ALL_RECORDS);
		return 2;
	}
	return kat_print(argv[1], (unsigned)count, stdout) ? 1 : 0;
}
