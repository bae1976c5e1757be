/*
 * All that an answer says fits together, and fits the truth: over random
 * limits and loads, for every discipline, as a client reads it.  A copy of a
 * state is made by asking the same of another daemon.  LIM_SEEDS sets how
 * many loads, LIM_SEED the first.
 */
#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/apierror.h"
#include "limiter/duration.h"
#include "limiter/headers.h"
#include "limiter/rng.h"
#include "tests/ask.h"
#include "tests/seen_errors.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define SEEDS 200
#define EVENTS 30

struct event {
    lim_time at;
    int64_t tokens; /* that it costs */
    int64_t images; /* that it asks for; 0: it is a chat */
    bool mistake;   /* a field is wrong: a 400, which costs the same */
};

struct run {
    uint64_t seed, draws;
    enum lim_discipline discipline;
    double burst;
    char table[512];
    int64_t tokens; /* costs are below this */
    struct event events[EVENTS];
    size_t refused[LIM_WINDOWS], too_large;
    const char *wrong; /* NULL: all was right */
    int line;
};

#define MUST(r, what)                                                          \
    do {                                                                       \
        if (!(what) && (r)->wrong == NULL) {                                   \
            (r)->wrong = #what;                                                \
            (r)->line = __LINE__;                                              \
        }                                                                      \
    } while (0)

/* What a client reads off an answer. */
struct read_back {
    int status;
    struct lim_headers headers;
    struct lim_apierror error;
    int64_t retry_after_s; /* -1: none */
};

static int64_t below(struct run *r, int64_t most)
{
    uint64_t bits = lim_rng_draw(r->seed, 29, r->draws++);
    return (int64_t)(bits % (uint64_t)most);
}

/* Limits of rpm rpd tpm tpd ipm; one in three is absent, and one in six has a
   window of 30 days. */
static void draw_table(struct run *r)
{
    static const int64_t scale[] = { 3, 60, 997, 10000, 2000000 };
    char *text = r->table;
    size_t size = sizeof r->table;
    snprintf(text, size,
             "@as_of 2026-01\n@source test made up\n"
             "@tier tier1 5 0 -\nm tier1 -");
    for (int i = 0; i < LIM_WINDOWS; i++) {
        size_t at = strlen(text);
        int64_t limit =
            1 + below(r, scale[below(r, lim_limit_dimension(
                                            (enum lim_limit)i) == LIM_TOKENS
                                            ? 5
                                            : 3)]);
        if (i != LIM_RPM && below(r, 3) == 0)
            snprintf(text + at, size - at, " -");
        else
            snprintf(text + at, size - at, " %" PRId64 "%s", limit,
                     below(r, 6) == 0 ? "/30d" : "");
        if (i == LIM_TPM)
            r->tokens = limit / 2 + 4;
    }
    snprintf(text + strlen(text), size - strlen(text), " - -\n");
}

static int64_t draw_gap(struct run *r)
{
    static const int64_t scale[] = { 1,       LIM_MSEC, LIM_SEC, LIM_SEC,
                                     LIM_SEC, LIM_MIN,  LIM_HOUR };
    return below(r, 4) == 0 ? 0 : below(r, 40 * scale[below(r, 7)]);
}

static void draw_event(struct run *r, struct event *e)
{
    if (below(r, 3) == 0)
        e->images = 1 + below(r, 10);
    else
        e->tokens = 3 + below(r, r->tokens);
    if (below(r, 20) == 0)
        e->tokens *= 8;
    e->mistake = below(r, 12) == 0;
}

static void draw(struct run *r, uint64_t seed)
{
    lim_time now = ASK_START;
    *r = (struct run){ .seed = lim_rng_mix(seed) };
    r->discipline = (enum lim_discipline)(seed % LIM_DISCIPLINES);
    r->burst = 1;
    if (lim_discipline_has_burst(r->discipline) && below(r, 4) == 0)
        r->burst = 0.5;
    draw_table(r);
    for (int i = 0; i < EVENTS; i++) {
        now += draw_gap(r);
        r->events[i].at = now;
        draw_event(r, &r->events[i]);
    }
}

