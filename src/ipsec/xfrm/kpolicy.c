/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kpolicy.h"

#include <libmnl/libmnl.h>
#include <string.h>

#include "ipsec/nlsock.h"
#include "ipsec/xfrm/kstate.h"

#define CLASS_STEP    100000u
#define FREE_BITS_MAX 192u

static unsigned free_port_bits(const struct xfrm_selector *s)
{
	return 32 - (unsigned)__builtin_popcount(s->sport_mask) -
	       (unsigned)__builtin_popcount(s->dport_mask);
}

uint32_t kpolicy_priority(enum kpolicy_class class, const struct xfrm_selector *s, bool trap)
{
	const unsigned width = (unsigned)addr_len((uint8_t)s->family) * 8;
	unsigned bits = 2 * width - s->prefixlen_s - s->prefixlen_d;

	if (bits > FREE_BITS_MAX)
		bits = FREE_BITS_MAX;
	return CLASS_STEP * (1 + (uint32_t) class) + 512 * bits + 8 * free_port_bits(s) +
	       (s->proto ? 0 : 4) + (s->ifindex ? 0 : 2) + (trap ? 1 : 0);
}

static void put_template(struct nlmsghdr *h, const struct kpolicy *p)
{
	struct xfrm_user_tmpl t = {
		.id.proto = IPPROTO_ESP,
		.family = p->dst.family ? p->dst.family : p->src.family,
		.reqid = p->reqid,
		.mode = p->mode == IPSEC_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
		.optional = p->optional,
		.aalgos = UINT32_MAX,
		.ealgos = UINT32_MAX,
		.calgos = UINT32_MAX,
	};

	if (t.family == AF_UNSPEC)
		t.family = p->key.selector.family;
	memcpy(&t.saddr, p->src.ip, addr_len(p->src.family));
	memcpy(&t.id.daddr, p->dst.ip, addr_len(p->dst.family));
	mnl_attr_put(h, XFRMA_TMPL, sizeof(t), &t);
}

static void put_labels(struct nlmsghdr *h, const struct kpolicy_key *key)
{
	kstate_put_mark(h, &key->mark);
	kstate_put_if_id(h, key->if_id);
}

struct nlmsghdr *kpolicy_put_set(void *buffer, const struct kpolicy *p, bool fresh)
{
	struct nlmsghdr *h = nlsock_begin(buffer, fresh ? XFRM_MSG_NEWPOLICY : XFRM_MSG_UPDPOLICY,
					  fresh ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct xfrm_userpolicy_info *info = mnl_nlmsg_put_extra_header(h, sizeof(*info));

	*info = (struct xfrm_userpolicy_info){
		.sel = p->key.selector,
		.lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0},
		.priority = p->priority,
		.index = p->index,
		.dir = (__u8)p->key.dir,
		.action = p->class == KPOLICY_DROP ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW,
		.share = XFRM_SHARE_ANY,
	};
	if (p->class == KPOLICY_PROTECT)
		put_template(h, p);
	put_labels(h, &p->key);
	return h;
}

struct nlmsghdr *kpolicy_put_delete(void *buffer, const struct kpolicy_key *key)
{
	struct nlmsghdr *h = nlsock_begin(buffer, XFRM_MSG_DELPOLICY, 0);
	struct xfrm_userpolicy_id *id = mnl_nlmsg_put_extra_header(h, sizeof(*id));

	id->sel = key->selector;
	id->dir = (__u8)key->dir;
	put_labels(h, key);
	return h;
}

struct nlmsghdr *kpolicy_put_dump(void *buffer)
{
	struct nlmsghdr *h = nlsock_begin(buffer, XFRM_MSG_GETPOLICY, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(h, sizeof(struct xfrm_userpolicy_id));
	return h;
}

bool kpolicy_read_ours(const struct nlmsghdr *answer, struct kpolicy_key *out)
{
	struct xfrm_userpolicy_info copy; /* messages of a dump are aligned to 4 octets */
	const struct xfrm_userpolicy_info *info = &copy;
	const struct nlattr *a;

	if (answer->nlmsg_type != XFRM_MSG_NEWPOLICY ||
	    mnl_nlmsg_get_payload_len(answer) < sizeof(*info))
		return false;
	memcpy(&copy, mnl_nlmsg_get_payload(answer), sizeof(copy));
	if ((info->index & KPOLICY_OURS_MASK) != KPOLICY_OURS || info->dir > XFRM_POLICY_FWD)
		return false;
	*out = (struct kpolicy_key){.selector = info->sel, .dir = info->dir};
	mnl_attr_for_each(a, answer, sizeof(*info)) {
		const struct xfrm_mark *m = mnl_attr_get_payload(a);
		const uint16_t len = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) == XFRMA_MARK && len >= sizeof(*m))
			out->mark = (struct ipsec_mark){m->v, m->m};
		if (mnl_attr_get_type(a) == XFRMA_IF_ID && len >= 4)
			out->if_id = mnl_attr_get_u32(a);
	}
	return true;
}
