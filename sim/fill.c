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

/* Puts the places of those in the tails, one of seven, side by side, so that
   they are a loop too, and returns how many they are. */
static inline unsigned find_tails(const double *p, unsigned *place)
{
    uint64_t beyond[PART];
    unsigned count = 0;
    for (unsigned i = 0; i < PART; i++)
        beyond[i] = sim_bits_of(SIM_CENTRAL - fabs(p[i] - 0.5)) >> 63;
    for (unsigned i = 0; i < PART; i++) {
        place[count] = i;
        count += (unsigned)beyond[i];
    }
    return count;
}

/* As sim_normal_quantile, in the place of each p. */
LIM_WIDE static void quantiles(double *p)
{
    unsigned place[PART], tails = find_tails(p, place);
    double q[PART], r[PART], z[PART];
    for (unsigned k = 0; k < tails; k++) {
        q[k] = p[place[k]];
        r[k] = 1 - q[k] < q[k] ? 1 - q[k] : q[k];
    }
    for (unsigned k = 0; k < tails; k++)
        r[k] = sqrt(-sim_log_normal(r[k], 0));
    for (unsigned k = 0; k < tails; k++)
        z[k] = sim_near_quantile(r[k]);
    for (unsigned k = 0; k < tails; k++) {
        z[k] = r[k] <= 5 ? z[k] : sim_far_quantile(r[k]);
        z[k] = q[k] < 0.5 ? -z[k] : z[k];
    }
    for (unsigned i = 0; i < PART; i++)
        p[i] = sim_central_quantile(p[i] - 0.5);
    for (unsigned k = 0; k < tails; k++)
        p[place[k]] = z[k];
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
