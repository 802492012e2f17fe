/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kstat.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ipsec/ipsec.h"

#define FIELD(member) offsetof(struct ipsec_drops, member)

/* Which of the kernel's reasons is which of ours; what an SA counts itself is left out. */
static const struct {
	const char *name;
	size_t offset;
} reasons[] = {
	{"XfrmOutNoStates", FIELD(no_policy)},	     {"XfrmOutPolBlock", FIELD(no_policy)},
	{"XfrmInNoStates", FIELD(unknown_spi)},	     {"XfrmInHdrError", FIELD(malformed)},
	{"XfrmOutStateProtoError", FIELD(crypto)},   {"XfrmOutStateSeqError", FIELD(crypto)},
	{"XfrmOutBundleGenError", FIELD(no_policy)}, {"XfrmInBufferError", FIELD(behind)},
};

void kstat_parse(FILE *file, struct ipsec_drops *out)
{
	char line[128], name[64];
	unsigned long long value;

	*out = (struct ipsec_drops){0};
	while (fgets(line, sizeof(line), file)) {
		const size_t blank = strcspn(line, " \t");

		if (line[blank] == '\0' || blank >= sizeof(name))
			continue;
		memcpy(name, line, blank);
		name[blank] = '\0';
		value = strtoull(line + blank, NULL, 10);
		for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
			if (strcmp(name, reasons[i].name) == 0)
				*(uint64_t *)(void *)((char *)out + reasons[i].offset) += value;
	}
}

void kstat_read(struct ipsec_drops *out)
{
	FILE *file = fopen("/proc/net/xfrm_stat", "re");

	*out = (struct ipsec_drops){0};
	if (!file)
		return;
	kstat_parse(file, out);
	fclose(file);
}
