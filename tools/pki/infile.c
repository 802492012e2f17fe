/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

#include "crypto/sign.h"
#include "tools/pki/keykind.h"
#include "tools/pki/pki.h"

#define FILE_MAX (64u << 20) /* a CRL may be large */
#define PASS_MAX 1024
#define TEXT_MAX 256

/* ---- bytes ---------------------------------------------------------------------------------- */

static int read_all(int fd, struct wbuf *out)
{
	uint8_t chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return E_IO;
		wbuf_bytes(out, chunk, (size_t)n);
	}
	OPENSSL_cleanse(chunk, sizeof(chunk));
	return wbuf_err(out);
}

int infile_read(const char *path, const char *option, struct wbuf *out)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO, rc;

	out->limit = FILE_MAX;
	if (fd < 0) {
		pki_fail("--%s %s: %m", option, path);
		return E_IO;
	}
	rc = read_all(fd, out);
	if (rc == E_IO)
		pki_fail("--%s %s: %m", option, path ? path : "(standard input)");
	else if (rc)
		pki_fail("--%s %s: %s", option, path ? path : "(standard input)", err_text(rc));
	if (path)
		close(fd);
	return rc;
}

/* ---- what it is not ------------------------------------------------------------------------- */

static bool is_pem(struct view data)
{
	return data.len > 0 && memmem(data.ptr, data.len, "-----BEGIN ", 11) != NULL;
}

/* What data is instead, for the complaint. */
static void describe(struct view data, char *out, size_t size)
{
	const char *begin, *end;
	size_t left;

	if (data.len == 0) {
		snprintf(out, size, "is empty");
		return;
	}
	begin = memmem(data.ptr, data.len, "-----BEGIN ", 11);
	if (!begin) {
		snprintf(out, size, "%s",
			 data.ptr[0] == 0x30 ? "is other, or damaged, DER"
					     : "is neither PEM nor DER");
		return;
	}
	left = data.len - (size_t)(begin - (const char *)data.ptr);
	end = memmem(begin + 11, left - 11, "-----", 5);
	if (!memmem(begin, left, "-----END ", 9))
		snprintf(out, size, "is PEM that is cut off before its END line");
	else
		snprintf(out, size, "is the PEM of a %.*s%s", end ? (int)(end - begin - 11) : 0,
			 begin + 11, ", or damaged");
}

static int complain(const char *path, const char *option, struct view data, const char *expected)
{
	char found[TEXT_MAX];

	describe(data, found, sizeof(found));
	pki_fail("--%s %s: expected %s, but it %s", option, path ? path : "(standard input)",
		 expected, found);
	ERR_clear_error();
	return E_MALFORMED;
}

/* ---- certificates, lists, requests ---------------------------------------------------------- */

/* How a kind of thing is decoded: PEM from a stream, DER from memory. */
struct decoder {
	const char *what;
	void *(*pem)(BIO *bio);
	void *(*der)(const unsigned char **pos, long len);
};

