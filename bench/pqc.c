/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times every operation of libcygnet-pqc on every CPU level: bench-pqc [--batches=N]
 * [--liboqs=PATH] [ROW...]. The environment variable CYGNET_PQC_CPU names the highest level to run.
 * The contestants of an operation take turns, a batch each, pinned to one CPU. The batches go round
 * a few streams of random bytes; of those with the same stream the fastest counts, since what else
 * a machine does only ever adds time, and the mean of these is the result: some operations last as
 * long as they are unlucky. Random bytes cost the same, next to nothing, to all.
 */
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "pqc/cpu.h"
#include "pqc/pqc.h"
#include "pqc_oqs.h"

#define BATCHES	    96
#define MAX_BATCHES 10000
#define STREAMS	    12
#define BATCH_US    1000.0
#define SLACK	    4096 /* other versions of liboqs have longer keys or signatures */
#define CONTESTANTS (PQC_CPU_LEVELS + 1)
#define THEIRS	    PQC_CPU_LEVELS

static struct pqc_oqs oqs;
static bool have_oqs;
static enum pqc_cpu_level highest;
static double tsc_mhz;
static int batches = BATCHES;
static const char text[] = "what is signed, so short that its hash does not count";

/* For the last line. */
static struct {
	double log_sum, minimum;
	unsigned n;
	char where[80];
} ratios;

static uint64_t random_state;

static void fill(uint8_t *out, size_t len)
{
	for (; len; len--) {
		random_state = random_state * 6364136223846793005U + 1442695040888963407U;
		*out++ = (uint8_t)(random_state >> 56);
	}
}

static int fill_ours(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	fill(out, len);
	return 0;
}

static const struct pqc_rng rng = {fill_ours, NULL};

/* One row: what an operation reads, and `new_*`, where it writes. A signature is a ciphertext. */
struct subject {
	const char *name;
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;
	void *obj; /* of liboqs, NULL without */
	size_t ct_len, new_len;
	uint8_t *pub, *sec, *ct, *shared, *new_pub, *new_sec, *new_ct, *new_shared;
};

struct operation {
	const char *name;
	int (*ours)(struct subject *s);
	int (*theirs)(struct subject *s);
};

static int kem_keypair(struct subject *s)
{
	return pqc_kem_keypair(s->kem, &rng, s->new_pub, s->new_sec);
}

static int kem_encaps(struct subject *s)
{
	return pqc_kem_encaps(s->kem, &rng, pqc_bytes_make(s->pub, s->kem->public_len), s->new_ct,
			      s->new_shared);
}

static int kem_decaps(struct subject *s)
{
	return pqc_kem_decaps(s->kem, pqc_bytes_make(s->sec, s->kem->secret_len),
			      pqc_bytes_make(s->ct, s->ct_len), s->new_shared);
}

static int oqs_kem_keypair(struct subject *s)
{
	return oqs.kem_keypair(s->obj, s->new_pub, s->new_sec);
}

static int oqs_kem_encaps(struct subject *s)
{
	return oqs.kem_encaps(s->obj, s->new_ct, s->new_shared, s->pub);
}

static int oqs_kem_decaps(struct subject *s)
{
	return oqs.kem_decaps(s->obj, s->new_shared, s->ct, s->sec);
}

static struct pqc_msg message(void)
{
	return (struct pqc_msg){.text = {(const uint8_t *)text, sizeof(text) - 1}};
}

static int sig_keypair(struct subject *s)
{
	return pqc_sig_keypair(s->sig, &rng, s->new_pub, s->new_sec);
}

static int sig_sign(struct subject *s)
{
	const struct pqc_signer signer = {s->sig, {s->sec, s->sig->secret_len}};
	const struct pqc_msg msg = message();

	return pqc_sig_sign(&signer, &rng, &msg, s->new_ct, &s->new_len);
}

static int sig_verify(struct subject *s)
{
	const struct pqc_msg msg = message();

	return pqc_sig_verify(s->sig, pqc_bytes_make(s->pub, s->sig->public_len), &msg,
			      pqc_bytes_make(s->ct, s->ct_len));
}

static int oqs_sig_keypair(struct subject *s)
{
	return oqs.sig_keypair(s->obj, s->new_pub, s->new_sec);
}

static int oqs_sig_sign(struct subject *s)
{
	return oqs.sig_sign(s->obj, s->new_ct, &s->new_len, (const uint8_t *)text, sizeof(text) - 1,
			    s->sec);
}

static int oqs_sig_verify(struct subject *s)
{
	return oqs.sig_verify(s->obj, (const uint8_t *)text, sizeof(text) - 1, s->ct, s->ct_len,
			      s->pub);
}

static const struct operation kem_operations[] = {{"keygen", kem_keypair, oqs_kem_keypair},
						  {"encaps", kem_encaps, oqs_kem_encaps},
						  {"decaps", kem_decaps, oqs_kem_decaps}};
