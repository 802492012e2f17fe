/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/init.h"

#include <stdlib.h>

#include "crypto/alg.h"
#include "crypto/sign.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/keys.h"
#include "ike/natd.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ipsec/ipsec.h"

#define VENDOR_SHOWN 32 /* bytes of an unknown vendor id in its log line */

/* MD5("strongSwan"): peers take private-use algorithm numbers only from their kin. */
static const uint8_t vid_strongswan[16] = {0x88, 0x2f, 0xe5, 0x6d, 0x6f, 0xd2, 0x0d, 0xbc,
					   0x22, 0x51, 0x61, 0x3b, 0x2e, 0xbe, 0x5b, 0xeb};

static const uint8_t our_hashes[] = {IKE_HASH_SHA256, IKE_HASH_SHA384, IKE_HASH_SHA512,
				     IKE_HASH_IDENTITY};

void init_put_natd(struct ike_sa *sa, struct wire_writer *w)
{
	struct ipsec *ipsec = sa->ike->ipsec;
	bool fake = (sa->conn && sa->conn->conf->encap) || ipsec->ops->needs_encap(ipsec);

	sa->nat_fake = fake;
	natd_put(sa, &sa->local, &sa->remote, w);
}

void init_put_hashes(struct ike_sa *sa, struct wire_writer *w)
{
	uint8_t list[2 * sizeof(our_hashes)];

	if (!sa->ike->settings.signature_authentication)
		return;
	for (size_t i = 0; i < sizeof(our_hashes); i++) {
		list[2 * i] = 0;
		list[2 * i + 1] = our_hashes[i];
	}
	wire_put_notify(w, N_SIGNATURE_HASH_ALGORITHMS, view_make(list, sizeof(list)));
}

void init_put_vendor(struct ike_sa *sa, struct wire_writer *w)
{
	if (sa->ike->settings.send_vendor_id)
		wire_put_vendor(w, view_make(vid_strongswan, sizeof(vid_strongswan)));
}

static void take_hashes(struct ike_sa *sa, struct view list)
{
	struct rbuf r;
	uint16_t hash;

	rbuf_init(&r, list);
	while (rbuf_u16(&r, &hash) == 0) {
		if (hash < 32)
			sa->peer_hashes |= SIGN_HASH_BIT(hash);
	}
}

static void take_vendor(struct ike_sa *sa, struct view id)
{
	char *hex;

	if (view_equal(id, view_make(vid_strongswan, sizeof(vid_strongswan)))) {
		sa->peer_strongswan = true;
		sa_log(sa, LOG_IKE, LOG_CTRL, "received strongSwan vendor ID");
		return;
	}
	/* Anybody can send one: a long one is not worth its room in the log. */
	hex = str_hex(view_make(id.ptr, id.len < VENDOR_SHOWN ? id.len : VENDOR_SHOWN), ":");
	sa_log(sa, LOG_ENC, LOG_CTRL, "received unknown vendor ID: %s%s", hex ? hex : "?",
	       id.len > VENDOR_SHOWN ? "..." : "");
	free(hex);
}

void init_take_fragmentation(struct ike_sa *sa, const struct wire_msg *msg,
			     const struct conf_conn *conf)
{
	bool theirs = wire_msg_notify(msg, N_FRAGMENTATION_SUPPORTED);

	sa->hs->announce_fragments = theirs && conf->fragmentation != CONF_FRAG_NO;
	sa->peer_fragments = theirs && (conf->fragmentation == CONF_FRAG_YES ||
					conf->fragmentation == CONF_FRAG_FORCE);
}

void init_take_notifies(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *hashes = wire_msg_notify(msg, N_SIGNATURE_HASH_ALGORITHMS);

	sa->hs->peer_intermediate = wire_msg_notify(msg, N_INTERMEDIATE_EXCHANGE_SUPPORTED);
	if (!sa->initiator)
		redirect_take_client(sa, msg);
	sa->hs->peer_childless = wire_msg_notify(msg, N_CHILDLESS_IKEV2_SUPPORTED);
	sa->hs->ppk.peer_knows = wire_msg_notify(msg, N_USE_PPK);
	sa->peer_multi_auth = wire_msg_notify(msg, N_MULTIPLE_AUTH_SUPPORTED);
	if (hashes)
		take_hashes(sa, hashes->data);
	for (const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_VENDOR); p;
	     p = wire_msg_next(msg, p))
		take_vendor(sa, p->u.data);
}

static const struct alg *chosen_alg(const struct ike_sa *sa, uint8_t type)
{
	const struct transform *t = proposal_find(&sa->chosen, type);

	return t ? alg_find(type, t->id) : NULL;
}

void init_set_algs(struct ike_sa *sa)
{
	sa->encr = chosen_alg(sa, TRANSFORM_ENCR);
	sa->integ = chosen_alg(sa, TRANSFORM_INTEG);
	sa->prf = chosen_alg(sa, TRANSFORM_PRF);
}

int init_derive_keys(struct ike_sa *sa, struct view shared)
{
	/* Keys of an attempt that was given up do not count. */
	bool further = sa->hs->addke_done >= TRANSFORM_ADDKE1;
	struct keys_ike keys;
	int err = keys_derive_ike(
		&(struct keys_ike_params){
			.prf = sa->prf,
			.encr = sa->encr,
			.integ = sa->integ,
			.key_bits = proposal_find(&sa->chosen, TRANSFORM_ENCR)->key_bits,
			.sk_d = further ? secret_view(&sa->keys.d) : (struct view){0},
			.shared = shared,
			.ni = secret_view(&sa->hs->ni),
			.nr = secret_view(&sa->hs->nr),
			.spi_i = sa->spi_i,
			.spi_r = sa->spi_r,
		},
		&keys);

	if (err)
		return err;
	keys_ike_done(&sa->keys);
	sa->keys = keys;
	sa->ppk = false;
	return sa_use_keys(sa);
}
