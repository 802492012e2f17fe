/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

int payload_eap_decode(struct view body, struct payload_eap *out)
{
	struct payload_eap eap = {0};
	struct rbuf r;
	uint16_t len;

	rbuf_init(&r, body);
	if (rbuf_u8(&r, &eap.code) || rbuf_u8(&r, &eap.identifier) || rbuf_u16(&r, &len))
		return E_SHORT;
	if (len != body.len)
		return len > body.len ? E_SHORT : E_TRAILING;
	if ((eap.code == PAYLOAD_EAP_REQUEST || eap.code == PAYLOAD_EAP_RESPONSE) &&
	    rbuf_u8(&r, &eap.type))
		return E_SHORT;
	eap.data = rbuf_rest(&r);
	if ((eap.code == PAYLOAD_EAP_SUCCESS || eap.code == PAYLOAD_EAP_FAILURE) && eap.data.len)
		return E_TRAILING;
	*out = eap;
	return 0;
}