static const struct operation sig_operations[] = {{"keygen", sig_keypair, oqs_sig_keypair},
						  {"sign", sig_sign, oqs_sig_sign},
						  {"verify", sig_verify, oqs_sig_verify}};

static void must(int err, const char *name, const char *operation)
{
	if (err == 0)
		return;
	fprintf(stderr, "bench-pqc: %s %s failed: %d\n", name, operation, err);
	exit(1);
}

/* Processor time: what other processes do on this CPU is no time of ours. */
static double now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Of the time stamp counter, 0 where there is none. */
static double cycles_per_us(void)
{
#ifdef __x86_64__
	double start = now_us(CLOCK_MONOTONIC), us;
	uint64_t cycles = __rdtsc();

	while ((us = now_us(CLOCK_MONOTONIC) - start) < 20000)
		;
	return (double)(__rdtsc() - cycles) / us;
#else
	return 0;
#endif
}

/* The fastest batches of one contestant, per operation. */
struct times {
	unsigned runs;
	double us[STREAMS];
};

static void run_batch(struct subject *s, const struct operation *op, bool theirs,
		      struct times *times, int stream)
{
	int (*function)(struct subject *) = theirs ? op->theirs : op->ours;
	double start;

	random_state = (uint64_t)stream;
	start = now_us(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i < times->runs; i++)
		must(function(s), s->name, op->name);
	times->us[stream] =
		fmin(times->us[stream], (now_us(CLOCK_THREAD_CPUTIME_ID) - start) / times->runs);
}

static double mean(const double *values)
{
	int n = batches < STREAMS ? batches : STREAMS;
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += values[i];
	return sum / n;
}

static void print_times(const struct subject *s, const char *operation, struct times *all)
{
	double us[CONTESTANTS] = {0};

	for (int c = 0; c < CONTESTANTS; c++) {
		if (all[c].runs == 0)
			continue;
		us[c] = mean(all[c].us);
		printf("%-19s %-7s %-9s %10.1f us %12.0f cycles %10.0f op/s", s->name, operation,
		       c == THEIRS ? "liboqs" : pqc_cpu_level_name((enum pqc_cpu_level)c), us[c],
		       us[c] * tsc_mhz, 1e6 / us[c]);
		if (c == THEIRS) {
			double ratio = us[c] / us[highest];

			printf("   ratio %.2f", ratio);
			if (ratios.n == 0 || ratio < ratios.minimum) {
				ratios.minimum = ratio;
				snprintf(ratios.where, sizeof(ratios.where), "%s %s", s->name,
					 operation);
			}
			ratios.log_sum += log(ratio);
			ratios.n++;
		}
		printf("\n");
	}
	fflush(stdout);
}

static bool enter(const struct subject *s, int contestant)
{
	bool theirs = contestant == THEIRS;

	pqc_cpu_limit(theirs ? highest : (enum pqc_cpu_level)contestant);
	return theirs ? s->obj != NULL : contestant <= (int)highest;
}

/*
 * How often to run in a batch. With the same stream and as many runs all do the same work; only
 * portable C, which may be 30 times slower, does less of it.
 */
static void begin(struct subject *s, const struct operation *op, struct times *all)
{
	for (int c = 0; c < CONTESTANTS; c++) {
		all[c].runs = 0;
		if (!enter(s, c))
			continue;
		for (int warm = 0; warm < 2; warm++) {
			all[c].runs = 1;
			all[c].us[0] = INFINITY;
			run_batch(s, op, c == THEIRS, &all[c], 0);
		}
		all[c].runs += (unsigned)(BATCH_US / all[c].us[0]);
	}
	for (int c = PQC_CPU_PORTABLE; c < CONTESTANTS; c++) {
		if (all[c].runs && c != PQC_CPU_PORTABLE)
			all[c].runs = all[highest].runs;
		for (int i = 0; i < STREAMS; i++)
			all[c].us[i] = INFINITY;
	}
}

static void measure(struct subject *s, const struct operation *op)
{
	static struct times all[CONTESTANTS];

	begin(s, op, all);
	for (int batch = 0; batch < batches; batch++)
		for (int c = 0; c < CONTESTANTS; c++)
			if (enter(s, c))
				run_batch(s, op, c == THEIRS, &all[c], batch % STREAMS);
	print_times(s, op->name, all);
}

static uint8_t *allocate(size_t len)
{
	uint8_t *ptr = calloc(1, len + SLACK);

	if (!ptr)
		must(PQC_E_NOMEM, "calloc", "");
	return ptr;
}

static void exchange(uint8_t **a, uint8_t **b)
{
	uint8_t *kept = *a;

	*a = *b;
	*b = kept;
}

