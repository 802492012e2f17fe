/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "conf/node.h"
#include "vici/codec.h"

/*
 * What a vici client sends: codec_packet_read(), codec_check(), codec_to_node(). A message that is
 * accepted must be read by the reader too, and have a tree; one that is refused must have none.
 */

static void walk(struct view message)
{
	struct codec_reader r;
	struct codec_element e;
	int rc;

	codec_reader_init(&r, message);
	do {
		rc = codec_reader_next(&r, &e);
		if (rc)
			abort();
	} while (e.type != CODEC_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_node *root = NULL;
	struct codec_packet packet;
	int rc;

	if (codec_packet_read(view_make(data, size), &packet))
		return 0;
	rc = codec_to_node(packet.message, &root);
	if ((rc == 0) != (root != NULL) || (rc == 0) != (codec_check(packet.message) == 0))
		abort();
	if (rc == 0)
		walk(packet.message);
	conf_node_free(root);
	return 0;
}
