/* SPDX-License-Identifier: Apache-2.0 */
#include "kat.h"

#include <stdlib.h>
#include <string.h>

#include "pqc/aes/aes.h"

#define NONCE_LEN 40 /* of a Falcon signature */

static void blocks(struct kat_drbg *drbg, uint8_t *out, size_t n)
{
	struct aes aes;

	aes_init(&aes, drbg->key, sizeof(drbg->key));
	for (; n > 0; n--, out += AES_BLOCK_LEN) {
		for (int i = sizeof(drbg->v) - 1; i >= 0 && ++drbg->v[i] == 0; i--)
			;
		aes_encrypt(&aes, drbg->v, out, 1);
	}
	aes_done(&aes);
}

static void update(struct kat_drbg *drbg, const uint8_t *data)
{
	uint8_t t[KAT_SEED_LEN];

	blocks(drbg, t, sizeof(t) / AES_BLOCK_LEN);
	for (size_t i = 0; data && i < sizeof(t); i++)
		t[i] ^= data[i];
	memcpy(drbg->key, t, sizeof(drbg->key));
	memcpy(drbg->v, t + sizeof(drbg->key), sizeof(drbg->v));
}

void kat_drbg_init(struct kat_drbg *drbg, const uint8_t *seed)
{
	memset(drbg, 0, sizeof(*drbg));
	update(drbg, seed);
}

void kat_drbg_read(struct kat_drbg *drbg, uint8_t *out, size_t len)
{
	uint8_t last[AES_BLOCK_LEN];
	size_t whole = len / AES_BLOCK_LEN;

	blocks(drbg, out, whole);
	if (len % AES_BLOCK_LEN) {
		blocks(drbg, last, 1);
		memcpy(out + whole * AES_BLOCK_LEN, last, len % AES_BLOCK_LEN);
	}
	update(drbg, NULL);
}

static int fill(void *ctx, uint8_t *out, size_t len)
{
	kat_drbg_read(ctx, out, len);
	return 0;
}

struct pqc_rng kat_drbg_rng(struct kat_drbg *drbg)
{
	return (struct pqc_rng){fill, drbg};
}

void kat_inputs(struct kat_input *out, unsigned n, bool has_msg)
{
	struct kat_drbg drbg;
	uint8_t seed[KAT_SEED_LEN];

	for (unsigned i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)i;
	kat_drbg_init(&drbg, seed);
	for (unsigned i = 0; i < n; i++) {
		kat_drbg_read(&drbg, out[i].seed, sizeof(out[i].seed));
		out[i].msg_len = has_msg ? 33 * ((size_t)i + 1) : 0;
		if (has_msg)
			kat_drbg_read(&drbg, out[i].msg, out[i].msg_len);
	}
}

static void print_hex(FILE *out, const char *name, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	if (name)
		fprintf(out, "%s = ", name);
	for (size_t i = 0; i < len; i++) {
		putc(digits[bytes[i] >> 4], out);
		putc(digits[bytes[i] & 15], out);
	}
	if (name)
		putc('\n', out);
}

static void print_head(FILE *out, const struct kat_input *in, unsigned i)
{
	fprintf(out, "%scount = %u\n", i ? "\n" : "", i);
	print_hex(out, "seed", in->seed, sizeof(in->seed));
	if (in->msg_len > 0) {
		fprintf(out, "mlen = %zu\n", in->msg_len);
		print_hex(out, "msg", in->msg, in->msg_len);
	}
}

static int print_kem(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *buf, FILE *out)
{
	uint8_t *pub = buf, *sec = pub + kem->public_len, *ct = sec + kem->secret_len;
	uint8_t *shared = ct + kem->ciphertext_len, *again = shared + kem->shared_len;

	if (pqc_kem_keypair(kem, rng, pub, sec) ||
	    pqc_kem_encaps(kem, rng, pqc_bytes_make(pub, kem->public_len), ct, shared) ||
	    pqc_kem_decaps(kem, pqc_bytes_make(sec, kem->secret_len),
			   pqc_bytes_make(ct, kem->ciphertext_len), again) ||
	    memcmp(shared, again, kem->shared_len) != 0)
		return -1;
	print_hex(out, "pk", pub, kem->public_len);
	print_hex(out, "sk", sec, kem->secret_len);
	print_hex(out, "ct", ct, kem->ciphertext_len);
	print_hex(out, "ss", shared, kem->shared_len);
	return 0;
}