static void open_api(struct ask *f, const struct run *r)
{
    struct lim_diag d = { 0 };
    *f = (struct ask){ .now = ASK_START };
    mock_config_init(&f->config);
    f->config.table = lim_table_parse("t", r->table, strlen(r->table), &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->config.table);
    struct sim_provider_config *p = &f->config.provider;
    p->table = f->config.table;
    p->discipline = r->discipline;
    p->burst = r->burst;
    p->start = ASK_START;
    p->latency_source = SIM_LATENCY_GIVEN;
    p->latency = sim_latency_constant(0);
    const struct mock_api_config c = { .provider = *p,
                                       .any_key = true,
                                       .one_organisation = true,
                                       .tier = LIM_TIER_1,
                                       .version = "test" };
    f->api = mock_api_new(&c, &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->api);
}

/* A prompt of one character costs 2 tokens, max_tokens the rest.  Images that
   are not of a gpt-image model cost no tokens. */
static void write_request(const struct event *e, char *out, size_t size)
{
    const char *mistake = e->mistake ? ",\"stream\":7" : "";
    if (e->images > 0)
        snprintf(out, size,
                 "{\"model\":\"m\",\"prompt\":\"x\",\"n\":%" PRId64 "%s}",
                 e->images, mistake);
    else
        snprintf(out, size,
                 "{\"model\":\"m\",\"max_tokens\":%" PRId64
                 "%s,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
                 e->tokens - 2, mistake);
}

static int send(struct ask *f, const struct event *e)
{
    char body[200];
    write_request(e, body, sizeof body);
    const struct mock_question q = {
        .method = ask_slice("POST"),
        .path = ask_slice(e->images > 0 ? "/v1/images/generations"
                                        : "/v1/chat/completions"),
        .body = ask_slice(body),
        .authorization = ask_slice("Bearer sk-test"),
        .completion_tokens = ask_slice("1"),
        .now = e->at,
    };
    return ask_question(f, &q);
}

static struct lim_cost cost_of(const struct event *e)
{
    return (struct lim_cost){ { [LIM_REQUESTS] = 1,
                                [LIM_TOKENS] = e->tokens,
                                [LIM_IMAGES] = e->images } };
}

static void read_answer(struct ask *f, const struct event *e,
                        struct read_back *b)
{
    const char *whole = "retry-after: ";
    const char *line = f->a.headers.data;
    const char *end;
    *b = (struct read_back){ .status = f->a.status, .retry_after_s = -1 };
    lim_headers_init(&b->headers);
    for (; *line != '\0'; line = end + 2) {
        end = strstr(line, "\r\n");
        lim_headers_read_line(&b->headers, line, (size_t)(end - line), e->at);
        if (strncmp(line, whole, strlen(whole)) == 0)
            b->retry_after_s = strtoll(line + strlen(whole), NULL, 10);
    }
    lim_apierror_read(&b->error, f->a.status, f->a.body.data, f->a.body.length);
}

/* The answer to the same request, were it sent at `at` after the first
   `count` of the others. */
static int copy_answers(const struct run *r, size_t count,
                        const struct event *e, lim_time at)
{
    struct ask f;
    struct event again = *e;
    again.at = at;
    open_api(&f, r);
    for (size_t i = 0; i < count; i++)
        send(&f, &r->events[i]);
    int status = send(&f, &again);
    ask_tear_down(&f);
    return status;
}

static struct sim_window_view look(const struct ask *f, enum lim_limit limit,
                                   lim_time now)
{
    struct sim_window_view w;
    sim_provider_window(f->api->provider, 0, 0, limit, now, &w);
    return w;
}

/* A family shows the window that takes longer until it is full. */
static void check_family(struct run *r, const struct ask *f,
                         const struct lim_shown *shown, enum lim_limit minute,
                         enum lim_limit day, lim_time now)
{
    struct sim_window_view m = look(f, minute, now);
    struct sim_window_view d = look(f, day, now);
    bool of_day = d.limit >= 0 && (m.limit < 0 || d.used_ns > m.used_ns);
    const struct sim_window_view *w = of_day ? &d : &m;
    MUST(r, shown->limit == w->limit);
    if (w->limit < 0)
        return;
    MUST(r, shown->remaining == (w->remaining > 0 ? w->remaining : 0));
    MUST(r, shown->reset_ns == w->used_ns / LIM_MSEC * LIM_MSEC);
    lim_time full = now + shown->reset_ns + LIM_MSEC;
    w = of_day ? &d : &m;
    int64_t most = w->remaining + w->limit;
    d = look(f, of_day ? day : minute, full);
    MUST(r, d.used_ns == 0);
    MUST(r, d.remaining <= most);
}

