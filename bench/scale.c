#include "bench/scale.h"

#include <assert.h>
#include <math.h>

/* The largest of 1, 2, 5 times a power of ten not above x; or the smallest
   not below it. */
static double round_down(double x)
{
    double power = pow(10, floor(log10(x) + 1e-9));
    double digit = x / power + 1e-9;
    return power * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
}

static double round_up(double x)
{
    double below = round_down(x);
    if (x <= below * (1 + 1e-9))
        return below;
    double power = pow(10, floor(log10(below) + 1e-9));
    double digit = below / power;
    return power * (digit > 4 ? 10 : digit > 1.5 ? 5 : 2);
}

struct bench_scale bench_scale_make(double min, double max, int ticks,
                                    double decades)
{
    assert(ticks > 0);
    struct bench_scale s = { .low = 0, .high = 1, .step = 0.2 };
    if (!(max > 0) || !isfinite(max))
        return s;
    if (min > 0 && log10(max / min) > decades) {
        s.log = true;
        s.low = round_down(min * 0.95);
        s.high = round_up(max * 1.05);
        return s;
    }
    s.step = round_up(max / ticks);
    s.high = s.step * ceil(max * 1.04 / s.step);
    return s;
}

struct bench_unit bench_scale_unit(double most_ms, bool log)
{
    if (most_ms < 2e3)
        return (struct bench_unit){ 1, "ms" };
    if (most_ms < 300e3 || log)
        return (struct bench_unit){ 1e3, "seconds" };
    if (most_ms < 3 * 3600e3)
        return (struct bench_unit){ 60e3, "minutes" };
    return (struct bench_unit){ 3600e3, "hours" };
}

double bench_scale_at(const struct bench_scale *s, double value)
{
    if (!s->log)
        return (value - s->low) / (s->high - s->low);
    if (value <= s->low)
        return 0;
    return log(value / s->low) / log(s->high / s->low);
}

static void write_log_ticks(const struct bench_scale *s, FILE *f)
{
    double decades = log10(s->high / s->low);
    const char *comma = "";
    for (double t = s->low; t <= s->high * (1 + 1e-9); t = round_up(t * 1.1)) {
        double digit = t / pow(10, floor(log10(t) + 1e-9));
        if (decades > 2.2 && digit > 1.5)
            continue;
        fprintf(f, "%s%.9g", comma, t);
        comma = ", ";
    }
}

void bench_scale_write(const struct bench_scale *s, char axis, FILE *f)
{
    fprintf(f, "%s logscale %c\n", s->log ? "set" : "unset", axis);
    fprintf(f, "set %crange [%.9g:%.9g]\n", axis, s->low, s->high);
    if (!s->log) {
        fprintf(f, "set %ctics %.9g\n", axis, s->step);
        return;
    }
    fprintf(f, "set %ctics (", axis);
    write_log_ticks(s, f);
    fputs(")\n", f);
}

/* The lowest that is left; equal ones in the order in which they stand. */
static size_t lowest_of(const double *h, size_t n, const bool *done)
{
    size_t best = n;
    for (size_t i = 0; i < n; i++)
        if (!done[i] && (best == n || h[i] < h[best]))
            best = i;
    return best;
}

#define SPREAD_MAX 64

void bench_scale_spread(double *heights, size_t n, double gap)
{
    size_t order[SPREAD_MAX];
    bool done[SPREAD_MAX] = { false };
    if (n == 0 || n > SPREAD_MAX)
        return;
    gap = fmin(gap, n > 1 ? 1.0 / (double)(n - 1) : 1);
    for (size_t i = 0; i < n; i++) {
        order[i] = lowest_of(heights, n, done);
        done[order[i]] = true;
        heights[order[i]] = fmin(fmax(heights[order[i]], 0), 1);
        if (i > 0)
            heights[order[i]] =
                fmax(heights[order[i]], heights[order[i - 1]] + gap);
    }
    double ceiling = 1;
    for (size_t i = n; i-- > 0; ceiling -= gap) {
        if (heights[order[i]] <= ceiling)
            break;
        heights[order[i]] = ceiling;
    }
}
