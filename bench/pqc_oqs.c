/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc_oqs.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* A function pointer is not a void pointer to C, but it is to dlsym(). */
static int load(void *lib, const char *name, void *out)
{
	void *symbol = dlsym(lib, name);

	memcpy(out, &symbol, sizeof(symbol));
	return symbol ? 0 : -1;
}

int pqc_oqs_load(const char *path, struct pqc_oqs *out)
{
	const struct {
		const char *name;
		void *to;
	} needed[] = {
		{"OQS_randombytes_custom_algorithm", &out->set_random},
		{"OQS_KEM_new", &out->kem_new},
		{"OQS_KEM_free", &out->kem_free},
		{"OQS_KEM_keypair", &out->kem_keypair},
		{"OQS_KEM_encaps", &out->kem_encaps},
		{"OQS_KEM_decaps", &out->kem_decaps},
		{"OQS_SIG_new", &out->sig_new},
		{"OQS_SIG_free", &out->sig_free},
		{"OQS_SIG_keypair", &out->sig_keypair},
		{"OQS_SIG_sign", &out->sig_sign},
		{"OQS_SIG_verify", &out->sig_verify},
	};
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!lib) {
		fprintf(stderr, "bench-pqc: %s\n", dlerror());
		return -1;
	}
	(void)load(lib, "OQS_init", &out->init);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (load(lib, needed[i].name, needed[i].to)) {
			fprintf(stderr, "bench-pqc: %s has no %s\n", path, needed[i].name);
			return -1;
		}
	}
	if (out->init)
		out->init();
	return 0;
}
