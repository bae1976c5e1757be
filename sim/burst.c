#include "sim/burst.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "limiter/time.h"
#include "sim/dist.h"

#define AROUND 30   /* bins on each side: half an hour */
#define POWER 64    /* no bin is raised higher */
#define HALVINGS 50 /* of the search for the power */

/* Bins of a minute, a little more or less so that they fill the span. */
struct bins {
    size_t n;
    double width_ns;
    double *old;  /* requests in each */
    double *mean; /* of the hour around */
    double *made; /* what becomes of `old` */
};

static double square(double x)
{
    return x * x;
}

static void find_means(struct bins *b)
{
    double sum = 0;
    size_t from = 0, to = 0;
    for (size_t i = 0; i < b->n; i++) {
        while (to < b->n && to <= i + AROUND)
            sum += b->old[to++];
        while (from + AROUND < i)
            sum -= b->old[from++];
        b->mean[i] = sum / (double)(to - from);
    }
}

/* How far `of` is from the means. */
static double spread(const struct bins *b, const double *of)
{
    double sum = 0;
    for (size_t i = 0; i < b->n; i++)
        sum += square(of[i] - b->mean[i]);
    return sum;
}

/*
 * What a bin has more or less than the mean around is raised to a power: for
 * small parts p, 1 + p becomes 1 + power * p, and nothing falls below none.
 * There are as many requests as before.
 */
static void raise_by(struct bins *b, double power)
{
    double before = 0, after = 0;
    for (size_t i = 0; i < b->n; i++) {
        double ratio = b->old[i] > 0 ? b->old[i] / b->mean[i] : 0;
        b->made[i] =
            ratio > 0 ? b->mean[i] * sim_exp(power * sim_log(ratio)) : 0;
        before += b->old[i];
        after += b->made[i];
    }
    for (size_t i = 0; i < b->n; i++)
        b->made[i] *= before / after;
}

/* The power that brings the bins so far from the means. */
static void find_power(struct bins *b, double factor)
{
    double wanted = square(factor) * spread(b, b->old), low = 0, high = POWER;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        raise_by(b, middle);
        if (spread(b, b->made) < wanted)
            low = middle;
        else
            high = middle;
    }
}

/* Moves each request to where the new rate has brought as many as the old one
   had at its time. */
static void move(const struct bins *b, struct sim_trace_row *rows, size_t count)
{
    int64_t last = rows[count - 1].at_ns, at = 0;
    size_t i = 0, j = 0;
    double before = 0, made = 0; /* in the bins before i and j */
    for (size_t k = 0; k < count; k++) {
        double place = (double)rows[k].at_ns / b->width_ns;
        while (i + 1 < b->n && place >= (double)(i + 1))
            before += b->old[i++];
        double u = before + (place - (double)i) * b->old[i];
        while (j + 1 < b->n && made + b->made[j] <= u)
            made += b->made[j++];
        double part = b->made[j] > 0 ? (u - made) / b->made[j] : 0;
        int64_t to =
            (int64_t)(((double)j + fmin(fmax(part, 0), 1)) * b->width_ns);
        at = to < at ? at : to > last ? last : to;
        rows[k].at_ns = at;
    }
}

static void fill(struct bins *b, const struct sim_trace_row *rows, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        size_t i = (size_t)((double)rows[k].at_ns / b->width_ns);
        b->old[i < b->n ? i : b->n - 1]++;
    }
    find_means(b);
}

int sim_trace_burst(struct sim_trace_row *rows, size_t count, double factor)
{
    assert(factor >= 0);
    if (count == 0)
        return LIM_OK;
    int64_t span = rows[count - 1].at_ns + 1;
    int64_t minutes = span / LIM_MIN + (span % LIM_MIN >= LIM_MIN / 2);
    if (minutes > SIM_BURST_MINUTES_MAX)
        return LIM_EINVAL;
    struct bins b = { .n = minutes < 1 ? 1 : (size_t)minutes };
    b.width_ns = (double)span / (double)b.n;
    double *room = calloc(3 * b.n, sizeof *room);
    if (room == NULL)
        return LIM_ENOMEM;
    b.old = room;
    b.mean = room + b.n;
    b.made = room + 2 * b.n;
    fill(&b, rows, count);
    if (spread(&b, b.old) > 0) {
        find_power(&b, factor);
        move(&b, rows, count);
    }
    free(room);
    return LIM_OK;
}