static void check_families(struct run *r, const struct ask *f,
                           const struct read_back *b, lim_time now)
{
    const struct lim_feedback *shown = &b->headers.feedback;
    check_family(r, f, &shown->requests, LIM_RPM, LIM_RPD, now);
    check_family(r, f, &shown->tokens, LIM_TPM, LIM_TPD, now);
}

/* The sentence against the family, where that shows the same window: two
   windows of one limit cannot be told apart. */
static void check_used(struct run *r, const struct ask *f,
                       const struct read_back *b, lim_time now)
{
    bool requests = b->error.limit <= LIM_RPD;
    const struct lim_feedback *shown = &b->headers.feedback;
    const struct lim_shown *s = requests ? &shown->requests : &shown->tokens;
    bool alike = look(f, requests ? LIM_RPM : LIM_TPM, now).limit ==
                 look(f, requests ? LIM_RPD : LIM_TPD, now).limit;
    MUST(r, b->error.used <= b->error.max);
    if (b->error.limit == LIM_IPM)
        MUST(r,
             look(f, LIM_IPM, now).remaining == b->error.max - b->error.used);
    else if (s->limit == b->error.max && !alike)
        MUST(r, s->remaining == b->error.max - b->error.used);
}

static void check_hint(struct run *r, const struct ask *f, size_t index,
                       const struct read_back *b)
{
    const struct event *e = &r->events[index];
    const struct lim_cost cost = cost_of(e);
    int64_t hint = b->headers.feedback.hint_ns;
    struct sim_verdict v;
    sim_provider_probe(f->api->provider, 0, 0, &cost, e->at, &v);
    int64_t wait = v.admitted_at - e->at;
    MUST(r, b->error.hint_ns == hint);
    MUST(r, b->retry_after_s == (hint + LIM_SEC - 1) / LIM_SEC);
    MUST(r, v.answer == SIM_RATE_LIMITED);
    MUST(r, (int)v.limit == b->error.limit);
    if (r->wrong != NULL)
        return;
    MUST(r, hint - wait > -LIM_MSEC);
    if (r->discipline == LIM_DISCIPLINE_BUCKET)
        MUST(r, (hint - wait) * b->error.max <=
                    lim_limits_window(
                        &lim_table_row(f->config.table, 0)->limits, v.limit));
    else
        MUST(r, hint - wait < LIM_MSEC && hint >= wait);
    int good = e->mistake ? 400 : 200;
    MUST(r, copy_answers(r, index, e, e->at + hint + LIM_MSEC) == good);
    MUST(r, copy_answers(r, index, e, v.admitted_at) == good);
    if (wait > LIM_MSEC)
        MUST(r, copy_answers(r, index, e, v.admitted_at - LIM_MSEC) == 429);
    MUST(r, copy_answers(r, index, e, v.admitted_at - 1) == 429);
}

static void check_too_large(struct run *r, const struct read_back *b,
                            const struct event *e)
{
    const struct lim_cost cost = cost_of(e);
    enum lim_limit limit = (enum lim_limit)b->error.limit;
    int64_t asked = cost.amount[lim_limit_dimension(limit)];
    r->too_large++;
    MUST(r, b->retry_after_s < 0 && b->headers.feedback.hint_ns < 0);
    MUST(r, b->error.hint_ns < 0);
    MUST(r, b->error.requested == asked);
    MUST(r, (double)asked > r->burst * (double)b->error.max - 1);
}

static void check_answer(struct run *r, struct ask *f, size_t index)
{
    const struct event *e = &r->events[index];
    struct read_back b;
    read_answer(f, e, &b);
    check_families(r, f, &b, e->at);
    if (b.status != 429) {
        MUST(r, b.status == (e->mistake ? 400 : 200));
        MUST(r, b.retry_after_s < 0 && b.headers.feedback.hint_ns < 0);
        return;
    }
    MUST(r, b.error.limit >= 0);
    if (r->wrong != NULL)
        return;
    r->refused[b.error.limit]++;
    if (b.error.class == LIM_CLASS_TOO_LARGE) {
        check_too_large(r, &b, e);
        return;
    }
    MUST(r, b.error.class == LIM_CLASS_RATE_LIMIT);
    check_used(r, f, &b, e->at);
    check_hint(r, f, index, &b);
}

