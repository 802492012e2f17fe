/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/natd.h"

#include "crypto/prf.h"
#include "ike/sa.h"
#include "ike/state.h"

#define NATD_LEN 20

/* SHA-1(SPIi | SPIr | IP | port) */
static int natd_hash(const struct wire_hdr *hdr, const struct addr *a, uint8_t out[NATD_LEN])
{
	struct wbuf b;
	struct view v;
	int err;

	wbuf_init(&b, 0);
	wbuf_u64(&b, hdr->spi_i);
	wbuf_u64(&b, hdr->spi_r);
	wbuf_add(&b, addr_view(a));
	wbuf_u16(&b, a->port);
	v = wbuf_view(&b);
	err = wbuf_err(&b);
	if (err == 0)
		err = prf_sha1(&v, 1, out);
	wbuf_done(&b);
	return err;
}

void natd_put(struct ike_sa *sa, const struct addr *local, const struct addr *remote,
	      struct wire_writer *w)
{
	struct wire_hdr hdr = {.spi_i = sa->spi_i, .spi_r = sa->spi_r};
	uint8_t hash[NATD_LEN];

	if (sa->nat_fake)
		ike_random(sa->ike, hash, sizeof(hash));
	else if (natd_hash(&hdr, local, hash))
		return;
	wire_put_notify(w, N_NAT_DETECTION_SOURCE_IP, view_make(hash, sizeof(hash)));
	if (natd_hash(&hdr, remote, hash) == 0)
		wire_put_notify(w, N_NAT_DETECTION_DESTINATION_IP, view_make(hash, sizeof(hash)));
}

void natd_check(struct ike_sa *sa, const struct wire_msg *msg, const struct addr *local,
		const struct addr *remote)
{
	uint8_t here[NATD_LEN], there[NATD_LEN];
	bool src_seen = false, src_ok = false, dst_seen = false, dst_ok = false;

	if (natd_hash(&msg->hdr, local, here) || natd_hash(&msg->hdr, remote, there))
		return;
	/* There may be several source hashes, one for each address the peer might use. */
	for (const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_NOTIFY); p;
	     p = wire_msg_next(msg, p)) {
		if (p->u.notify.type == N_NAT_DETECTION_SOURCE_IP) {
			src_seen = true;
			src_ok |= view_equal(p->u.notify.data, view_make(there, sizeof(there)));
		} else if (p->u.notify.type == N_NAT_DETECTION_DESTINATION_IP) {
			dst_seen = true;
			dst_ok |= view_equal(p->u.notify.data, view_make(here, sizeof(here)));
		}
	}
	if (!src_seen || !dst_seen)
		return;
	sa->peer_natt = true;
	sa->nat_local = !dst_ok;
	sa->nat_remote = !src_ok;
	if (sa->nat_local)
		sa_log(sa, LOG_IKE, LOG_CTRL, "local host is behind NAT, sending keep alives");
	if (sa->nat_remote)
		sa_log(sa, LOG_IKE, LOG_CTRL, "remote host is behind NAT");
}
