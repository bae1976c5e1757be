#include "sim/ledger.h"

int sim_station_check(const struct sim_station *s, const char *name,
                      uint64_t there, uint64_t since, struct lim_diag *diag)
{
    if (s->entered != s->left + there)
        return lim_fail(diag, SIM_EBROKEN, 0,
                        "the run broke conservation: of %llu %s, %llu came to "
                        "their end and %llu are left; please report it",
                        (unsigned long long)s->entered, name,
                        (unsigned long long)s->left, (unsigned long long)there);
    if (s->came != s->gone + since)
        return lim_fail(diag, SIM_EBROKEN, 0,
                        "the run broke Little's law: %s by time and their "
                        "times together are %.17g s apart; please report it",
                        name,
                        (double)(int64_t)(s->gone + since - s->came) /
                            (double)LIM_SEC);
    return LIM_OK;
}
