/*
 * Many variates of one distribution.  Each step is a loop in which no round
 * waits for another, and which a processor that has wide registers goes
 * through in eighths (limiter/row.h).
 */

#include <math.h>
#include <stdbool.h>

#include "limiter/rng.h"
#include "limiter/row.h"
#include "sim/dist.h"
#include "sim/dist_math.h"

#define PART 64 /* so many at a time */

/* Those in the tails, one of seven, are put side by side, so that they are a
   loop too. */
struct tails {
    double p[PART];
    unsigned place[PART];
    unsigned count;
};

static inline void find_tails(const double *p, unsigned n, struct tails *t)
{
    t->count = 0;
    for (unsigned i = 0; i < n; i++) {
        t->p[t->count] = p[i];
        t->place[t->count] = i;
        t->count += fabs(p[i] - 0.5) > SIM_CENTRAL;
    }
}

/* As sim_normal_quantile, in the place of each p. */
LIM_WIDE static void quantiles(double *p, unsigned n)
{
    struct tails t;
    double r[PART], z[PART];
    find_tails(p, n, &t);
    for (unsigned k = 0; k < t.count; k++) {
        double rest = 1 - t.p[k];
        r[k] = rest < t.p[k] ? rest : t.p[k];
    }
    for (unsigned k = 0; k < t.count; k++)
        r[k] = sqrt(-sim_log_normal(r[k], 0));
    for (unsigned k = 0; k < t.count; k++)
        z[k] = sim_near_quantile(r[k]);
    for (unsigned k = 0; k < t.count; k++) {
        z[k] = r[k] <= 5 ? z[k] : sim_far_quantile(r[k]);
        z[k] = t.p[k] < 0.5 ? -z[k] : z[k];
    }
    for (unsigned i = 0; i < n; i++)
        p[i] = sim_central_quantile(p[i] - 0.5);
    for (unsigned k = 0; k < t.count; k++)
        p[t.place[k]] = z[k];
}

LIM_WIDE static void uniforms(const uint64_t *bits, double *u, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        u[i] = lim_rng_uniform(bits[i]);
}

LIM_WIDE static void lognormals(const double *mu, const double *sigma,
                                double *u, unsigned n)
{
    double x[PART];
    quantiles(u, n);
    for (unsigned i = 0; i < n; i++) {
        x[i] = mu[i] + sigma[i] * u[i];
        u[i] = x[i] < SIM_EXP_MAX ? x[i] : SIM_EXP_MAX;
    }
    for (unsigned i = 0; i < n; i++)
        u[i] = u[i] > SIM_EXP_MIN ? u[i] : SIM_EXP_MIN;
    for (unsigned i = 0; i < n; i++)
        u[i] = sim_exp_within(u[i]);
    for (unsigned i = 0; i < n; i++)
        if (x[i] > SIM_EXP_MAX || x[i] < SIM_EXP_MIN)
            u[i] = sim_exp(x[i]);
}

LIM_WIDE static void exponentials(double mean, double *u, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        u[i] = -mean * sim_log_normal(1 - u[i], 0);
}

/* Which of the two each is of, and where in it. */
static void part_mixture(const struct sim_dist *d, double *u, double *mu,
                         double *sigma, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        bool slow = u[i] < d->c;
        mu[i] = slow ? d->d : d->a;
        sigma[i] = slow ? d->e : d->b;
        u[i] = sim_inside(slow ? u[i] / d->c : (u[i] - d->c) / (1 - d->c));
    }
}

static void fill_part(const struct sim_dist *d, const uint64_t *bits,
                      double *out, unsigned n)
{
    double mu[PART], sigma[PART];
    uniforms(bits, out, n);
    if (d->kind == SIM_DIST_EXPONENTIAL) {
        exponentials(d->a, out, n);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        mu[i] = d->a;
        sigma[i] = d->b;
    }
    if (d->kind == SIM_DIST_MIXTURE)
        part_mixture(d, out, mu, sigma, n);
    lognormals(mu, sigma, out, n);
}

void sim_dist_fill(const struct sim_dist *d, const uint64_t *bits, size_t n,
                   double *out)
{
    bool parts = d->kind == SIM_DIST_EXPONENTIAL ||
                 d->kind == SIM_DIST_LOGNORMAL || d->kind == SIM_DIST_MIXTURE;
    if (!parts)
        for (size_t i = 0; i < n; i++)
            out[i] = sim_dist_draw(d, bits[i]);
    for (size_t i = 0; parts && i < n; i += PART)
        fill_part(d, bits + i, out + i,
                  n - i < PART ? (unsigned)(n - i) : PART);
}
