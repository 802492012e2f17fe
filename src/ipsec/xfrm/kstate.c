/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kstate.h"

#include <libmnl/libmnl.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <string.h>

#include "ipsec/nlsock.h"
#include "ipsec/xfrm/kalg.h"

#define PLAIN_WINDOW 32	  /* packets: what fits without XFRMA_REPLAY_ESN_VAL */
#define WIDE_WINDOW  4096 /* packets: the widest the kernel has */
/*
 * Packets may leave between reading a state and replacing it. So that no sequence number is used
 * twice, the new one starts this much later, which no receiver minds.
 */
#define SEQ_GAP 4096

struct addr kstate_addr(const void *xfrm_address, uint16_t family)
{
	struct addr a = {.family = (uint8_t)family};

	memcpy(a.ip, xfrm_address, addr_len(a.family));
	return a;
}

static void set_addr(xfrm_address_t *out, const struct addr *a)
{
	memset(out, 0, sizeof(*out));
	memcpy(out, a->ip, addr_len(a->family));
}

void kstate_put_mark(struct nlmsghdr *request, const struct ipsec_mark *mark)
{
	const struct xfrm_mark m = {.v = mark->value, .m = mark->mask};

	if (mark->mask)
		mnl_attr_put(request, XFRMA_MARK, sizeof(m), &m);
}

void kstate_put_if_id(struct nlmsghdr *request, uint32_t if_id)
{
	if (if_id)
		mnl_attr_put_u32(request, XFRMA_IF_ID, if_id);
}

static void put_encap(struct nlmsghdr *request, const struct kstate_id *id)
{
	const struct xfrm_encap_tmpl encap = {
		.encap_type = UDP_ENCAP_ESPINUDP,
		.encap_sport = htons(id->src.port),
		.encap_dport = htons(id->dst.port),
	};

	if (id->encap)
		mnl_attr_put(request, XFRMA_ENCAP, sizeof(encap), &encap);
}

static void set_limits(struct xfrm_lifetime_cfg *out, const struct ipsec_sa_params *p)
{
	*out = (struct xfrm_lifetime_cfg){
		.soft_byte_limit = p->soft_bytes ? p->soft_bytes : XFRM_INF,
		.hard_byte_limit = p->hard_bytes ? p->hard_bytes : XFRM_INF,
		.soft_packet_limit = p->soft_packets ? p->soft_packets : XFRM_INF,
		.hard_packet_limit = p->hard_packets ? p->hard_packets : XFRM_INF,
	};
}

/*
 * The window of an outbound SA is not used, but extended sequence numbers must have one, also where
 * replay protection is off: there it is as wide as can be.
 */
static void put_replay(struct nlmsghdr *request, struct xfrm_usersa_info *sa,
		       const struct kstate_new *s)
{
	uint32_t window = s->inbound ? s->params->replay_window : 0;
	_Alignas(struct xfrm_replay_state_esn)
		uint8_t room[sizeof(struct xfrm_replay_state_esn) + WIDE_WINDOW / 8] = {0};
	struct xfrm_replay_state_esn *esn = (struct xfrm_replay_state_esn *)room;

	if (window > WIDE_WINDOW)
		window = WIDE_WINDOW;
	if (s->params->esn) {
		sa->flags |= XFRM_STATE_ESN;
		if (window == 0)
			window = s->inbound ? WIDE_WINDOW : PLAIN_WINDOW;
	} else if (window <= PLAIN_WINDOW) {
		sa->replay_window = (uint8_t)window;
		return;
	}
	esn->replay_window = window;
	esn->bmp_len = (window + 31) / 32;
	mnl_attr_put(request, XFRMA_REPLAY_ESN_VAL, sizeof(*esn) + esn->bmp_len * 4, esn);
}

