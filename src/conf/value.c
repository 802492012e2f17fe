/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/value.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

int value_bool(const char *text, bool *out)
{
	static const char *const words[2][4] = {
		{"no", "false", "disabled", "0"},
		{"yes", "true", "enabled", "1"},
	};

	for (unsigned i = 0; i < 8; i++) {
		if (strcasecmp(text, words[i / 4][i % 4]) == 0) {
			*out = i / 4;
			return 0;
		}
	}
	return E_CONFIG;
}

/* A number with at most one unit letter of `units`, each worth the factor at its index. */
static int parse_scaled(const char *text, const char *units, const uint64_t *factors, uint64_t max,
			uint64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
	char number[24];
	uint64_t factor = 1, v;

	if (digits >= sizeof(number) || (text[digits] && (!unit || text[digits + 1])))
		return E_CONFIG;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (unit)
		factor = factors[unit - units];
	if (str_u64(number, max / factor, &v) < 0)
		return E_CONFIG;
	*out = v * factor;
	return 0;
}

int value_seconds(const char *text, uint64_t *out)
{
	static const uint64_t factors[] = {1, 60, 3600, 86400};

	return parse_scaled(text, "smhd", factors, VALUE_MAX_SECONDS, out);
}

int value_bytes(const char *text, uint64_t *out)
{
	static const uint64_t factors[] = {1u << 10, 1u << 20, 1u << 30,
					   1u << 10, 1u << 20, 1u << 30};

	/* UINT64_MAX itself is CONF_UNSET. */
	return parse_scaled(text, "kmgKMG", factors, UINT64_MAX - 1, out);
}

int value_level(const char *text, int *out)
{
	if (strcmp(text, "-1") == 0)
		*out = -1;
	else if (text[0] >= '0' && text[0] <= '4' && !text[1])
		*out = text[0] - '0';
	else
		return E_CONFIG;
	return 0;
}

int value_secret(const char *text, struct secret *out)
{
	struct wbuf w;
	int err;

	*out = (struct secret){0};
	if (strncmp(text, "0x", 2) != 0 && strncmp(text, "0s", 2) != 0)
		return secret_copy(out, view_str(text));
	wbuf_init(&w, 0);
	err = text[1] == 'x' ? str_unhex(text + 2, &w) : str_unbase64(text + 2, &w);
	if (!err)
		err = secret_copy(out, wbuf_view(&w));
	wbuf_done(&w);
	return err == E_MALFORMED ? E_CONFIG : err;
}
