/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stddef.h>

static const char *const texts[] = {
	[-E_OK] = "success",
	[-E_NOMEM] = "out of memory",
	[-E_SHORT] = "input too short",
	[-E_TRAILING] = "unexpected trailing bytes",
	[-E_MALFORMED] = "malformed value",
	[-E_LIMIT] = "limit exceeded",
	[-E_UNSUPPORTED] = "not supported",
	[-E_CRITICAL] = "unknown critical payload",
	[-E_NOTFOUND] = "not found",
	[-E_EXISTS] = "exists already",
	[-E_CRYPTO] = "cryptographic operation failed",
	[-E_INTEGRITY] = "integrity check failed",
	[-E_AUTH] = "authentication failed",
	[-E_UNTRUSTED] = "no trusted certificate chain",
	[-E_EXPIRED] = "not within its validity period",
	[-E_NOPROPOSAL] = "no common proposal",
	[-E_TS] = "traffic selectors do not meet",
	[-E_STATE] = "not allowed in this state",
	[-E_FULL] = "nothing free",
	[-E_IO] = "system call failed",
	[-E_PERM] = "not permitted",
	[-E_BUSY] = "in use",
	[-E_REPLAY] = "replayed",
	[-E_CANCELED] = "canceled",
	[-E_CONFIG] = "configuration refused",
	[-E_TIMEOUT] = "no answer in time",
	[-E_REVOKED] = "certificate revoked",
};

const char *err_text(int err)
{
	size_t n = err > 0 ? sizeof(texts) : (size_t)(-(long)err);

	if (n >= sizeof(texts) / sizeof(texts[0]) || !texts[n])
		return "unknown error";
	return texts[n];
}
