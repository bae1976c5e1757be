#include "sim/dispersion.h"

void sim_dispersion_init(struct sim_dispersion *d, lim_time start)
{
    *d = (struct sim_dispersion){ .until = start + LIM_MIN, .last = start };
}

/* Ends the minutes that are over at `now`. */
static void advance(struct sim_dispersion *d, lim_time now)
{
    if (now < d->until)
        return;
    uint64_t over = (uint64_t)((now - d->until) / LIM_MIN) + 1;
    d->sum += (double)d->open;
    d->squares += (double)d->open * (double)d->open;
    d->minutes += over;
    d->until += (int64_t)over * LIM_MIN;
    d->open = 0;
}

void sim_dispersion_add(struct sim_dispersion *d, lim_time at)
{
    advance(d, at);
    d->last = at;
    d->open++;
}

double sim_dispersion_index(struct sim_dispersion *d, lim_time end)
{
    advance(d, end == LIM_NEVER ? d->last : end);
    double n = (double)d->minutes;
    if (d->minutes < 2 || !(d->sum > 0))
        return -1;
    double variance = (d->squares - d->sum * d->sum / n) / (n - 1);
    return variance > 0 ? variance / (d->sum / n) : 0;
}
