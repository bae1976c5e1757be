/*
 * POST /v1/completions, whole or as a stream: the older API of texts that go
 * on.  Without a max_tokens the reply ends after 16 tokens, and those are
 * reserved, for each prompt `n` or `best_of` times.  `echo` tells a prompt of
 * text again, one of tokens not.
 *
 * Taken, and without effect: suffix, stop, seed, the penalties, logit_bias,
 * logprobs (null in the answer).
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/family.h"
#include "mockserver/feed.h"
#include "mockserver/jsontext.h"
#include "mockserver/params.h"
#include "mockserver/prose.h"

#define TOKENS_MAX 100000000
#define TOKENS_DEFAULT 16
#define PROMPTS_MAX 2048
#define CHOICES_MAX 128
#define BEST_OF_MAX 20
#define LOGPROBS_MAX 5

struct completions {
    struct mock_meter m;
    const cJSON *prompt; /* NULL: none */
    bool several;        /* it is a list of prompts */
    int64_t prompts;
    int64_t longest; /* of the prompts, in tokens */
    int64_t max_tokens;
    int64_t n, best_of;
    bool echo, usage;
};

/* clang-format off */
static const char *const parameters[] = {
    "model", "prompt", "max_tokens", "stream", "temperature", "n", "stop",
    "best_of", "echo", "frequency_penalty", "logit_bias", "logprobs",
    "presence_penalty", "seed", "stream_options", "suffix", "top_p", "user",
    NULL
};
/* clang-format on */

static int64_t count_tokens(struct mock_meter *m, const cJSON *list)
{
    const cJSON *token;
    int64_t n = 0;
    cJSON_ArrayForEach(token, list)
    {
        if (!cJSON_IsNumber(token) || token->valuedouble < 0 ||
            token->valuedouble != (double)token->valueint) {
            mock_meter_type(m, "prompt", token, "an integer");
            return n;
        }
        n++;
    }
    return n;
}

static void read_prompt(struct completions *c, const cJSON *prompt)
{
    int64_t tokens = 0;
    if (cJSON_IsString(prompt))
        tokens =
            lim_estimate_text(mock_jsontext_characters(prompt->valuestring));
    else if (cJSON_IsArray(prompt))
        tokens = count_tokens(&c->m, prompt);
    else
        mock_meter_type(&c->m, "prompt", prompt,
                        "a string or an array of strings or tokens");
    c->longest = tokens > c->longest ? tokens : c->longest;
    c->m.prompt_tokens += tokens;
    c->prompts++;
}

/* Without a prompt the model begins a text of its own. */
static void read_prompts(struct completions *c)
{
    const cJSON *item;
    c->prompt = cJSON_GetObjectItemCaseSensitive(c->m.root, "prompt");
    if (c->prompt == NULL || cJSON_IsNull(c->prompt)) {
        c->prompt = NULL;
        c->m.prompt_tokens = c->longest = lim_estimate_text(0);
        c->prompts = 1;
        return;
    }
    c->several = cJSON_IsArray(c->prompt) && c->prompt->child != NULL &&
                 !cJSON_IsNumber(c->prompt->child);
    if (!c->several) {
        read_prompt(c, c->prompt);
        if (cJSON_IsArray(c->prompt) && c->prompt->child == NULL)
            mock_meter_wrong(&c->m, "prompt", "empty_array",
                             "Invalid 'prompt': empty array. Expected an array "
                             "with minimum length 1, but got an empty array "
                             "instead.");
        return;
    }
    cJSON_ArrayForEach(item, c->prompt) read_prompt(c, item);
    if (c->prompts > PROMPTS_MAX)
        mock_meter_wrong(&c->m, "prompt", "array_above_max_length",
                         "Invalid 'prompt': array too long. Expected an array "
                         "with maximum length %d, but got an array with length "
                         "%" PRId64 " instead.",
                         PROMPTS_MAX, c->prompts);
}

static void read_counts(struct completions *c)
{
    struct mock_meter *m = &c->m;
    int64_t logprobs = 0;
    c->best_of = -1;
    mock_meter_int(m, "max_tokens", 0, TOKENS_MAX, &c->max_tokens);
    mock_meter_int(m, "n", 1, CHOICES_MAX, &c->n);
    mock_meter_int(m, "best_of", 1, BEST_OF_MAX, &c->best_of);
    mock_meter_int(m, "logprobs", 0, LOGPROBS_MAX, &logprobs);
    if (c->best_of > 1 && m->stream)
        mock_meter_wrong(m, "best_of", NULL,
                         "The 'best_of' parameter is not supported when "
                         "'stream' is enabled.");
    if (c->best_of < 0)
        c->best_of = c->n;
    if (c->best_of < c->n)
        mock_meter_wrong(
            m, "best_of", NULL,
            "You requested that the server return more choices "
            "than it will generate (HINT: you must set 'n' (%" PRId64
            ") to be at most 'best_of' (%" PRId64 ")).",
            c->n, c->best_of);
    m->max_tokens = c->max_tokens * c->best_of * c->prompts;
    if (c->max_tokens == 0)
        m->completion_tokens = 0;
}