/* The submissions' signed message; Falcon's holds the parts of a signature apart. */
static void print_signed(FILE *out, const struct pqc_sig *sig, const struct kat_input *in,
			 struct pqc_bytes s)
{
	bool is_falcon = strncmp(sig->name, "Falcon", 6) == 0;
	size_t tail = is_falcon ? s.len - NONCE_LEN : 0;
	uint8_t head = is_falcon ? (uint8_t)(s.ptr[0] - 0x10) : 0;
	const uint8_t length[2] = {(uint8_t)(tail >> 8), (uint8_t)tail};

	fprintf(out, "smlen = %zu\nsm = ", s.len + in->msg_len + (is_falcon ? 2 : 0));
	if (is_falcon) {
		print_hex(out, NULL, length, sizeof(length));
		print_hex(out, NULL, s.ptr + 1, NONCE_LEN);
		print_hex(out, NULL, in->msg, in->msg_len);
		print_hex(out, NULL, &head, 1);
		print_hex(out, NULL, s.ptr + 1 + NONCE_LEN, tail - 1);
	} else {
		print_hex(out, NULL, s.ptr, s.len);
		print_hex(out, NULL, in->msg, in->msg_len);
	}
	putc('\n', out);
}

static int print_sig(const struct pqc_sig *sig, const struct kat_input *in,
		     const struct pqc_rng *rng, uint8_t *buf, FILE *out)
{
	uint8_t *pub = buf, *sec = pub + sig->public_len, *s = sec + sig->secret_len;
	const struct pqc_signer signer = {sig, pqc_bytes_make(sec, sig->secret_len)};
	const struct pqc_msg msg = {.text = pqc_bytes_make(in->msg, in->msg_len)};
	size_t len;

	if (pqc_sig_keypair(sig, rng, pub, sec) || pqc_sig_sign(&signer, rng, &msg, s, &len) ||
	    pqc_sig_verify(sig, pqc_bytes_make(pub, sig->public_len), &msg, pqc_bytes_make(s, len)))
		return -1;
	print_hex(out, "pk", pub, sig->public_len);
	print_hex(out, "sk", sec, sig->secret_len);
	print_signed(out, sig, in, pqc_bytes_make(s, len));
	return 0;
}

int kat_print(const char *name, unsigned n, FILE *out)
{
	const struct pqc_kem *kem = pqc_kem_find(name);
	const struct pqc_sig *sig = pqc_sig_find(name);
	struct kat_input *in = calloc(n, sizeof(*in));
	size_t len =
		kem ? kem->public_len + kem->secret_len + kem->ciphertext_len + 2 * kem->shared_len
		: sig ? sig->public_len + sig->secret_len + sig->signature_len
		      : 0;
	uint8_t *buf = malloc(len + 1);
	int err = in && buf && len > 0 ? 0 : -1;

	if (err)
		fprintf(stderr, "no algorithm is called %s\n", name);
	else
		kat_inputs(in, n, sig != NULL);
	for (unsigned i = 0; !err && i < n; i++) {
		struct kat_drbg drbg;
		struct pqc_rng rng = kat_drbg_rng(&drbg);

		kat_drbg_init(&drbg, in[i].seed);
		print_head(out, &in[i], i);
		err = kem ? print_kem(kem, &rng, buf, out) : print_sig(sig, &in[i], &rng, buf, out);
		if (err)
			fprintf(stderr, "%s fails at count %u\n", name, i);
	}
	free(buf);
	free(in);
	return err;
}
