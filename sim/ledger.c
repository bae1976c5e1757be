#include "sim/ledger.h"

int sim_station_check(struct sim_station *s, const char *name, uint64_t there,
                      sim_area stay, lim_time now, struct lim_diag *diag)
{
    sim_station_advance(s, now);
    if (s->entered != s->left + there)
        return lim_fail(diag, SIM_EBROKEN, 0,
                        "the run broke conservation: of %llu %s, %llu came to "
                        "their end and %llu are left; please report it",
                        (unsigned long long)s->entered, name,
                        (unsigned long long)s->left, (unsigned long long)there);
    if (s->area != s->stay + stay)
        return lim_fail(diag, SIM_EBROKEN, 0,
                        "the run broke Little's law: %s by time are %.17g s, "
                        "their times together %.17g s; please report it",
                        name, (double)s->area / (double)LIM_SEC,
                        (double)(s->stay + stay) / (double)LIM_SEC);
    return LIM_OK;
}
