/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_MINT_H
#define PKI_MINT_H

#include <stdint.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tools/pki/extend.h"
#include "tools/pki/opt.h"
#include "tools/pki/signer.h"

/* Certificates, as --self and --issue make them, and what lists and requests share with them. */

/* The rows that both commands have, for their tables. */
/* clang-format off */
#define MINT_OPTIONS \
	{"san", 'a', OPT_MANY, "name", "subjectAltName: host, mail or IP address, DN, uri:..."}, \
	{"lifetime", 'l', OPT_MAY, "days", "days the certificate is valid, default: 1095"}, \
	{"not-before", 'F', OPT_MAY, "datetime", "begin of the validity, default: now"}, \
	{"not-after", 'T', OPT_MAY, "datetime", "end of the validity"}, \
	MINT_DATEFORM, \
	{"serial", 's', OPT_MAY, "hex", "serial number, default: random"}, \
	EXTEND_OPTIONS, \
	SIGNER_OPTIONS
#define MINT_DATEFORM \
	{"dateform", 'D', OPT_MAY, "form", \
	 "how points of time are written, for strptime(3), default: %d.%m.%y %T"}
/* clang-format on */

struct mint_params {
	const struct opts *opts;
	EVP_PKEY *subject_key;
	const X509_NAME *subject;
	X509 *issuer; /* NULL: it signs itself */
	const struct signer *signer;
	unsigned purposes;	   /* see struct extend_params */
	const GENERAL_NAMES *sans; /* likewise */
};

/* Make and sign a certificate and write it. PKI_*. */
int mint_cert(const struct mint_params *params);

/* The name that a text, the value of an option, means. E_CONFIG, said. */
int mint_name(const char *option, const char *text, X509_NAME **out) ERR_MUST_CHECK;
/* Hex digits as a positive number. E_CONFIG, said. */
int mint_serial(const char *option, const char *hex, ASN1_INTEGER *out) ERR_MUST_CHECK;

/* Begin and end of a validity, in seconds since the epoch, as options say. E_CONFIG, said. */
struct mint_span {
	const char *begin, *end; /* options of points of time */
	uint64_t days;		 /* unless --lifetime or both points are given */
};
int mint_validity(const struct opts *o, const struct mint_span *span, int64_t *out_begin,
		  int64_t *out_end) ERR_MUST_CHECK;

#endif