/* Whether what theirs makes for our key is right for ours: versions differ in their algorithms. */
static bool is_same(struct subject *s)
{
	uint8_t *ct = s->ct;
	size_t len = s->ct_len;
	bool same;

	if (s->kem) {
		if (oqs_kem_encaps(s))
			return false;
		memcpy(s->shared, s->new_shared, s->kem->shared_len);
		s->ct = s->new_ct;
		same = kem_decaps(s) == 0 &&
		       memcmp(s->shared, s->new_shared, s->kem->shared_len) == 0;
	} else {
		if (oqs_sig_sign(s))
			return false;
		s->ct = s->new_ct;
		s->ct_len = s->new_len;
		same = sig_verify(s) == 0;
	}
	s->ct = ct;
	s->ct_len = len;
	return same;
}

static void prepare(struct subject *s)
{
	size_t pub = s->kem ? s->kem->public_len : s->sig->public_len;
	size_t sec = s->kem ? s->kem->secret_len : s->sig->secret_len;
	size_t ct = s->kem ? s->kem->ciphertext_len : s->sig->signature_len;
	size_t shared = s->kem ? s->kem->shared_len : 0;

	s->name = s->kem ? s->kem->name : s->sig->name;
	s->pub = allocate(pub);
	s->new_pub = allocate(pub);
	s->sec = allocate(sec);
	s->new_sec = allocate(sec);
	s->ct = allocate(ct);
	s->new_ct = allocate(ct);
	s->shared = allocate(shared);
	s->new_shared = allocate(shared);
	must(s->kem ? kem_keypair(s) : sig_keypair(s), s->name, "keygen");
	exchange(&s->pub, &s->new_pub);
	exchange(&s->sec, &s->new_sec);
	must(s->kem ? kem_encaps(s) : sig_sign(s), s->name, s->kem ? "encaps" : "sign");
	exchange(&s->ct, &s->new_ct);
	s->ct_len = s->kem ? ct : s->new_len;
	if (have_oqs)
		s->obj = s->kem ? oqs.kem_new(s->name) : oqs.sig_new(s->name);
	if (s->obj && !is_same(s)) {
		printf("%-19s liboqs has another algorithm of this name\n", s->name);
		(s->kem ? oqs.kem_free : oqs.sig_free)(s->obj);
		s->obj = NULL;
	} else if (have_oqs && !s->obj) {
		printf("%-19s liboqs does not have it\n", s->name);
	}
}

static void run(struct subject s)
{
	const struct operation *operations = s.kem ? kem_operations : sig_operations;

	pqc_cpu_limit(highest);
	prepare(&s);
	for (int i = 0; i < 3; i++)
		measure(&s, &operations[i]);
	if (s.obj)
		(s.kem ? oqs.kem_free : oqs.sig_free)(s.obj);
	free(s.pub);
	free(s.new_pub);
	free(s.sec);
	free(s.new_sec);
	free(s.ct);
	free(s.new_ct);
	free(s.shared);
	free(s.new_shared);
}

static bool is_wanted(const char *name, char **rows)
{
	bool all = !*rows;

	for (; *rows; rows++)
		all |= strcmp(*rows, name) == 0;
	return all;
}

static char **read_options(char **argv)
{
	static const char batches_is[] = "--batches=", oqs_is[] = "--liboqs=";

	for (argv++; *argv && **argv == '-'; argv++) {
		if (strncmp(*argv, batches_is, strlen(batches_is)) == 0) {
			batches = (int)strtol(*argv + strlen(batches_is), NULL, 10);
		} else if (strncmp(*argv, oqs_is, strlen(oqs_is)) == 0) {
			if (pqc_oqs_load(*argv + strlen(oqs_is), &oqs))
				exit(1);
			oqs.set_random(fill);
			have_oqs = true;
		} else {
			batches = 0;
		}
	}
	if (batches < 1 || batches > MAX_BATCHES) {
		fprintf(stderr, "usage: bench-pqc [--batches=1..%d] [--liboqs=PATH] [ROW...]\n",
			MAX_BATCHES);
		exit(2);
	}
	return argv;
}

int main(int argc, char **argv)
{
	char **rows = read_options(argv);
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;
	cpu_set_t cpus;

	(void)argc;
	highest = pqc_cpu_level();
	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		perror("bench-pqc: not pinned to a CPU");
	tsc_mhz = cycles_per_us();
	for (size_t i = 0; (kem = pqc_kem_at(i)); i++)
		if (is_wanted(kem->name, rows))
			run((struct subject){.kem = kem});
	for (size_t i = 0; (sig = pqc_sig_at(i)); i++)
		if (is_wanted(sig->name, rows))
			run((struct subject){.sig = sig});
	if (ratios.n)
		printf("ratio to liboqs: geometric mean %.2f, minimum %.2f (%s)\n",
		       exp(ratios.log_sum / ratios.n), ratios.minimum, ratios.where);
	else if (have_oqs)
		printf("ratio to liboqs: nothing to compare\n");
	return 0;
}
