/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/request.h"

#include <string.h>

#include "base/err.h"
#include "tools/pki/extend.h"

/* Microsoft's name of a certificate template, in which strongSwan writes a profile. */
#define TEMPLATE_OID "1.3.6.1.4.1.311.20.2"

const char *const request_profiles[] = {"server", "client", "dual", "ocsp", NULL};

static const unsigned purposes[] = {EXTEND_SERVER, EXTEND_CLIENT, EXTEND_SERVER | EXTEND_CLIENT,
				    EXTEND_OCSP};

static X509_EXTENSION *find(const STACK_OF(X509_EXTENSION) * list, const char *oid)
{
	ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);
	int i = wanted ? X509v3_get_ext_by_OBJ(list, wanted, -1) : -1;

	ASN1_OBJECT_free(wanted);
	return i >= 0 ? X509v3_get_ext(list, i) : NULL;
}

unsigned request_purposes(X509_REQ *request)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(request);
	X509_EXTENSION *ext = find(list, TEMPLATE_OID);
	ASN1_OCTET_STRING *value = ext ? X509_EXTENSION_get_data(ext) : NULL;
	const unsigned char *pos = value ? ASN1_STRING_get0_data(value) : NULL;
	ASN1_STRING *text =
		value ? d2i_DIRECTORYSTRING(NULL, &pos, ASN1_STRING_length(value)) : NULL;
	unsigned char *utf8 = NULL;
	int len = text ? ASN1_STRING_to_UTF8(&utf8, text) : -1;
	unsigned found = 0;

	for (size_t i = 0; len > 0 && request_profiles[i]; i++) {
		if (strlen(request_profiles[i]) == (size_t)len &&
		    strncmp(request_profiles[i], (const char *)utf8, (size_t)len) == 0)
			found = purposes[i];
	}
	OPENSSL_free(utf8);
	ASN1_STRING_free(text);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return found;
}

GENERAL_NAMES *request_sans(X509_REQ *request)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(request);
	GENERAL_NAMES *names = X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return names;
}

int request_add_profile(size_t i, STACK_OF(X509_EXTENSION) * *io)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(TEMPLATE_OID, 1);
	ASN1_UTF8STRING *text = ASN1_UTF8STRING_new();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	unsigned char *der = NULL;
	int len = -1, rc = E_NOMEM;

	if (text && ASN1_STRING_set(text, request_profiles[i], -1) == 1)
		len = i2d_ASN1_UTF8STRING(text, &der);
	if (oid && value && len > 0 && ASN1_OCTET_STRING_set(value, der, len) == 1)
		ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
	if (ext && X509v3_add_ext(io, ext, -1))
		rc = 0;
	X509_EXTENSION_free(ext);
	OPENSSL_free(der);
	ASN1_OCTET_STRING_free(value);
	ASN1_UTF8STRING_free(text);
	ASN1_OBJECT_free(oid);
	return rc;
}