static void play(struct run *r)
{
    struct ask f;
    open_api(&f, r);
    for (size_t i = 0; i < EVENTS && r->wrong == NULL; i++) {
        send(&f, &r->events[i]);
        check_answer(r, &f, i);
    }
    ask_tear_down(&f);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void everything_fits_together(void)
{
    uint64_t first = setting("LIM_SEED", 1), failed = 0;
    uint64_t seeds = setting("LIM_SEEDS", getenv("LIM_SEED") ? 1 : SEEDS);
    size_t refused[LIM_WINDOWS] = { 0 }, too_large = 0;
    for (uint64_t seed = first; seed < first + seeds && failed < 5; seed++) {
        struct run r;
        draw(&r, seed);
        play(&r);
        for (int i = 0; i < LIM_WINDOWS; i++)
            refused[i] += r.refused[i];
        too_large += r.too_large;
        failed += r.wrong != NULL;
        if (r.wrong != NULL)
            printf("\nLIM_SEED=%" PRIu64 ", %s: not so, line %d: %s\n", seed,
                   lim_discipline_name(r.discipline), r.line, r.wrong);
    }
    CU_ASSERT_EQUAL(failed, 0);
    for (int i = 0; i < LIM_WINDOWS; i++)
        CU_ASSERT_TRUE(seeds < SEEDS || refused[i] > seeds / 10);
    CU_ASSERT_TRUE(seeds < SEEDS || too_large > 0);
}

/* A provider with one limit, of which so much is used. */
static struct sim_provider *used_up(const struct lim_table *table,
                                    const struct seen_error *s)
{
    struct sim_provider_config c = sim_provider_config_default();
    const struct sim_organisation o = {
        .name = "a", .tier = LIM_TIER_1, .keys = 1, .first_payment_days_ago = -1
    };
    struct sim_verdict v;
    c.table = table;
    c.organisations = &o;
    c.organisation_count = 1;
    struct sim_provider *p = sim_provider_new(&c, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    struct lim_cost cost = { { 0 } };
    cost.amount[lim_limit_dimension((enum lim_limit)s->limit)] = s->used;
    sim_provider_admit(p, 0, 0, &cost, c.start, &v);
    CU_ASSERT_EQUAL(v.answer, SIM_ADMITTED);
    return p;
}

/* Under the name of a minute's, the one of 114 hours. */
#define MONTH(s) ((s)->hint_ms == INT64_C(411480000) ? "/30d" : "")

static struct lim_table *one_limit(const struct seen_error *s)
{
    char text[300] = "@as_of 2026-01\n@source test made up\n"
                     "@tier tier1 5 0 -\nm tier1 -";
    for (int i = 0; i < LIM_WINDOWS; i++) {
        size_t at = strlen(text);
        if (i == s->limit)
            snprintf(text + at, sizeof text - at, " %" PRId64 "%s", s->max,
                     MONTH(s));
        else
            snprintf(text + at, sizeof text - at, " -");
    }
    strcat(text, " - -\n");
    return lim_table_parse("t", text, strlen(text), NULL);
}

static void the_numbers_of_real_messages_give_their_hints(void)
{
    size_t checked = 0;
    for (size_t i = 0; i < COUNT(seen); i++) {
        const struct seen_error *s = &seen[i];
        struct sim_verdict v;
        if (s->limit < 0 || s->requested < 0 || s->hint_ms < 0)
            continue;
        struct lim_table *table = one_limit(s);
        CU_ASSERT_PTR_NOT_NULL_FATAL(table);
        struct sim_provider *p = used_up(table, s);
        struct lim_cost cost = { { 0 } };
        cost.amount[lim_limit_dimension((enum lim_limit)s->limit)] =
            s->requested;
        sim_provider_admit(p, 0, 0, &cost, sim_provider_config_default().start,
                           &v);
        CU_ASSERT_EQUAL(v.answer, SIM_RATE_LIMITED);
        CU_ASSERT_EQUAL(v.used, s->used);
        CU_ASSERT_EQUAL(v.shown.hint_ns, s->hint_ms * LIM_MSEC);
        checked++;
        sim_provider_free(p);
        lim_table_free(table);
    }
    CU_ASSERT_TRUE(checked >= 12);
}

CU_TestInfo consistency_tests[] = {
    { "everything that an answer says fits together",
      everything_fits_together },
    { "the numbers of real messages give their hints",
      the_numbers_of_real_messages_give_their_hints },
    CU_TEST_INFO_NULL
};