/* 4097: as gpt-3.5-turbo-instruct's elder, stanford_alpaca#47, 2023-03. */
static int64_t context_of(const struct mock_meter *m)
{
    const struct lim_price *price = m->call.price;
    if (price != NULL && price->context_tokens > 0)
        return price->context_tokens;
    return strstr(m->model, "instruct") != NULL ? 4097 : -1;
}

static void check_context(struct completions *c)
{
    int64_t context = context_of(&c->m);
    int64_t asked = c->longest + c->max_tokens;
    if (context > 0 && asked > context)
        mock_meter_wrong(
            &c->m, NULL, NULL,
            "This model's maximum context length is %" PRId64
            " tokens, however you requested %" PRId64 " tokens (%" PRId64
            " in your prompt; %" PRId64
            " for the completion). Please reduce your prompt; or completion "
            "length.",
            context, asked, c->longest, c->max_tokens);
}

/* The answer, which outlives the request where it streams. */
struct text {
    struct mock_prose prose; /* a choice for each of best_of */
    int64_t n, best_of, prompts;
    int64_t prompt_tokens;
    bool usage;
    struct mock_text head;  /* what each event begins with */
    struct mock_text first; /* the events that echo the prompts */
};

static void add_head(struct mock_text *b, struct mock_visit *v)
{
    mock_text_puts(b, "{\"id\":\"cmpl-");
    mock_text_hex(b, mock_visit_draw(v, 0) >> 12, 13);
    mock_text_hex(b, mock_visit_draw(v, 1), 16);
    mock_text_puts(b, "\",\"object\":\"text_completion\",\"created\":");
    mock_text_int(b, v->q->now / LIM_SEC);
    mock_text_puts(b, ",\"model\":");
    mock_text_json(b, v->model, strlen(v->model));
    mock_text_puts(b, ",\"choices\":[");
}

static void add_usage(struct mock_text *b, const struct text *t)
{
    mock_text_puts(b, "\"usage\":{\"prompt_tokens\":");
    mock_text_int(b, t->prompt_tokens);
    mock_text_puts(b, ",\"completion_tokens\":");
    mock_text_int(b, t->prose.tokens);
    mock_text_puts(b, ",\"total_tokens\":");
    mock_text_int(b, t->prompt_tokens + t->prose.tokens);
    mock_text_puts(b, "}}");
}

static void end_choice(struct mock_text *b, int64_t index, const char *why)
{
    mock_text_puts(b, ",\"index\":");
    mock_text_int(b, index);
    mock_text_puts(b, ",\"logprobs\":null,\"finish_reason\":");
    mock_text_json_or_null(b, why);
    mock_text_puts(b, "}");
}

static const char *reason(const struct text *t, int64_t candidate)
{
    return mock_prose_cut(&t->prose, candidate) ? "length" : "stop";
}

/* The text of prompt number `i`, or NULL. */
static const char *prompt_text(const struct completions *c, int64_t i)
{
    const cJSON *p = c->prompt;
    if (c->several)
        p = cJSON_GetArrayItem(p, (int)i);
    return cJSON_IsString(p) ? p->valuestring : NULL;
}

/* One JSON string of the prompt and of what was added to it. */
static void add_text(struct mock_text *b, const struct text *t,
                     const char *prompt, int64_t candidate)
{
    if (prompt != NULL && prompt[0] != '\0') {
        mock_text_json(b, prompt, strlen(prompt));
        size_t joint = b->length - 1;
        mock_prose_whole(&t->prose, candidate, b);
        if (b->failed)
            return;
        memmove(b->data + joint, b->data + joint + 2, b->length - joint - 1);
        b->length -= 2;
    } else {
        mock_prose_whole(&t->prose, candidate, b);
    }
}

