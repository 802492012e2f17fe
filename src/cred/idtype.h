/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_IDTYPE_H
#define CRED_IDTYPE_H

/*
 * Identification types (RFC 7296 section 3.5) that this room looks into. The wire room has the
 * whole registry, but lies beside this one.
 */
enum {
	IDTYPE_IPV4 = 1,
	IDTYPE_FQDN = 2,
	IDTYPE_RFC822 = 3,
	IDTYPE_IPV6 = 5,
	IDTYPE_DN = 9,
	IDTYPE_KEY_ID = 11,
};

#endif
