#include "mockserver/prose.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/rng.h"
#include "mockserver/words.h"

#define TOKEN_BYTES 4
#define WORDS 0 /* purpose of the draw; others are the caller's */

void mock_prose_close(struct mock_prose *p, int64_t choice)
{
    assert(choice < p->choices);
    if (p->ends == NULL)
        p->ends = calloc((size_t)p->choices, sizeof *p->ends);
    if (p->ends == NULL)
        p->texts.failed = true;
    else
        p->ends[choice] = p->texts.length;
}

void mock_prose_fini(struct mock_prose *p)
{
    mock_text_fini(&p->texts);
    free(p->ends);
    p->ends = NULL;
}

uint64_t mock_prose_draw(const struct mock_prose *p, int64_t choice,
                         unsigned purpose)
{
    return lim_rng_draw(p->draw, (uint64_t)choice, purpose);
}

int64_t mock_prose_tokens(const struct mock_prose *p, int64_t choice)
{
    return p->tokens / p->choices + (choice < p->tokens % p->choices);
}

static const char *text_of(const struct mock_prose *p, int64_t choice,
                           size_t *length)
{
    size_t start = choice > 0 ? p->ends[choice - 1] : 0;
    *length = p->ends[choice] - start;
    return p->texts.data + start;
}

static bool at_bound(const struct mock_prose *p, int64_t choice)
{
    return p->max_tokens >= 0 && mock_prose_tokens(p, choice) >= p->max_tokens;
}

bool mock_prose_cut(const struct mock_prose *p, int64_t choice)
{
    size_t length;
    if (!at_bound(p, choice) || p->ends == NULL)
        return at_bound(p, choice);
    text_of(p, choice, &length);
    return length > (size_t)mock_prose_tokens(p, choice) * TOKEN_BYTES;
}

/* The next beginning of a character at or behind `at`. */
static size_t boundary(const char *text, size_t at, size_t length)
{
    while (at < length && ((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* The choice's text, as far as it is told. */
static const char *told(const struct mock_prose *p, int64_t choice,
                        size_t *length)
{
    const char *text = text_of(p, choice, length);
    size_t most = (size_t)mock_prose_tokens(p, choice) * TOKEN_BYTES;
    if (mock_prose_cut(p, choice))
        *length = boundary(text, most, *length);
    return text;
}

void mock_prose_whole(const struct mock_prose *p, int64_t choice,
                      struct mock_text *out)
{
    size_t length;
    if (p->ends == NULL) {
        mock_words_reply(out, mock_prose_tokens(p, choice),
                         mock_prose_draw(p, choice, WORDS));
        return;
    }
    const char *text = told(p, choice, &length);
    mock_text_json(out, text, length);
}

bool mock_prose_piece(const struct mock_prose *p, int64_t choice, int64_t index,
                      struct mock_text *out)
{
    size_t length;
    if (p->ends == NULL) {
        mock_text_add(out, "\"", 1);
        mock_words_span(out, mock_prose_draw(p, choice, WORDS), index,
                        index + 1);
        mock_text_add(out, "\"", 1);
        return true;
    }
    size_t tokens = (size_t)mock_prose_tokens(p, choice);
    const char *text = told(p, choice, &length);
    size_t from = boundary(text, length * (size_t)index / tokens, length);
    size_t to = boundary(text, length * (size_t)(index + 1) / tokens, length);
    if (from < to)
        mock_text_json(out, text + from, to - from);
    return from < to;
}
