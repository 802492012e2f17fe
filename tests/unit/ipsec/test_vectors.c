/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/esp_in.h"
#include "ipsec/user/esp_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "crypto/alg.h"
#include "lab.h"

/* ESP packets from RFCs, bit for bit. */

static struct wbuf hex(const char *text)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	assert_int_equal(str_unhex(text, &w), 0);
	return w;
}

static struct ts_list everything(void)
{
	struct ts_list l = {0};
	struct ts t;

	assert_int_equal(ts_parse(&t, "0.0.0.0/0"), 0);
	assert_int_equal(ts_add(&l, &t), 0);
	return l;
}

struct vector {
	uint16_t encr, integ, key_bits;
	bool esn;
	uint32_t spi;
	uint64_t seq;
	const char *key, *iv, *inner, *esp;
	int err; /* of opening it */
};

/*
 * RFC 3602 section 4, cases 7 and 8 (tunnel mode). They have no ICV, which we do not allow; ours
 * follows what they show.
 */
static const struct vector cbc[] = {
	{12, 12, 128, false, 0x8765, 2, "0123456789abcdef0123456789abcdef",
	 "f4e765244f6407adf13dc1380f673f37",
	 "45000054090400004001f988c0a87b03c0a87bc8"
	 "08009f76a90a0100b49c083d02a2040008090a0b0c0d0e0f1011121314151617"
	 "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
	 "0000876500000002f4e765244f6407adf13dc1380f673f37"
	 "773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8"
	 "e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5"
	 "c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d",
	 0},
	{12, 12, 128, false, 0x8765, 5, "0123456789abcdef0123456789abcdef",
	 "85d47224b5f3dd5d2101d4ea8dffab22",
	 "45000044090c00004001f990c0a87b03c0a87bc8"
	 "0800d63caa0a0200c69c083da3de0300ffffffffffffffffffffffffffffffff"
	 "ffffffffffffffffffffffffffffffff",
	 "000087650000000585d47224b5f3dd5d2101d4ea8dffab22"
	 "15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb5"
	 "0f980a08c9843fd3a1b06d5c07ff9639b7eb7dfb3512e5de435e7207ed971ef3"
	 "d2726d9b5ef6affc6d17a0decbb13892",
	 0},
};

static const struct vector aead[] = {
	/* RFC 7634 appendix A */
	{28, 0, 0, false, 0x01020304, 5,
	 "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3",
	 "1011121314151617",
	 "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
	 "0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
	 "2425262728292a2b2c2d2e2f3031323334353637",
	 "01020304000000051011121314151617"
	 "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
	 "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
	 "cbec163fac469b502773f6fb94e664da9165b82829f641e0"
	 "76aaa8266b7fb0f7b11b369907e1ad43",
	 0},
	/*
	 * AES-GCM with ESN, from the test cases of RFC 4106's authors (draft-mcgrew-gcm-test). The
	 * trailer says that the IP packet is an ICMP message, so it is refused, but only then.
	 */
	{20, 0, 128, true, 0x00004321, UINT64_C(0x8765432100000000),
	 "4c80cdefbb5d10da906ac73c3613a6342e443b68", "4956ed7e3b244cfe",
	 "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000"
	 "00000000045f736970045f756470037369700963796265726369747902646b00"
	 "0021000101020201",
	 "00004321000000004956ed7e3b244cfe"
	 "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
	 "cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
	 "61bc17d768fd9732459018148f6cbe722fd04796562dfdb4",
	 E_TS},
};

struct side {
	struct ts_list ts;
	struct ipsec_sa_params p;
	uint8_t integ_key[64];
	struct wbuf key;
};

static void fill(struct side *s, const struct vector *v)
{
	s->key = hex(v->key);
	s->ts = everything();
	memset(s->integ_key, 7, sizeof(s->integ_key));
	s->p = (struct ipsec_sa_params){
		.spi_in = v->spi,
		.spi_out = v->spi,
		.encap = true,
		.encr = alg_find(ALG_ENCR, v->encr),
		.integ = v->integ ? alg_find(ALG_INTEG, v->integ) : NULL,
		.key_bits = v->key_bits,
		.esn = v->esn,
		.replay_window = 32,
		.encr_in = wbuf_view(&s->key),
		.encr_out = wbuf_view(&s->key),
		.ts_local = &s->ts,
		.ts_remote = &s->ts,
	};
	if (s->p.integ)
		s->p.integ_in = s->p.integ_out =
			view_make(s->integ_key, s->p.integ->u.integ.key_len);
}

static void test_cbc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cbc) / sizeof(cbc[0]); i++) {
		const struct vector *v = &cbc[i];
		struct wbuf iv = hex(v->iv), inner = hex(v->inner), esp = hex(v->esp);
		struct esp_packet p = lab_packet(inner.data, inner.len);
		struct side s;
		struct lab l;

		fill(&s, v);
		lab_init(&l);
		sad_find(&l.sad, lab_install(&l, &s.p))->out->seq = v->seq - 1;
		l.ivs = iv.data;
		assert_int_equal(lab_out(&l, &p), 0);
		assert_int_equal(p.len, esp.len + 16);
		assert_memory_equal(esp_data(&p), esp.data, esp.len);
		assert_int_equal(lab_in(&l, &p), 0);
		assert_int_equal(p.len, inner.len);
		assert_memory_equal(esp_data(&p), inner.data, inner.len);
		free(p.buf);
		lab_done(&l);
		wbuf_done(&iv);
		wbuf_done(&inner);
		wbuf_done(&esp);
		wbuf_done(&s.key);
	}
}

/* The examples have IVs of their own, so they are only opened. */
static void test_aead(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(aead) / sizeof(aead[0]); i++) {
		const struct vector *v = &aead[i];
		struct wbuf inner = hex(v->inner), esp = hex(v->esp);
		struct esp_packet p = lab_packet(esp.data, esp.len);
		struct side s;
		struct lab l;

		fill(&s, v);
		lab_init(&l);
		sad_find(&l.sad, lab_install(&l, &s.p))->in->replay.top = v->seq - 1;
		assert_int_equal(lab_in(&l, &p), v->err);
		assert_int_equal(p.seq, v->seq);
		assert_memory_equal(p.buf + ESP_HEADROOM + ESP_HEADER + 8, inner.data, inner.len);
		if (v->err == 0)
			assert_int_equal(p.len, inner.len);
		free(p.buf);
		lab_done(&l);
		wbuf_done(&inner);
		wbuf_done(&esp);
		wbuf_done(&s.key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cbc),
		cmocka_unit_test(test_aead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
