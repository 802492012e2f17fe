/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kstale.h"

#include <libmnl/libmnl.h>
#include <string.h>

#include "base/buf.h"
#include "ipsec/nlsock.h"
#include "ipsec/xfrm/kpolicy.h"
#include "ipsec/xfrm/kstate.h"

/* While a dump runs nothing else can be asked: what is found is kept for afterwards. */

static void keep_state(void *ctx, const struct nlmsghdr *answer)
{
	struct kstate_id id;

	if (kstate_read_ours(answer, &id))
		wbuf_bytes(ctx, &id, sizeof(id));
}

static void keep_policy(void *ctx, const struct nlmsghdr *answer)
{
	struct kpolicy_key key;

	if (kpolicy_read_ours(answer, &key))
		wbuf_bytes(ctx, &key, sizeof(key));
}

static unsigned remove_states(struct nlsock *n)
{
	_Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct kstate_id id;
	unsigned removed = 0;
	struct wbuf found;
	struct rbuf r;

	wbuf_init(&found, 0);
	(void)!nlsock_ask(n, kstate_put_dump(buffer), keep_state, &found);
	rbuf_init(&r, wbuf_view(&found));
	while (rbuf_bytes(&r, &id, sizeof(id)) == 0)
		if (nlsock_talk(n, kstate_put_delete(buffer, &id)) == 0)
			removed++;
	wbuf_done(&found);
	return removed;
}

static unsigned remove_policies(struct nlsock *n)
{
	_Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct kpolicy_key key;
	unsigned removed = 0;
	struct wbuf found;
	struct rbuf r;

	wbuf_init(&found, 0);
	(void)!nlsock_ask(n, kpolicy_put_dump(buffer), keep_policy, &found);
	rbuf_init(&r, wbuf_view(&found));
	while (rbuf_bytes(&r, &key, sizeof(key)) == 0)
		if (nlsock_talk(n, kpolicy_put_delete(buffer, &key)) == 0)
			removed++;
	wbuf_done(&found);
	return removed;
}

unsigned kstale_remove(struct nlsock *n)
{
	return remove_states(n) + remove_policies(n);
}
