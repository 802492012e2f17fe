/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "ike/settings.h"

/* Wireshark's names (4.0) of transforms; bits 0: any key length, NULL: it has no name for it. */
struct name {
	uint16_t id, bits;
	const char *ike, *esp;
};

static const struct name encr_names[] = {
	{3, 0, "3DES [RFC2451]", "TripleDES-CBC [RFC2451]"},
	{11, 0, "NULL [RFC2410]", "NULL"},
	{12, 128, "AES-CBC-128 [RFC3602]", "AES-CBC [RFC3602]"},
	{12, 192, "AES-CBC-192 [RFC3602]", "AES-CBC [RFC3602]"},
	{12, 256, "AES-CBC-256 [RFC3602]", "AES-CBC [RFC3602]"},
	{13, 128, "AES-CTR-128 [RFC5930]", "AES-CTR [RFC3686]"},
	{13, 192, "AES-CTR-192 [RFC5930]", "AES-CTR [RFC3686]"},
	{13, 256, "AES-CTR-256 [RFC5930]", "AES-CTR [RFC3686]"},
	{14, 128, "AES-CCM-128 with 8 octet ICV [RFC5282]", NULL},
	{14, 192, "AES-CCM-192 with 8 octet ICV [RFC5282]", NULL},
	{14, 256, "AES-CCM-256 with 8 octet ICV [RFC5282]", NULL},
	{15, 128, "AES-CCM-128 with 12 octet ICV [RFC5282]", NULL},
	{15, 192, "AES-CCM-192 with 12 octet ICV [RFC5282]", NULL},
	{15, 256, "AES-CCM-256 with 12 octet ICV [RFC5282]", NULL},
	{16, 128, "AES-CCM-128 with 16 octet ICV [RFC5282]", NULL},
	{16, 192, "AES-CCM-192 with 16 octet ICV [RFC5282]", NULL},
	{16, 256, "AES-CCM-256 with 16 octet ICV [RFC5282]", NULL},
	{18, 128, "AES-GCM-128 with 8 octet ICV [RFC5282]", "AES-GCM with 8 octet ICV [RFC4106]"},
	{18, 192, "AES-GCM-192 with 8 octet ICV [RFC5282]", "AES-GCM with 8 octet ICV [RFC4106]"},
	{18, 256, "AES-GCM-256 with 8 octet ICV [RFC5282]", "AES-GCM with 8 octet ICV [RFC4106]"},
	{19, 128, "AES-GCM-128 with 12 octet ICV [RFC5282]", "AES-GCM with 12 octet ICV [RFC4106]"},
	{19, 192, "AES-GCM-192 with 12 octet ICV [RFC5282]", "AES-GCM with 12 octet ICV [RFC4106]"},
	{19, 256, "AES-GCM-256 with 12 octet ICV [RFC5282]", "AES-GCM with 12 octet ICV [RFC4106]"},
	{20, 128, "AES-GCM-128 with 16 octet ICV [RFC5282]", "AES-GCM with 16 octet ICV [RFC4106]"},
	{20, 192, "AES-GCM-192 with 16 octet ICV [RFC5282]", "AES-GCM with 16 octet ICV [RFC4106]"},
	{20, 256, "AES-GCM-256 with 16 octet ICV [RFC5282]", "AES-GCM with 16 octet ICV [RFC4106]"},
};

static const struct name integ_names[] = {
	{0, 0, "NONE [RFC4306]", "NULL"},
	{2, 0, "HMAC_SHA1_96 [RFC2404]", "HMAC-SHA-1-96 [RFC2404]"},
	{5, 0, "ANY 96-bits of Authentication [No Checking]",
	 "ANY 96 bit authentication [no checking]"},
	{8, 0, "ANY 96-bits of Authentication [No Checking]",
	 "ANY 96 bit authentication [no checking]"},
	{12, 0, "HMAC_SHA2_256_128 [RFC4868]", "HMAC-SHA-256-128 [RFC4868]"},
	{13, 0, "HMAC_SHA2_384_192 [RFC4868]", "HMAC-SHA-384-192 [RFC4868]"},
	{14, 0, "HMAC_SHA2_512_256 [RFC4868]", "HMAC-SHA-512-256 [RFC4868]"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct name *find(const struct name *table, size_t n, uint16_t id, uint16_t bits)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].id == id && (table[i].bits == 0 || table[i].bits == bits))
			return &table[i];
	}
	return NULL;
}

static void put_hex(struct wbuf *out, struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		wbuf_fmt(out, "%02x", v.ptr[i]);
}

/* SPIs and keys in bare hex. */
static void put_ike(struct wbuf *out, const struct ike_keylog *k, const char *encr,
		    const char *integ)
{
	wbuf_fmt(out, "%016" PRIx64 ",%016" PRIx64 ",", k->spi_i, k->spi_r);
	put_hex(out, k->sk_ei);
	wbuf_str(out, ",");
	put_hex(out, k->sk_er);
	wbuf_fmt(out, ",\"%s\",", encr);
	put_hex(out, k->sk_ai);
	wbuf_str(out, ",");
	put_hex(out, k->sk_ar);
	wbuf_fmt(out, ",\"%s\"\n", integ);
}

static void put_key(struct wbuf *out, struct view key)
{
	wbuf_str(out, key.len ? ",\"0x" : ",\"");
	put_hex(out, key);
	wbuf_str(out, "\"");
}

static void put_esp(struct wbuf *out, const struct ike_keylog *k, const char *encr,
		    const char *integ)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	wbuf_fmt(out, "\"%s\",\"%s\",\"%s\",\"0x%08" PRIx32 "\",\"%s\"",
		 k->src.family == AF_INET6 ? "IPv6" : "IPv4", addr_text(&k->src, src),
		 addr_text(&k->dst, dst), k->spi, encr);
	put_key(out, k->encr_key);
	wbuf_fmt(out, ",\"%s\"", integ);
	put_key(out, k->integ_key);
	wbuf_str(out, "\n");
}

int keylog_format(struct wbuf *out, const struct ike_keylog *k)
{
	const struct name *encr = find(encr_names, COUNT(encr_names), k->encr, k->encr_bits);
	const struct name *integ = find(integ_names, COUNT(integ_names), k->integ, 0);

	if (!encr || !integ || !(k->is_ike ? encr->ike : encr->esp))
		return E_UNSUPPORTED;
	if (k->is_ike)
		put_ike(out, k, encr->ike, integ->ike);
	else
		put_esp(out, k, encr->esp, integ->esp);
	return wbuf_err(out);
}

static int append(const char *path, struct view line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int err = 0;

	if (fd < 0)
		return E_IO;
	/* A file that was there may be open to others. */
	if (fchmod(fd, 0600) != 0 || write(fd, line.ptr, line.len) != (ssize_t)line.len)
		err = E_IO;
	close(fd);
	return err;
}

int keylog_write(const char *dir, const struct ike_keylog *k)
{
	char path[PATH_MAX];
	struct wbuf w;
	int err, len;

	len = snprintf(path, sizeof(path), "%s/%s", dir,
		       k->is_ike ? KEYLOG_IKE_FILE : KEYLOG_ESP_FILE);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return E_IO;
	}
	wbuf_init(&w, 0);
	err = keylog_format(&w, k);
	if (!err)
		err = append(path, wbuf_view(&w));
	wbuf_done(&w);
	return err;
}
