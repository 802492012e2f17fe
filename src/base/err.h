/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * The one error type of the program: a function that can fail returns 0 or one of these negative
 * numbers. The text is for a person; the code that decides logs it once.
 */
enum err {
	E_OK = 0,
	E_NOMEM = -1,	    /* out of memory */
	E_SHORT = -2,	    /* input ends before the value does */
	E_TRAILING = -3,    /* bytes left over after the last value */
	E_MALFORMED = -4,   /* value not allowed by its format */
	E_LIMIT = -5,	    /* a limit on size or number is exceeded */
	E_UNSUPPORTED = -6, /* well-formed, but not implemented */
	E_CRITICAL = -7,    /* unknown payload with the critical bit */
	E_NOTFOUND = -8,    /* no such thing */
	E_EXISTS = -9,	    /* there is one already */
	E_CRYPTO = -10,	    /* a cryptographic operation failed internally */
	E_INTEGRITY = -11,  /* integrity check failed */
	E_AUTH = -12,	    /* authentication failed */
	E_UNTRUSTED = -13,  /* no trusted chain */
	E_EXPIRED = -14,    /* outside the validity period */
	E_NOPROPOSAL = -15, /* no common proposal */
	E_TS = -16,	    /* traffic selectors do not meet */
	E_STATE = -17,	    /* not allowed in this state */
	E_FULL = -18,	    /* nothing free */
	E_IO = -19,	    /* an operating system call failed; errno has the reason */
	E_PERM = -20,	    /* not permitted */
	E_BUSY = -21,	    /* in use */
	E_REPLAY = -22,	    /* seen before, or too old */
	E_CANCELED = -23,   /* the asker went away */
	E_CONFIG = -24,	    /* configuration refused */
	E_TIMEOUT = -25,    /* no answer in time */
	E_REVOKED = -26,    /* a certificate was revoked */
};

#define ERR_MUST_CHECK __attribute__((warn_unused_result))

/* Text of an E_* number, lower case, without a full stop. Never NULL. */
const char *err_text(int err);

#endif
