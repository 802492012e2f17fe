/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

int secret_alloc(struct secret *s, size_t len)
{
	*s = (struct secret){0};
	if (len == 0)
		return 0;
	s->data = calloc(1, len);
	if (!s->data)
		return E_NOMEM;
	s->len = len;
	return 0;
}

int secret_copy(struct secret *s, struct view v)
{
	int err = secret_alloc(s, v.len);

	if (err == 0 && v.len > 0)
		memcpy(s->data, v.ptr, v.len);
	return err;
}

void secret_done(struct secret *s)
{
	if (s->data)
		explicit_bzero(s->data, s->len);
	free(s->data);
	*s = (struct secret){0};
}

void secret_move(struct secret *dst, struct secret *src)
{
	struct secret tmp = *src;

	*src = (struct secret){0};
	secret_done(dst);
	*dst = tmp;
}

struct view secret_view(const struct secret *s)
{
	return (struct view){s->data, s->len};
}

bool secret_equal(struct view a, struct view b)
{
	uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff |= (uint8_t)(a.ptr[i] ^ b.ptr[i]);
	return diff == 0;
}

void secret_wipe(void *ptr, size_t len)
{
	if (ptr && len)
		explicit_bzero(ptr, len);
}
