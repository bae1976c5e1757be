/* What `tierlab run` says on standard error. */

#include "bench/run_parts.h"

#include <stdio.h>

#include "limiter/duration.h"

int64_t bench_run_most_spend(const struct bench_run *j)
{
    int64_t sum = 0;
    for (size_t i = 0; i < j->batch.count; i++) {
        int64_t cost =
            j->done[i] ? 0 : bench_send_most(&j->roster, &j->batch, i);
        if (cost < 0)
            return -1;
        sum += cost;
    }
    return sum;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* What an earlier run left. */
static void tell_before(const struct bench_run *j)
{
    const struct bench_replies_before *b = &j->before;
    fprintf(stderr, "answered already: %zu", b->answered);
    if (b->failed > 0)
        fprintf(stderr, "; failed: %zu, of which %zu are sent again", b->failed,
                b->again);
    if (b->lost > 0)
        fprintf(stderr,
                "; %zu were sent, and what became of them is not known: they "
                "are sent twice",
                b->lost);
    fputc('\n', stderr);
}

void bench_run_tell_plan(const struct bench_run *j, int64_t spend)
{
    int64_t tokens = 0;
    for (size_t i = 0; i < j->batch.count; i++)
        if (!j->done[i])
            tokens += j->batch.requests[i].tokens;
    fprintf(stderr, "%zu request%s for %zu model%s\n", j->batch.count,
            plural(j->batch.count), j->batch.model_count,
            plural(j->batch.model_count));
    if (j->options->resume)
        tell_before(j);
    fprintf(stderr, "to send: %zu requests, about %lld tokens, ", j->left,
            (long long)tokens);
    if (spend >= 0)
        fprintf(stderr,
                "at most $%.*f where replies are "
                "bounded\n",
                spend < 1000000 ? 4 : 2, (double)spend / 1e6);
    else
        fprintf(stderr, "at a price that is not known\n");
    int64_t cap = j->client.cap_pool;
    fprintf(stderr,
            "organisations: %zu; strategy %s; limits %s; at most %lld in "
            "flight\n",
            j->roster.count, j->client.strategy->name,
            j->client.belief == LIM_BELIEF_KNOWN     ? "known"
            : j->client.belief == LIM_BELIEF_LEARNED ? "learned from answers"
                                                     : "none",
            cap == LIM_UNLIMITED || cap > BENCH_AT_ONCE_MAX
                ? (long long)BENCH_AT_ONCE_MAX
                : (long long)cap);
}

void bench_run_tell_forecast(const struct bench_forecast *f)
{
    if (!f->known) {
        fputs("how long it takes is not known, since limits are not\n", stderr);
        return;
    }
    fprintf(stderr, "it will take about %.1f s", f->seconds);
    if (f->hedges > 0)
        fprintf(stderr, ", with %llu hedges", (unsigned long long)f->hedges);
    if (f->refused > 0)
        fprintf(stderr, "; %llu requests are larger than any limit",
                (unsigned long long)f->refused);
    fputc('\n', stderr);
}

void bench_run_tell_progress(struct bench_run *j, const struct bench_view *v)
{
    const struct bench_sent *s = v->sent;
    char time[LIM_DURATION_SIZE], spend[40] = "", left[60] = "";
    uint64_t over = s->succeeded + s->failed;
    double minutes = s->seconds / 60;
    if (s->spend_known && s->microusd > 0)
        snprintf(spend, sizeof spend, ", $%.2f", (double)s->microusd / 1e6);
    if (s->left_s >= 0)
        snprintf(left, sizeof left, ", %s left",
                 lim_duration_format((int64_t)s->left_s * LIM_SEC, time));
    bench_progress_tell(
        &j->progress, s->left_s < 0 ? (double)over / (double)j->left : 0,
        "%llu of %zu done, %.0f/min, %lld tokens, %llu 429s%s, %llu in "
        "flight%s%s%s%s",
        (unsigned long long)over, j->left,
        minutes > 0 ? (double)over / minutes : 0, (long long)s->tokens,
        (unsigned long long)s->http_429, spend,
        (unsigned long long)s->in_flight,
        s->ending != BENCH_END_DONE ? ", ending" : "",
        s->waits_for[0] != '\0' ? ", waits for " : "", s->waits_for, left);
}

/* Why it ended before its end, and what to do about it. */
static void tell_why(const struct bench_run *j, const struct bench_sent *s,
                     const struct bench_replies *replies)
{
    const char *trouble = bench_replies_trouble(replies);
    size_t rest = j->left - (size_t)(s->succeeded + s->failed) +
                  bench_replies_unsaid(replies);
    switch (s->ending) {
    case BENCH_END_DONE:
        return;
    case BENCH_END_STOPPED:
    case BENCH_END_CUT:
        fprintf(stderr, "tierlab: interrupted");
        break;
    case BENCH_END_BUDGET:
        fprintf(stderr, "tierlab: --max-%s is reached",
                j->budget.requests == 0 ? "requests" : "spend");
        break;
    case BENCH_END_NOBODY:
        fprintf(stderr, "tierlab: nobody is left to send with: %s",
                s->waits_for);
        break;
    case BENCH_END_TOO_LONG:
        fprintf(stderr,
                "tierlab: nothing can be sent for longer than "
                "--max-wait: waiting for %s",
                s->waits_for);
        break;
    case BENCH_END_UNWRITTEN:
        fprintf(stderr, "tierlab: answers cannot be written: %s",
                trouble != NULL ? trouble : "write failed");
        break;
    }
    fprintf(stderr, "; %zu request%s left: go on with --resume\n", rest,
            rest == 1 ? " is" : "s are");
}

static int code_of(const struct bench_sent *s)
{
    switch (s->ending) {
    case BENCH_END_DONE:
        break;
    case BENCH_END_STOPPED:
    case BENCH_END_CUT:
        return BENCH_INTERRUPTED;
    case BENCH_END_BUDGET:
    case BENCH_END_TOO_LONG:
        return BENCH_MISSED;
    case BENCH_END_NOBODY:
    case BENCH_END_UNWRITTEN:
        return BENCH_FAILED;
    }
    return s->failed > 0 ? BENCH_FAILED : BENCH_DONE;
}

int bench_run_tell_end(const struct bench_run *j, const struct bench_sent *s,
                       const struct bench_replies *replies)
{
    const char *errors = bench_replies_errors(replies);
    if (!j->options->quiet && j->forecast.known)
        fprintf(stderr, "forecast %.1f s; ", j->forecast.seconds);
    if (!j->options->quiet)
        fprintf(stderr,
                "%llu succeeded, %llu failed%s%s%s, in %.1f s and %llu "
                "attempts, %llu of them 429; %lld tokens",
                (unsigned long long)s->succeeded, (unsigned long long)s->failed,
                errors != NULL && s->failed > 0 ? " (see " : "",
                errors != NULL && s->failed > 0 ? errors : "",
                errors != NULL && s->failed > 0 ? ")" : "", s->seconds,
                (unsigned long long)s->attempts,
                (unsigned long long)s->http_429, (long long)s->tokens);
    if (!j->options->quiet && s->spend_known)
        fprintf(stderr, ", $%.*f", s->microusd < 1000000 ? 4 : 2,
                (double)s->microusd / 1e6);
    if (!j->options->quiet && s->twice + j->before.lost > 0)
        fprintf(stderr, "; sent twice: %llu, whose answers were lost",
                (unsigned long long)s->twice +
                    (unsigned long long)j->before.lost);
    if (!j->options->quiet)
        fputc('\n', stderr);
    if (!j->options->quiet && s->grown > 0)
        fputs("answers showed larger limits than the accounts file tells, and "
              "were believed: probe again\n",
              stderr);
    tell_why(j, s, replies);
    return code_of(s);
}
