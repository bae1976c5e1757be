/*
 * Many variates of one distribution.  Each step is a loop in which no round
 * waits for another, and which a processor that has wide registers goes
 * through in eighths (limiter/row.h).
 */

#include <math.h>
#include <stdbool.h>

#include "limiter/cold.h"
#include "limiter/rng.h"
#include "limiter/row.h"
#include "sim/dist.h"
#include "sim/dist_math.h"

#define PART SIM_DIST_PART

/* Those in the tails, one of seven, are put side by side, so that they are a
   loop too. */
struct tails {
    double p[PART];
    unsigned place[PART];
    unsigned count;
};

static inline void find_tails(const double *p, struct tails *t)
{
    t->count = 0;
    for (unsigned i = 0; i < PART; i++) {
        t->p[t->count] = p[i];
        t->place[t->count] = i;
        t->count += fabs(p[i] - 0.5) > SIM_CENTRAL;
    }
}

/* As sim_normal_quantile, in the place of each p. */
LIM_WIDE static void quantiles(double *p)
{
    struct tails t;
    double r[PART], z[PART];
    find_tails(p, &t);
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
    for (unsigned i = 0; i < PART; i++)
        p[i] = sim_central_quantile(p[i] - 0.5);
    for (unsigned k = 0; k < t.count; k++)
        p[t.place[k]] = z[k];
}

LIM_WIDE static void uniforms(const uint64_t *bits, double *u)
{
    for (unsigned i = 0; i < PART; i++)
        u[i] = lim_rng_uniform(bits[i]);
}

LIM_COLD static void lognormals_far(double *x)
{
    for (unsigned i = 0; i < PART; i++)
        x[i] = sim_exp(x[i]);
}

/* A sign bit in `out` tells that one is beyond what sim_exp_within takes. */
LIM_WIDE static void lognormals(const double *mu, const double *sigma,
                                double *u)
{
    uint64_t out = 0;
    quantiles(u);
    for (unsigned i = 0; i < PART; i++) {
        u[i] = mu[i] + sigma[i] * u[i];
        out |= sim_bits_of(SIM_EXP_MAX - u[i]);
        out |= sim_bits_of(u[i] - SIM_EXP_MIN);
    }
    if (out >> 63 != 0)
        lognormals_far(u);
    else
        for (unsigned i = 0; i < PART; i++)
            u[i] = sim_exp_within(u[i]);
}

LIM_WIDE static void exponentials(double mean, double *u)
{
    for (unsigned i = 0; i < PART; i++)
        u[i] = -mean * sim_log_normal(1 - u[i], 0);
}

/* Which of the two each is of, and where in it. */
static void part_mixture(const struct sim_dist *d, double *u, double *mu,
                         double *sigma)
{
    for (unsigned i = 0; i < PART; i++) {
        bool slow = u[i] < d->c;
        mu[i] = slow ? d->d : d->a;
        sigma[i] = slow ? d->e : d->b;
        u[i] = sim_inside(slow ? u[i] / d->c : (u[i] - d->c) / (1 - d->c));
    }
}

static void fill_part(const struct sim_dist *d, const uint64_t *bits,
                      double *out)
{
    double mu[PART], sigma[PART];
    uniforms(bits, out);
    if (d->kind == SIM_DIST_EXPONENTIAL) {
        exponentials(d->a, out);
        return;
    }
    for (unsigned i = 0; i < PART; i++) {
        mu[i] = d->a;
        sigma[i] = d->b;
    }
    if (d->kind == SIM_DIST_MIXTURE)
        part_mixture(d, out, mu, sigma);
    lognormals(mu, sigma, out);
}

void sim_dist_fill(const struct sim_dist *d, const uint64_t *bits, double *out)
{
    if (d->kind == SIM_DIST_EXPONENTIAL || d->kind == SIM_DIST_LOGNORMAL ||
        d->kind == SIM_DIST_MIXTURE) {
        fill_part(d, bits, out);
        return;
    }
    for (unsigned i = 0; i < PART; i++)
        out[i] = sim_dist_draw(d, bits[i]);
}