/* clang-format off */
#define DECODER(name_, type_, what_) \
	static void *pem_##name_(BIO *bio) { return PEM_read_bio_##type_(bio, NULL, NULL, NULL); } \
	static void *der_##name_(const unsigned char **pos, long len) \
	{ \
		return d2i_##type_(NULL, pos, len); \
	} \
	static const struct decoder name_ = {what_, pem_##name_, der_##name_};

DECODER(certs, X509, "an X.509 certificate")
DECODER(crls, X509_CRL, "a revocation list")
DECODER(requests, X509_REQ, "a PKCS#10 request")
DECODER(publics, PUBKEY, "a public key")
/* clang-format on */

static void *decode(const struct decoder *decoder, struct view data)
{
	const unsigned char *pos = data.ptr;
	void *found = NULL;

	if (is_pem(data)) {
		BIO *bio = BIO_new_mem_buf(data.ptr, (int)data.len);

		if (bio)
			found = decoder->pem(bio);
		BIO_free(bio);
	} else if (data.len > 0) {
		found = decoder->der(&pos, (long)data.len);
	}
	/* cppcheck-suppress returnDanglingLifetime ; d2i moves pos and keeps nothing of it */
	return found;
}

static int load(const struct decoder *decoder, const char *path, const char *option, void **out)
{
	struct wbuf data;
	int rc;

	wbuf_init(&data, 0);
	rc = infile_read(path, option, &data);
	if (rc == 0) {
		*out = decode(decoder, wbuf_view(&data));
		if (!*out)
			rc = complain(path, option, wbuf_view(&data), decoder->what);
	}
	wbuf_done(&data);
	return rc;
}

int infile_cert(const char *path, const char *option, X509 **out)
{
	return load(&certs, path, option, (void **)out);
}

int infile_crl(const char *path, const char *option, X509_CRL **out)
{
	return load(&crls, path, option, (void **)out);
}

int infile_public(const char *path, const char *option, EVP_PKEY **out)
{
	return load(&publics, path, option, (void **)out);
}

int infile_request(const char *path, const char *option, X509_REQ **out)
{
	X509_REQ *request;
	EVP_PKEY *key;
	int rc = load(&requests, path, option, (void **)&request);

	if (rc)
		return rc;
	key = X509_REQ_get0_pubkey(request);
	if (key && X509_REQ_verify(request, key) == 1) {
		*out = request;
		return 0;
	}
	pki_fail_openssl("--%s %s: the request is not signed by the key that it is for", option,
			 path ? path : "(standard input)");
	X509_REQ_free(request);
	return E_AUTH;
}

/* ---- private keys --------------------------------------------------------------------------- */

/* On the terminal only: standard input may be the key. */
static int ask(char *buf, int size, int writing, void *arg)
{
	const char *path = arg;
	char prompt[TEXT_MAX];

	(void)writing;
	snprintf(prompt, sizeof(prompt), "Passphrase of %s: ", path ? path : "the private key");
	if (!isatty(STDERR_FILENO) || EVP_read_pw_string(buf, size, prompt, 0) != 0)
		return -1;
	return (int)strlen(buf);
}

static EVP_PKEY *decode_private(const char *path, struct view data)
{
	EVP_PKEY *key = NULL;
	OSSL_DECODER_CTX *ctx =
		OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
	const unsigned char *pos = data.ptr;
	size_t len = data.len;

	if (ctx && OSSL_DECODER_CTX_set_pem_password_cb(ctx, ask, (void *)path) == 1)
		(void)OSSL_DECODER_from_data(ctx, &pos, &len);
	OSSL_DECODER_CTX_free(ctx);
	return key;
}

int infile_private(const char *path, const char *option, EVP_PKEY **out)
{
	struct wbuf data;
	int rc;

	wbuf_init(&data, 0);
	rc = infile_read(path, option, &data);
	if (rc == 0) {
		*out = decode_private(path, wbuf_view(&data));
		if (!*out)
			rc = complain(path, option, wbuf_view(&data),
				      "a private key, and its passphrase if it is encrypted");
	}
	ERR_clear_error();
	wbuf_done(&data);
	return rc;
}

/* ---- as options say ------------------------------------------------------------------------- */

static int refuse_token(const struct opts *o, const char *option)
{
	if (!opts_has(o, option))
		return 0;
	pki_fail("--%s: keys on smartcards and TPMs are not there; --%s names a file", option,
		 strcmp(option, "keyid") == 0 ? "in" : "cakey");
	return E_UNSUPPORTED;
}

/* NULL into *out for "priv": any. */
static int parse_kind(const char *type, const char *others, const struct keykind **out)
{
	const char *near;

	*out = NULL;
	if (!type || strcmp(type, "priv") == 0 || (*out = keykind_find(type)))
		return 0;
	near = keykind_nearest(type);
	if (near)
		pki_fail("--type %s is unknown; did you mean %s?", type, near);
	else
		pki_fail("--type %s is unknown: expected %s, or the kind of a private key (%s)",
			 type, others, KEYKIND_WORDS);
	return E_CONFIG;
}

static int load_kind(const char *path, const struct keykind *kind, EVP_PKEY **out)
{
	EVP_PKEY *key;
	int rc = infile_private(path, "in", &key);

	if (rc == 0 && kind && !keykind_is(kind, key)) {
		pki_fail("--in %s: expected a key of --type %s, found %s",
			 path ? path : "(standard input)", kind->word, sign_key_type(key));
		EVP_PKEY_free(key);
		return E_MALFORMED;
	}
	if (rc == 0)
		*out = key;
	return rc;
}

int infile_given_private(const struct opts *o, EVP_PKEY **out)
{
	const struct keykind *kind;
	int rc = refuse_token(o, "keyid");

	if (rc == 0)
		rc = parse_kind(opts_text(o, "type"), "priv", &kind);
	return rc ? rc : load_kind(opts_text(o, "in"), kind, out);
}

static EVP_PKEY *take_key(EVP_PKEY *key)
{
	return key && EVP_PKEY_up_ref(key) == 1 ? key : NULL;
}

/* The key in a certificate or request; what OpenSSL cannot read is a key of an unknown kind. */
static int load_carrier(const struct decoder *decoder, const char *path, EVP_PKEY **out)
{
	void *carrier;
	int rc = load(decoder, path, "in", &carrier);

	if (rc)
		return rc;
	if (decoder == &certs) {
		*out = take_key(X509_get0_pubkey(carrier));
		X509_free(carrier);
	} else {
		*out = take_key(X509_REQ_get0_pubkey(carrier));
		X509_REQ_free(carrier);
	}
	if (*out)
		return 0;
	pki_fail_openssl("--in %s: the key in it is of an unknown kind, or damaged",
			 path ? path : "(standard input)");
	return E_UNSUPPORTED;
}

int infile_given_public(const struct opts *o, const char *type, EVP_PKEY **out)
{
	const char *path = opts_text(o, "in"), *given = opts_text(o, "type");
	const struct keykind *kind;
	int rc = refuse_token(o, "keyid");

	if (rc)
		return rc;
	if (given)
		type = given;
	if (strcmp(type, "pub") == 0)
		return infile_public(path, "in", out);
	if (strcmp(type, "x509") == 0)
		return load_carrier(&certs, path, out);
	if (strcmp(type, "pkcs10") == 0)
		return load_carrier(&requests, path, out);
	rc = parse_kind(type, "pub, x509, pkcs10, priv", &kind);
	return rc ? rc : load_kind(path, kind, out);
}

static int check_ca(const struct opts *o, X509 *cert, const EVP_PKEY *key)
{
	const char *path = opts_text(o, "cacert");

	if (X509_check_private_key(cert, key) != 1) {
		ERR_clear_error();
		pki_fail("--cakey %s: this is not the key of the certificate --cacert %s",
			 opts_text(o, "cakey"), path);
		return E_CONFIG;
	}
	if (X509_check_ca(cert) != 1) {
		pki_fail("--cacert %s: this is no CA: it has no CA basicConstraint (--ca makes it)",
			 path);
		return E_CONFIG;
	}
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		pki_warn("--cacert %s: this CA has expired; nobody will trust what it signs", path);
	return 0;
}

int infile_given_ca(const struct opts *o, X509 **out_cert, EVP_PKEY **out_key)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int rc = refuse_token(o, "cakeyid");

	if (rc == 0 && !opts_has(o, "cakey")) {
		pki_fail("--cakey file is required: the CA's private key");
		rc = E_CONFIG;
	}
	if (rc == 0)
		rc = infile_cert(opts_text(o, "cacert"), "cacert", &cert);
	if (rc == 0)
		rc = infile_private(opts_text(o, "cakey"), "cakey", &key);
	if (rc == 0)
		rc = check_ca(o, cert, key);
	if (rc == 0) {
		*out_cert = cert;
		*out_key = key;
		return 0;
	}
	EVP_PKEY_free(key);
	X509_free(cert);
	return rc;
}
