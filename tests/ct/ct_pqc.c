/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation of libcygnet-pqc that handles a secret, for memcheck: ct-pqc LEVEL [ROW...].
 *
 * All random bytes and the whole private key are marked undefined before an operation, the library
 * releases what is public. Memcheck then reports each branch and each address that depends on the
 * rest (not the operands of a division). Its counts are printed as TAP. tests/ct/run runs this.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "pqc/cpu.h"
#include "pqc/pqc.h"

#define SIGNATURES 3 /* rejected attempts happen at random */

static unsigned cases, failures;

/* Reported under this name; `fault` is what else was wrong, or NULL. */
static void end_case(const char *row, const char *operation, unsigned reports, const char *fault)
{
	bool good = reports == 0 && !fault;

	cases++;
	failures += !good;
	printf("%sok %u - %s %s\n", good ? "" : "not ", cases, row, operation);
	if (reports)
		printf("# %u reports by memcheck\n", reports);
	if (fault)
		printf("# %s\n", fault);
}

static void secret(void *ptr, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(ptr, len);
}

static void release(void *ptr, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(ptr, len);
}

/* Whether anything in it is still marked: else the marks did not reach the result. */
static bool is_marked(const uint8_t *ptr, size_t len)
{
	bool marked = false;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = 0;

		(void)VALGRIND_GET_VBITS(ptr + i, &byte, 1);
		marked |= byte != 0;
	}
	return marked;
}

/* splitmix64: any bytes will do, and a run can be repeated. */
static int fill_secret(void *ctx, uint8_t *out, size_t len)
{
	uint64_t *state = ctx;

	for (size_t i = 0; i < len; i++) {
		uint64_t z = *state += 0x9e3779b97f4a7c15U;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
		z = (z ^ z >> 27) * 0x94d049bb133111ebU;
		out[i] = (uint8_t)(z >> 56);
	}
	secret(out, len);
	return 0;
}

static uint8_t *allocate(size_t len)
{
	uint8_t *ptr = calloc(1, len);

	if (!ptr)
		abort();
	return ptr;
}

struct kem_run {
	const struct pqc_kem *kem;
	struct pqc_rng rng;
	uint8_t *pub, *sec, *ct, *sent, *received;
};

static void run_keypair(struct kem_run *r)
{
	const struct pqc_kem *kem = r->kem;
	unsigned before = VALGRIND_COUNT_ERRORS;
	int err = pqc_kem_keypair(kem, &r->rng, r->pub, r->sec);
	unsigned reports = VALGRIND_COUNT_ERRORS - before;
	bool marked = is_marked(r->sec, kem->secret_len);

	release(&err, sizeof(err));
	release(r->pub, kem->public_len);
	end_case(kem->name, "keygen", reports,
		 err	  ? "keygen failed"
		 : marked ? NULL
			  : "no part of the private key is secret");
}

static void run_encaps(struct kem_run *r)
{
	const struct pqc_kem *kem = r->kem;
	unsigned before = VALGRIND_COUNT_ERRORS;
	int err = pqc_kem_encaps(kem, &r->rng, pqc_bytes_make(r->pub, kem->public_len), r->ct,
				 r->sent);
	unsigned reports = VALGRIND_COUNT_ERRORS - before;
	bool marked = is_marked(r->sent, kem->shared_len);

	release(&err, sizeof(err));
	release(r->ct, kem->ciphertext_len);
	end_case(kem->name, "encaps", reports,
		 err	  ? "encaps failed"
		 : marked ? NULL
			  : "the shared secret is not secret");
}