static void put_flags(struct nlmsghdr *request, struct xfrm_usersa_info *sa,
		      const struct kstate_new *s)
{
	const struct ipsec_sa_params *p = s->params;

	/* Inside a tunnel there may be both families. */
	if (p->mode == IPSEC_TUNNEL)
		sa->flags |= XFRM_STATE_AF_UNSPEC;
	if (p->flags & IPSEC_NO_COPY_DF)
		sa->flags |= XFRM_STATE_NOPMTUDISC;
	if (p->flags & IPSEC_NO_COPY_ECN)
		sa->flags |= XFRM_STATE_NOECN;
	if (p->flags & IPSEC_COPY_DSCP_IN)
		sa->flags |= XFRM_STATE_DECAP_DSCP;
	if (p->flags & IPSEC_NO_COPY_DSCP_OUT)
		mnl_attr_put_u32(request, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
	/* The kernel pads to this or to what the path takes, whichever is less. */
	if (p->tfc && p->mode == IPSEC_TUNNEL && !s->inbound)
		mnl_attr_put_u32(request, XFRMA_TFCPAD, p->tfc);
}

static void put_labels(struct nlmsghdr *request, const struct kstate_new *s)
{
	const struct ipsec_labels *l = &s->params->labels;
	const struct ipsec_mark *set = s->inbound ? &l->set_in : &l->set_out;

	kstate_put_mark(request, &s->id.mark);
	kstate_put_if_id(request, s->inbound ? l->if_id_in : l->if_id_out);
	if (set->mask) {
		mnl_attr_put_u32(request, XFRMA_SET_MARK, set->value);
		mnl_attr_put_u32(request, XFRMA_SET_MARK_MASK, set->mask);
	}
}

int kstate_put_new(void *buffer, const struct kstate_new *s, const char **out_missing)
{
	const struct ipsec_sa_params *p = s->params;
	struct nlmsghdr *h = nlsock_begin(buffer, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
	struct xfrm_usersa_info *sa = mnl_nlmsg_put_extra_header(h, sizeof(*sa));
	const struct kalg algorithms = {
		.encr = p->encr,
		.integ = p->integ,
		.encr_key = s->inbound ? p->encr_in : p->encr_out,
		.integ_key = s->inbound ? p->integ_in : p->integ_out,
		.sha256_96 = p->flags & IPSEC_SHA256_96,
	};
	int err;

	set_addr(&sa->saddr, &s->id.src);
	set_addr(&sa->id.daddr, &s->id.dst);
	sa->id.spi = htonl(s->id.spi);
	sa->id.proto = IPPROTO_ESP;
	sa->family = s->id.dst.family;
	sa->reqid = p->reqid;
	sa->seq = KSTATE_OURS;
	sa->mode = p->mode == IPSEC_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	set_limits(&sa->lft, p);
	err = kalg_put(h, &algorithms, out_missing);
	if (err != 0)
		return err;
	put_flags(h, sa, s);
	put_replay(h, sa, s);
	put_encap(h, &s->id);
	put_labels(h, s);
	return 0;
}

static struct nlmsghdr *put_id(void *buffer, uint16_t type, const struct kstate_id *id)
{
	struct nlmsghdr *h = nlsock_begin(buffer, type, 0);
	struct xfrm_usersa_id *sa = mnl_nlmsg_put_extra_header(h, sizeof(*sa));

	set_addr(&sa->daddr, &id->dst);
	sa->spi = htonl(id->spi);
	sa->family = id->dst.family;
	sa->proto = IPPROTO_ESP;
	kstate_put_mark(h, &id->mark);
	return h;
}

struct nlmsghdr *kstate_put_delete(void *buffer, const struct kstate_id *id)
{
	return put_id(buffer, XFRM_MSG_DELSA, id);
}

struct nlmsghdr *kstate_put_get(void *buffer, const struct kstate_id *id)
{
	return put_id(buffer, XFRM_MSG_GETSA, id);
}

struct nlmsghdr *kstate_put_dump(void *buffer)
{
	return nlsock_begin(buffer, XFRM_MSG_GETSA, NLM_F_DUMP);
}

/* ---- moving ---------------------------------------------------------------------------------- */

static bool is_secret(uint16_t type)
{
	return type == XFRMA_ALG_AEAD || type == XFRMA_ALG_CRYPT || type == XFRMA_ALG_AUTH_TRUNC;
}

/* What the kernel tells and does not want to hear, or what is written anew. */
static bool is_left_out(uint16_t type)
{
	return type == XFRMA_ENCAP || type == XFRMA_ALG_AUTH || type == XFRMA_LASTUSED ||
	       type == XFRMA_PAD || type == XFRMA_COADDR;
}

/* A key of zeros: the kernel was told not to give keys away. NULL encryption has none. */
static bool is_blank(const struct nlattr *a)
{
	const size_t head = mnl_attr_get_type(a) == XFRMA_ALG_CRYPT ? sizeof(struct xfrm_algo)
			    : mnl_attr_get_type(a) == XFRMA_ALG_AEAD
				    ? sizeof(struct xfrm_algo_aead)
				    : sizeof(struct xfrm_algo_auth);
	const size_t len = mnl_attr_get_payload_len(a);
	const uint8_t *octets = mnl_attr_get_payload(a);

	for (size_t i = head; i < len; i++)
		if (octets[i] != 0)
			return false;
	return len > head;
}

/* E_MALFORMED: not a counter that we know, and without it the numbers would begin anew. */
static int put_later(struct nlmsghdr *h, const struct nlattr *a)
{
	_Alignas(8) uint8_t room[sizeof(struct xfrm_replay_state_esn) + WIDE_WINDOW / 8];
	const bool is_esn = mnl_attr_get_type(a) == XFRMA_REPLAY_ESN_VAL;
	const size_t len = mnl_attr_get_payload_len(a);
	struct xfrm_replay_state_esn *esn = (struct xfrm_replay_state_esn *)room;
	struct xfrm_replay_state *plain = (struct xfrm_replay_state *)room;

	if (len > sizeof(room) || len < (is_esn ? sizeof(*esn) : sizeof(*plain)))
		return E_MALFORMED;
	memcpy(room, mnl_attr_get_payload(a), len);
	if (is_esn) {
		esn->oseq += SEQ_GAP;
		esn->oseq_hi += esn->oseq < SEQ_GAP;
	} else {
		/* At the end nothing is sent any more. */
		plain->oseq =
			plain->oseq < UINT32_MAX - SEQ_GAP ? plain->oseq + SEQ_GAP : UINT32_MAX;
	}
	mnl_attr_put(h, mnl_attr_get_type(a), len, room);
	return 0;
}

int kstate_put_moved(void *buffer, const struct nlmsghdr *answer, const struct kstate_id *to,
		     bool inbound)
{
	const struct xfrm_usersa_info *old = mnl_nlmsg_get_payload(answer);
	struct nlmsghdr *h = nlsock_begin(buffer, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
	struct xfrm_usersa_info *sa = mnl_nlmsg_put_extra_header(h, sizeof(*sa));
	const struct nlattr *a;
	int err = 0;

	*sa = *old;
	set_addr(&sa->saddr, &to->src);
	set_addr(&sa->id.daddr, &to->dst);
	sa->family = to->dst.family;
	mnl_attr_for_each(a, answer, sizeof(*old)) {
		const uint16_t type = mnl_attr_get_type(a);

		if (is_left_out(type))
			continue;
		if (is_secret(type) && is_blank(a))
			return E_PERM;
		if (h->nlmsg_len + mnl_attr_get_len(a) + 256 > NLSOCK_REQUEST_MAX)
			return E_LIMIT;
		if (!inbound && (type == XFRMA_REPLAY_VAL || type == XFRMA_REPLAY_ESN_VAL))
			err = put_later(h, a);
		else
			mnl_attr_put(h, type, mnl_attr_get_payload_len(a), mnl_attr_get_payload(a));
		if (err != 0)
			return err;
	}
	put_encap(h, to);
	mnl_attr_put(h, XFRMA_LTIME_VAL, sizeof(old->curlft), &old->curlft);
	return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

int kstate_read(const struct nlmsghdr *answer, struct kstate_info *out)
{
	const struct xfrm_usersa_info *sa = mnl_nlmsg_get_payload(answer);
	const struct nlattr *a;

	if (answer->nlmsg_type != XFRM_MSG_NEWSA || mnl_nlmsg_get_payload_len(answer) < sizeof(*sa))
		return E_MALFORMED;
	*out = (struct kstate_info){
		.bytes = sa->curlft.bytes,
		.packets = sa->curlft.packets,
		.last_use = sa->curlft.use_time,
		.replay = sa->stats.replay + sa->stats.replay_window,
		.integrity_failed = sa->stats.integrity_failed,
	};
	mnl_attr_for_each(a, answer, sizeof(*sa)) {
		if (mnl_attr_get_type(a) == XFRMA_LASTUSED && mnl_attr_get_payload_len(a) == 8)
			memcpy(&out->last_use, mnl_attr_get_payload(a), 8);
	}
	return 0;
}

bool kstate_read_ours(const struct nlmsghdr *answer, struct kstate_id *out)
{
	struct xfrm_usersa_info copy; /* messages of a dump are aligned to 4 octets */
	const struct xfrm_usersa_info *sa = &copy;
	const struct nlattr *a;

	if (answer->nlmsg_type != XFRM_MSG_NEWSA || mnl_nlmsg_get_payload_len(answer) < sizeof(*sa))
		return false;
	memcpy(&copy, mnl_nlmsg_get_payload(answer), sizeof(copy));
	if (sa->seq != KSTATE_OURS || sa->id.proto != IPPROTO_ESP)
		return false;
	*out = (struct kstate_id){
		.spi = ntohl(sa->id.spi),
		.src = kstate_addr(&sa->saddr, sa->family),
		.dst = kstate_addr(&sa->id.daddr, sa->family),
	};
	mnl_attr_for_each(a, answer, sizeof(*sa)) {
		const struct xfrm_mark *m = mnl_attr_get_payload(a);

		if (mnl_attr_get_type(a) == XFRMA_MARK && mnl_attr_get_payload_len(a) >= sizeof(*m))
			out->mark = (struct ipsec_mark){m->v, m->m};
	}
	return true;
}
