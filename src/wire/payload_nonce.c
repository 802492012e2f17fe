/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

#include "wire/ike.h"

int payload_nonce_decode(struct view body, struct view *out)
{
	if (body.len < IKE_NONCE_MIN || body.len > IKE_NONCE_MAX)
		return E_MALFORMED;
	*out = body;
	return 0;
}
