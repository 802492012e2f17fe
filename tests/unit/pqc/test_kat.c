/* SPDX-License-Identifier: Apache-2.0 */
/* Every row of the library against the digests of 100-record transcripts, at every CPU level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kat.h"
#include "pqc/cpu.h"
#include "pqc/sha2/sha2.h"

#define LOWER_RECORDS 3 /* at levels below the highest */
#define MAX_ROWS      64

static void hex(char *out, const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", in[i]);
}

/* The digest that the committed file has for a name. */
static int expected_digest(const char *name, char *out)
{
	FILE *f = fopen(VECTORS_DIR "/digests.txt", "r");
	char line[256], found[64], digest[72];
	int known = 0;

	assert_non_null(f);
	while (!known && fgets(line, sizeof(line), f))
		known = sscanf(line, "%63s %71s", found, digest) == 2 && strcmp(found, name) == 0;
	fclose(f);
	if (known)
		memcpy(out, digest, 65);
	return known;
}

static char *transcript(const char *name, unsigned n, size_t *out_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, out_len);

	assert_non_null(f);
	assert_int_equal(kat_print(name, n, f), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_digest(void **state)
{
	const char *name = *state;
	char expected[65] = "", actual[65];
	uint8_t digest[SHA2_256_LEN];
	size_t len, short_len;
	char *text, *beginning;

	assert_true(expected_digest(name, expected));
	pqc_cpu_limit(pqc_cpu_highest());
	text = transcript(name, KAT_ALL_RECORDS, &len);
	sha2_256(text, len, digest);
	hex(actual, digest, sizeof(digest));
	assert_string_equal(actual, expected);
	for (int level = 0; level < (int)pqc_cpu_highest(); level++) {
		pqc_cpu_limit((enum pqc_cpu_level)level);
		beginning = transcript(name, LOWER_RECORDS, &short_len);
		assert_true(short_len < len);
		assert_memory_equal(beginning, text, short_len);
		free(beginning);
	}
	free(text);
}

int main(void)
{
	struct CMUnitTest tests[MAX_ROWS];
	size_t n = 0;
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;

	for (size_t i = 0; (kem = pqc_kem_at(i)) && n < MAX_ROWS; i++)
		tests[n++] = (struct CMUnitTest){kem->name, test_digest, NULL, NULL,
						 (void *)(uintptr_t)kem->name};
	for (size_t i = 0; (sig = pqc_sig_at(i)) && n < MAX_ROWS; i++)
		tests[n++] = (struct CMUnitTest){sig->name, test_digest, NULL, NULL,
						 (void *)(uintptr_t)sig->name};
	return _cmocka_run_group_tests("kat", tests, n, NULL, NULL);
}
