/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "provider/provider.h"
#include "tools/pki/pki.h"

/* cygnet-pki, also called pki: keys, certificates, requests and revocation lists. */

int main(int argc, char **argv)
{
	int status;

	if (provider_load() != 0)
		return pki_fail("OpenSSL does not take the post-quantum provider");
	status = pki_run(argc, argv);
	/* What could not be written was not made. */
	if (fflush(stdout) && status == PKI_OK)
		status = pki_fail("standard output: %m");
	return status;
}