/* With the ciphertext that was sent, or with one that is refused or gives another secret. */
static void run_decaps(struct kem_run *r, bool manipulated)
{
	const struct pqc_kem *kem = r->kem;
	const char *fault = NULL;
	unsigned before = VALGRIND_COUNT_ERRORS;
	unsigned reports;
	bool marked, equal;
	int err;

	r->ct[0] ^= manipulated;
	secret(r->sec, kem->secret_len);
	err = pqc_kem_decaps(kem, pqc_bytes_make(r->sec, kem->secret_len),
			     pqc_bytes_make(r->ct, kem->ciphertext_len), r->received);
	reports = VALGRIND_COUNT_ERRORS - before;
	marked = is_marked(r->received, kem->shared_len);
	release(&err, sizeof(err));
	release(r->sent, kem->shared_len);
	release(r->received, kem->shared_len);
	equal = memcmp(r->sent, r->received, kem->shared_len) == 0;
	if (manipulated ? err && err != PQC_E_CIPHERTEXT : err)
		fault = "decaps failed";
	else if (!err && !marked)
		fault = "the shared secret is not secret";
	else if (!manipulated && !equal)
		fault = "the shared secrets differ";
	end_case(kem->name, manipulated ? "decaps-manipulated" : "decaps", reports, fault);
}

/* What an import of the private key does. */
static void run_kem_check(struct kem_run *r)
{
	const struct pqc_kem *kem = r->kem;
	unsigned before = VALGRIND_COUNT_ERRORS;
	unsigned reports;
	int err;

	secret(r->sec, kem->secret_len);
	err = pqc_kem_check_secret(kem, pqc_bytes_make(r->sec, kem->secret_len));
	reports = VALGRIND_COUNT_ERRORS - before;
	release(&err, sizeof(err));
	end_case(kem->name, "check", reports, err ? "the check failed" : NULL);
}

static void run_kem(const struct pqc_kem *kem)
{
	uint64_t state = 1;
	struct kem_run r = {.kem = kem,
			    .rng = {fill_secret, &state},
			    .pub = allocate(kem->public_len),
			    .sec = allocate(kem->secret_len),
			    .ct = allocate(kem->ciphertext_len),
			    .sent = allocate(kem->shared_len),
			    .received = allocate(kem->shared_len)};

	run_keypair(&r);
	run_encaps(&r);
	run_decaps(&r, false);
	run_decaps(&r, true);
	run_kem_check(&r);
	free(r.pub);
	free(r.sec);
	free(r.ct);
	free(r.sent);
	free(r.received);
}

struct sig_run {
	const struct pqc_sig *sig;
	struct pqc_rng rng;
	uint8_t *pub, *sec, *out;
};

static void run_sig_keypair(struct sig_run *r)
{
	const struct pqc_sig *sig = r->sig;
	unsigned before = VALGRIND_COUNT_ERRORS;
	int err = pqc_sig_keypair(sig, &r->rng, r->pub, r->sec);
	unsigned reports = VALGRIND_COUNT_ERRORS - before;
	bool marked = is_marked(r->sec, sig->secret_len);

	release(&err, sizeof(err));
	release(r->pub, sig->public_len);
	end_case(sig->name, "keygen", reports,
		 err	  ? "keygen failed"
		 : marked ? NULL
			  : "no part of the private key is secret");
}

static void run_sign(struct sig_run *r)
{
	static const char text[] = "what is signed";
	const struct pqc_sig *sig = r->sig;
	const struct pqc_msg msg = {.text = {(const uint8_t *)text, sizeof(text)}};
	const struct pqc_signer signer = {sig, {r->sec, sig->secret_len}};
	const char *fault = NULL;
	unsigned reports = 0;
	size_t len;

	for (int i = 0; i < SIGNATURES; i++) {
		unsigned before = VALGRIND_COUNT_ERRORS;
		int err;

		secret(r->sec, sig->secret_len);
		err = pqc_sig_sign(&signer, &r->rng, &msg, r->out, &len);
		reports += VALGRIND_COUNT_ERRORS - before;
		release(&err, sizeof(err));
		release(&len, sizeof(len));
		if (is_marked(r->out, len))
			fault = "a part of the signature is not released";
		release(r->out, len);
		if (err || pqc_sig_verify(sig, pqc_bytes_make(r->pub, sig->public_len), &msg,
					  pqc_bytes_make(r->out, len)))
			fault = "sign failed";
	}
	end_case(sig->name, "sign", reports, fault);
}

