/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define STR_WORD_MAX 64 /* longer words get no suggestion */

int strs_add_view(struct strs *l, struct view v)
{
	char **items;
	char *copy = str_from_view(v);

	if (!copy)
		return E_NOMEM;
	items = realloc(l->items, (l->count + 1) * sizeof(*items));
	if (!items) {
		free(copy);
		return E_NOMEM;
	}
	l->items = items;
	l->items[l->count++] = copy;
	return 0;
}

int strs_add(struct strs *l, const char *s)
{
	return strs_add_view(l, view_str(s));
}

bool strs_has(const struct strs *l, const char *s)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->items[i], s) == 0)
			return true;
	}
	return false;
}

bool strs_equal(const struct strs *a, const struct strs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

void strs_done(struct strs *l)
{
	for (size_t i = 0; i < l->count; i++) {
		explicit_bzero(l->items[i], strlen(l->items[i]));
		free(l->items[i]);
	}
	free(l->items);
	*l = (struct strs){0};
}

char *str_from_view(struct view v)
{
	char *s = malloc(v.len + 1);

	if (!s)
		return NULL;
	if (v.len)
		memcpy(s, v.ptr, v.len);
	s[v.len] = '\0';
	return s;
}

char *str_hex(struct view v, const char *sep)
{
	static const char digits[] = "0123456789abcdef";
	size_t step = 2 + strlen(sep);
	char *s = malloc(v.len * step + 1);
	char *p = s;

	if (!s)
		return NULL;
	for (size_t i = 0; i < v.len; i++) {
		if (i > 0)
			p = stpcpy(p, sep);
		*p++ = digits[v.ptr[i] >> 4];
		*p++ = digits[v.ptr[i] & 15];
	}
	*p = '\0';
	return s;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int str_unhex(const char *s, struct wbuf *out)
{
	while (*s) {
		int hi = hex_digit(s[0]);
		int lo = hi < 0 ? -1 : hex_digit(s[1]);

		if (lo < 0)
			return E_MALFORMED;
		wbuf_u8(out, (uint8_t)(hi << 4 | lo));
		s += 2;
		if (*s == ':' && s[1])
			s++;
	}
	return wbuf_err(out);
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

int str_unbase64(const char *s, struct wbuf *out)
{
	size_t n = strcspn(s, "=");
	size_t pads = strspn(s + n, "=");
	uint32_t acc = 0;

	if (s[n + pads] || n % 4 == 1 || (pads && (n % 4 == 0 || n % 4 + pads != 4)))
		return E_MALFORMED;
	for (size_t i = 0; i < n; i++) {
		int d = base64_digit(s[i]);

		if (d < 0)
			return E_MALFORMED;
		acc = acc << 6 | (uint32_t)d;
		if (i % 4 != 0)
			wbuf_u8(out, (uint8_t)(acc >> (6 - 2 * (i % 4))));
	}
	return wbuf_err(out);
}

unsigned str_distance(const char *a, const char *b, unsigned max)
{
	unsigned row[3][STR_WORD_MAX + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > STR_WORD_MAX || nb > STR_WORD_MAX)
		return max + 1;
	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *cur = row[i % 3], *prev = row[(i + 2) % 3], *prev2 = row[(i + 1) % 3];

		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = prev[j - 1] + (a[i - 1] != b[j - 1]);

			if (prev[j] + 1 < best)
				best = prev[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    prev2[j - 2] + 1 < best)
				best = prev2[j - 2] + 1;
			cur[j] = best;
		}
	}
	return row[na % 3][nb] > max ? max + 1 : row[na % 3][nb];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t n)
{
	unsigned max = (unsigned)strlen(word) / 3 + 1;
	const char *best = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned d = str_distance(word, candidates[i], max);

		if (d <= max && d < strlen(candidates[i])) {
			best = candidates[i];
			if (d == 0)
				break;
			max = d - 1;
		}
	}
	return best;
}

int str_u64(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!*s)
		return E_MALFORMED;
	for (; *s; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (*s < '0' || *s > '9')
			return E_MALFORMED;
		if (v > (UINT64_MAX - digit) / 10)
			return E_LIMIT;
		v = v * 10 + digit;
	}
	if (v > max)
		return E_LIMIT;
	*out = v;
	return 0;
}
