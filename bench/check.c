#include "bench/check.h"

#include <string.h>

#include "bench/aggregate.h"
#include "limiter/time.h"
#include "mockserver/units.h"

#define VALUE_SIZE 64

static bool times(const char *metric, const char *unit)
{
    size_t n = strcspn(metric, "."), u = strlen(unit);
    return n > u && strncmp(metric + n - u, unit, u) == 0;
}

static bool read_percent(struct bench_check *c, char *value)
{
    value[strlen(value) - 1] = 0;
    if (!mock_units_count(value, &c->bound))
        return false;
    if (bench_metric_is_count(c->metric))
        strcat(c->metric, "%");
    else
        c->bound /= 100;
    return true;
}

static bool read_time(double *out, const char *value, double per_second)
{
    int64_t ns;
    if (!mock_units_duration(value, &ns))
        return false;
    *out = (double)ns / (double)LIM_SEC * per_second;
    return true;
}

static bool read_bound(struct bench_check *c, char *value)
{
    int64_t microusd;
    size_t n = strlen(value);
    bool bare = strspn(value, "0123456789.") == n;
    if (n > 0 && value[n - 1] == '%')
        return read_percent(c, value);
    if (value[0] == '$') {
        bool read = mock_units_money(value, &microusd);
        c->bound = (double)microusd / 1e6;
        return read;
    }
    if (!bare && times(c->metric, "_ms"))
        return read_time(&c->bound, value, 1000);
    if (!bare && times(c->metric, "_s"))
        return read_time(&c->bound, value, 1);
    return mock_units_count(value, &c->bound);
}

static void strip(char *s)
{
    size_t begin = strspn(s, " "), n = strlen(s + begin);
    while (n > 0 && s[begin + n - 1] == ' ')
        n--;
    memmove(s, s + begin, n);
    s[n] = 0;
}

int bench_check_parse(struct bench_check *c, const char *text,
                      struct lim_diag *diag)
{
    size_t n = strcspn(text, "<>=");
    const char *sign = text + n;
    size_t signs = strspn(sign, "<>=");
    bool equal = signs == 2 && sign[1] == '=';
    char value[VALUE_SIZE];
    *c = (struct bench_check){ .text = text };
    if (n + 2 >= sizeof c->metric || strlen(sign + signs) >= sizeof value ||
        *sign == '=' || !(signs == 1 || equal))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "'%.80s' is no threshold: write metric<value with "
                        "<, <=, > or >=",
                        text);
    memcpy(c->metric, text, n);
    strip(c->metric);
    memcpy(value, sign + signs, strlen(sign + signs) + 1);
    strip(value);
    if (*sign == '<')
        c->relation = equal ? BENCH_AT_MOST : BENCH_LESS;
    else
        c->relation = equal ? BENCH_AT_LEAST : BENCH_MORE;
    if (bench_metric_check(c->metric, text, diag) != LIM_OK)
        return LIM_EINVAL;
    if (!read_bound(c, value))
        return lim_fail(diag, LIM_EINVAL, 0, "'%.80s': '%s' is no value of %s",
                        text, value, c->metric);
    return LIM_OK;
}

bool bench_check_meets(const struct bench_check *c, double x)
{
    switch (c->relation) {
    case BENCH_LESS:
        return x < c->bound;
    case BENCH_AT_MOST:
        return x <= c->bound;
    case BENCH_MORE:
        return x > c->bound;
    case BENCH_AT_LEAST:
        break;
    }
    return x >= c->bound;
}

static void tell(const struct bench_check *c, const struct bench_result *r,
                 size_t variant, struct bench_estimate e, FILE *out)
{
    const cJSON *settings = bench_aggregate_settings(r, variant);
    char *text = cJSON_PrintUnformatted(settings);
    if (e.n == 0)
        fprintf(out, "missed: %s: no such figure", c->text);
    else
        fprintf(out, "missed: %s: %.6g", c->text, e.mean);
    if (settings != NULL && settings->child != NULL)
        fprintf(out, " with %s", text == NULL ? "" : text);
    fputc('\n', out);
    cJSON_free(text);
}

size_t bench_check_run(const struct bench_check *c,
                       const struct bench_result *r, FILE *out)
{
    size_t missed = 0;
    for (size_t v = 0; v < r->variants; v++) {
        struct bench_estimate e = bench_aggregate(r, v, c->metric);
        if (e.n > 0 && bench_check_meets(c, e.mean))
            continue;
        tell(c, r, v, e, out);
        missed++;
    }
    return missed;
}