static void write_whole(struct mock_visit *v, const struct completions *c,
                        const struct text *t)
{
    struct mock_text *b = &v->a->body;
    int64_t index = 0;
    add_head(b, v);
    for (int64_t i = 0; i < t->prompts; i++) {
        const char *prompt = c->echo ? prompt_text(c, i) : NULL;
        for (int64_t k = 0; k < t->n; k++, index++) {
            int64_t candidate = i * t->best_of + k;
            mock_text_puts(b, index > 0 ? ",{\"text\":" : "{\"text\":");
            add_text(b, t, prompt, candidate);
            end_choice(b, index, reason(t, candidate));
        }
    }
    mock_text_puts(b, "],");
    add_usage(b, t);
    mock_text_puts(b, "\n");
}

static void end_event(struct mock_text *out, const struct text *t)
{
    mock_text_puts(out, t->usage ? "],\"usage\":null}\n\n" : "]}\n\n");
}

static void write_echoes(struct text *t, const struct completions *c)
{
    for (int64_t i = 0; i < t->prose.choices; i++) {
        const char *prompt = prompt_text(c, i / t->n);
        if (prompt == NULL || prompt[0] == '\0')
            continue;
        mock_text_add(&t->first, t->head.data, t->head.length);
        mock_text_puts(&t->first, "{\"text\":");
        mock_text_json(&t->first, prompt, strlen(prompt));
        end_choice(&t->first, i, NULL);
        end_event(&t->first, t);
    }
}

static void begin(void *state, struct mock_text *out)
{
    const struct text *t = state;
    if (t->first.length > 0)
        mock_text_add(out, t->first.data, t->first.length);
}

static void token(void *state, int64_t index, struct mock_text *out)
{
    const struct text *t = state;
    int64_t choice = index % t->prose.choices;
    mock_text_add(out, t->head.data, t->head.length);
    mock_text_puts(out, "{\"text\":");
    mock_prose_piece(&t->prose, choice, index / t->prose.choices, out);
    end_choice(out, choice, NULL);
    end_event(out, t);
}

static void end(void *state, struct mock_text *out)
{
    const struct text *t = state;
    for (int64_t i = 0; i < t->prose.choices; i++) {
        mock_text_add(out, t->head.data, t->head.length);
        mock_text_puts(out, "{\"text\":\"\"");
        end_choice(out, i, reason(t, i));
        end_event(out, t);
    }
    if (t->usage) {
        mock_text_add(out, t->head.data, t->head.length);
        mock_text_puts(out, "],");
        add_usage(out, t);
        mock_text_puts(out, "\n\n");
    }
    mock_text_puts(out, "data: [DONE]\n\n");
}

static void fini(void *state)
{
    struct text *t = state;
    mock_prose_fini(&t->prose);
    mock_text_fini(&t->head);
    mock_text_fini(&t->first);
}

static const struct mock_feed_form form = { .size = sizeof(struct text),
                                            .begin = begin,
                                            .token = token,
                                            .end = end,
                                            .fini = fini };

static void answer(struct mock_visit *v, const struct completions *c,
                   const struct sim_plan *plan)
{
    struct text t = { .prose = { .choices = c->prompts * c->best_of,
                                 .tokens = plan->completion_tokens,
                                 .max_tokens = c->max_tokens,
                                 .draw = mock_visit_draw(v, 2) },
                      .n = c->n,
                      .best_of = c->best_of,
                      .prompts = c->prompts,
                      .prompt_tokens = c->m.prompt_tokens,
                      .usage = c->usage };
    if (!c->m.stream) {
        write_whole(v, c, &t);
        fini(&t);
        return;
    }
    mock_text_puts(&t.head, "data: ");
    add_head(&t.head, v);
    if (c->echo && !t.head.failed)
        write_echoes(&t, c);
    if (t.head.failed || t.first.failed) {
        v->a->body.failed = true;
        fini(&t);
        return;
    }
    mock_feed_answer(v, plan, &form, &t);
}

void mock_completions_post(struct mock_visit *v)
{
    struct completions c = { .max_tokens = TOKENS_DEFAULT, .n = 1 };
    if (mock_meter_open(v, &c.m, NULL) &&
        mock_family_fits(v, c.m.model, MOCK_ROOM_COMPLETIONS)) {
        mock_params_known(&c.m, parameters, MOCK_PARAMS_UNRECOGNIZED);
        read_prompts(&c);
        mock_params_stream(&c.m, &c.usage);
        mock_meter_bool(&c.m, "echo", &c.echo);
        read_counts(&c);
        mock_params_sampling(&c.m);
        check_context(&c);
        const struct sim_plan *plan = mock_meter_admit(v, &c.m);
        if (plan != NULL)
            answer(v, &c, plan);
    }
    mock_meter_fini(&c.m);
}
