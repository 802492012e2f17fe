/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/split.h"

#include "vici/codec.h"

#define TAIL 2 /* bytes that end the two sections */

void split_init(struct split *s, struct server_call *call, enum server_event event)
{
	*s = (struct split){.call = call, .event = event};
	wbuf_init(&s->head, CODEC_MAX_MESSAGE - TAIL);
	wbuf_init(&s->item, CODEC_MAX_MESSAGE - TAIL);
	wbuf_init(&s->body, CODEC_MAX_MESSAGE);
}

static void flush(struct split *s)
{
	struct wbuf w;

	wbuf_init(&w, CODEC_MAX_MESSAGE);
	wbuf_add(&w, wbuf_view(&s->head));
	wbuf_add(&w, wbuf_view(&s->body));
	codec_section_end(&w);
	codec_section_end(&w);
	if (wbuf_err(&s->head) == 0 && wbuf_err(&w) == 0)
		server_call_stream(s->call, s->event, wbuf_view(&w));
	wbuf_done(&w);
	wbuf_reset(&s->body);
	s->sent = true;
}

void split_add(struct split *s)
{
	size_t fixed = s->head.len + TAIL;

	if (wbuf_err(&s->item) == 0 && fixed + s->item.len <= CODEC_MAX_MESSAGE) {
		if (fixed + s->body.len + s->item.len > CODEC_MAX_MESSAGE)
			flush(s);
		wbuf_add(&s->body, wbuf_view(&s->item));
	}
	wbuf_reset(&s->item);
}

void split_done(struct split *s)
{
	if (s->body.len || !s->sent)
		flush(s);
	wbuf_done(&s->head);
	wbuf_done(&s->item);
	wbuf_done(&s->body);
}