/* What an import of the private key does, and whether it gives the public one. */
static void run_sig_check(struct sig_run *r)
{
	const struct pqc_sig *sig = r->sig;
	const struct pqc_bytes sec = pqc_bytes_make(r->sec, sig->secret_len);
	unsigned before = VALGRIND_COUNT_ERRORS;
	unsigned reports;
	uint8_t *pub = allocate(sig->public_len);
	int err;

	secret(r->sec, sig->secret_len);
	err = pqc_sig_check_secret(sig, sec) || pqc_sig_public_of(sig, sec, pub);
	reports = VALGRIND_COUNT_ERRORS - before;
	release(&err, sizeof(err));
	release(pub, sig->public_len);
	if (!err && memcmp(pub, r->pub, sig->public_len) != 0)
		err = 1;
	end_case(sig->name, "check", reports, err ? "the check failed" : NULL);
	free(pub);
}

static void run_sig(const struct pqc_sig *sig)
{
	uint64_t state = 1;
	struct sig_run r = {.sig = sig,
			    .rng = {fill_secret, &state},
			    .pub = allocate(sig->public_len),
			    .sec = allocate(sig->secret_len),
			    .out = allocate(sig->signature_len)};

	run_sig_keypair(&r);
	run_sign(&r);
	run_sig_check(&r);
	free(r.pub);
	free(r.sec);
	free(r.out);
}

static volatile unsigned sink;

static void leak_by_branch(const uint8_t *bytes)
{
	if (bytes[0] & 1)
		sink++;
}

static void leak_by_address(const uint8_t *bytes)
{
	static const uint8_t table[256] = {1, 2, 3};

	sink += table[bytes[0]];
}

static void leak_nothing(const uint8_t *bytes)
{
	sink += bytes[0] * 3U + (bytes[1] ^ 7U);
}

/* That this can fail: two functions that leak must be reported, one that does not must not. */
static void run_self_test(void)
{
	static const struct {
		const char *name;
		void (*function)(const uint8_t *bytes);
		bool leaks;
	} toys[] = {
		{"a branch on a secret is reported", leak_by_branch, true},
		{"a secret index is reported", leak_by_address, true},
		{"arithmetic is not reported", leak_nothing, false},
	};

	for (size_t i = 0; i < sizeof(toys) / sizeof(toys[0]); i++) {
		uint64_t state = i;
		uint8_t bytes[2];
		unsigned before = VALGRIND_COUNT_ERRORS;
		bool reported;

		fill_secret(&state, bytes, sizeof(bytes));
		toys[i].function(bytes);
		reported = VALGRIND_COUNT_ERRORS != before;
		sink = 0;
		end_case("self-test:", toys[i].name, 0,
			 reported == toys[i].leaks ? NULL : "memcheck says the contrary");
	}
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 2;
}

int main(int argc, char **argv)
{
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;
	int level = PQC_CPU_PORTABLE;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || !RUNNING_ON_VALGRIND) {
		fputs("usage: valgrind ct-pqc LEVEL [ROW...]\n", stderr);
		return 2;
	}
	while (level < PQC_CPU_LEVELS &&
	       strcmp(argv[1], pqc_cpu_level_name((enum pqc_cpu_level)level)) != 0)
		level++;
	if (level == PQC_CPU_LEVELS || level > (int)pqc_cpu_highest()) {
		printf("ok 1 # SKIP valgrind cannot run %s here\n1..1\n", argv[1]);
		return 0;
	}
	pqc_cpu_limit((enum pqc_cpu_level)level);
	run_self_test();
	for (size_t i = 0; (kem = pqc_kem_at(i)); i++)
		if (is_wanted(kem->name, argc, argv))
			run_kem(kem);
	for (size_t i = 0; (sig = pqc_sig_at(i)); i++)
		if (is_wanted(sig->name, argc, argv))
			run_sig(sig);
	printf("1..%u\n", cases);
	return failures != 0;
}
