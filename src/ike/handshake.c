/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/handshake.h"

#include <stdlib.h>

#include "cred/cert.h"
#include "cred/keyref.h"
#include "crypto/ke.h"

int handshake_new(struct ike_sa *sa)
{
	sa->hs = calloc(1, sizeof(*sa->hs));
	if (!sa->hs)
		return E_NOMEM;
	wbuf_init(&sa->hs->certreq, SA_MAX_CERTREQ * CERT_KEYID_LEN);
	handshake_reset(sa->hs);
	sa->hs->attempt = 1;
	return 0;
}

void handshake_forget_auth(struct handshake *hs)
{
	cert_put(hs->cert);
	hs->cert = NULL;
	keyref_put(hs->key);
	hs->key = NULL;
	secret_done(&hs->auth);
}

void handshake_reset(struct handshake *hs)
{
	secret_done(&hs->ni);
	secret_done(&hs->nr);
	secret_done(&hs->msg_i);
	secret_done(&hs->msg_r);
	ke_free(hs->ke);
	hs->ke = NULL;
	hs->ke_alg = NULL;
	secret_done(&hs->ke_data);
	secret_done(&hs->cookie);
	hs->restarts = 0;
	hs->refusal.err = 0;
	hs->addke_done = TRANSFORM_KE + 1; /* the type before ADDKE1 */
	hs->intauth = (struct intauth){0};
	hs->peer_intermediate = false;
	hs->peer_wants_cert = false;
	wbuf_done(&hs->certreq);
	hs->peer_childless = false;
	ppk_done(&hs->ppk);
	hs->rounds_local = hs->rounds_remote = 0;
	hs->peer_goes_on = false;
	candidates_done(&hs->candidates);
	secret_done(&hs->first_request);
	handshake_forget_auth(hs);
}

void handshake_free(struct ike_sa *sa)
{
	struct handshake *hs = sa->hs;

	if (!hs)
		return;
	sa->hs = NULL;
	handshake_reset(hs);
	free(hs->child_name);
	free(hs);
}
