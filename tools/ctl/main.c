/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "provider/provider.h"
#include "tools/ctl/args.h"
#include "tools/ctl/ctl.h"
#include "vici/client.h"

/* The control program: cygnet, and swanctl. */

int main(int argc, char **argv)
{
	struct ctl ctl;
	bool done;
	int rc;

	/* Lines and complaints keep their order when both go to one pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Before the words of a proposal are looked up. */
	if (provider_load() != 0) {
		fputs("OpenSSL does not take the post-quantum provider\n", stderr);
		return CTL_FAILED;
	}
	rc = args_parse(argc, argv, &ctl, &done);

	if (!done) {
		rc = ctl.verb->offline ? CTL_OK : ctl_connect(&ctl);
		if (rc == CTL_OK)
			rc = ctl.verb->run(&ctl);
		client_close(ctl.client);
	}
	args_done();
	/* What was to be read and could not be written was not told. */
	if (fflush(stdout) && rc == CTL_OK)
		rc = CTL_FAILED;
	return rc;
}
