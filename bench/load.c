#include "bench/load.h"

#include <math.h>
#include <string.h>

#include "bench/arrivals.h"
#include "mockserver/units.h"
#include "sim/dist.h"

static cJSON *at(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A rate as text or number, times `factor`, a second; NULL: it is none. */
static cJSON *times_rate(const cJSON *rate, double factor)
{
    double per_s = 0;
    if (cJSON_IsNumber(rate))
        per_s = rate->valuedouble;
    else if (!cJSON_IsString(rate) ||
             !mock_units_rate(rate->valuestring, &per_s))
        return NULL;
    return cJSON_CreateNumber(per_s * factor);
}

static bool replace(cJSON *object, const char *key, cJSON *value)
{
    if (value == NULL)
        return false;
    if (cJSON_ReplaceItemInObjectCaseSensitive(object, key, value))
        return true;
    cJSON_Delete(value);
    return false;
}

static bool scale_rate(cJSON *object, const char *key, double factor)
{
    return replace(object, key, times_rate(at(object, key), factor));
}

/* A count stays whole, and at least 1. */
static bool scale_count(cJSON *object, const char *key, double factor)
{
    double n = cJSON_GetNumberValue(at(object, key));
    return replace(object, key,
                   cJSON_CreateNumber(fmax(1, floor(n * factor + 0.5))));
}

static bool scale_states(cJSON *mmpp, double factor)
{
    const cJSON *rate;
    cJSON *rates = cJSON_CreateArray();
    cJSON_ArrayForEach(rate, at(mmpp, "rates"))
    {
        cJSON *scaled = times_rate(rate, factor);
        if (scaled == NULL) {
            cJSON_Delete(rates);
            return false;
        }
        cJSON_AddItemToArray(rates, scaled);
    }
    return replace(mmpp, "rates", rates);
}

/* A number that is 1 where it is not given, and at most `most`. */
static bool multiply(cJSON *object, const char *key, double factor, double most)
{
    const cJSON *given = at(object, key);
    double now = given != NULL ? cJSON_GetNumberValue(given) : 1;
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    return cJSON_AddNumberToObject(object, key, fmin(now * factor, most)) !=
           NULL;
}

static bool scale(cJSON *a, double factor)
{
    static const struct {
        const char *kind, *rate;
    } renewals[] = { { "gamma", "rate" },
                     { "weibull", "rate" },
                     { "diurnal", "mean" } };
    for (size_t i = 0; i < sizeof renewals / sizeof renewals[0]; i++)
        if (at(a, renewals[i].kind) != NULL)
            return scale_rate(at(a, renewals[i].kind), renewals[i].rate,
                              factor);
    if (at(a, "poisson") != NULL)
        return scale_rate(a, "poisson", factor);
    if (at(a, "mmpp") != NULL)
        return scale_states(at(a, "mmpp"), factor);
    if (at(a, "batch") != NULL)
        return scale_count(a, "batch", factor);
    if (at(a, "closed") != NULL)
        return scale_count(at(a, "closed"), "users", factor);
    return at(a, "trace") != NULL && multiply(a, "scale", factor, INFINITY);
}

static bool burst_more(cJSON *a)
{
    static const char *const kinds[] = { "gamma", "weibull", "diurnal",
                                         "mmpp" };
    cJSON *poisson = cJSON_DetachItemFromObjectCaseSensitive(a, "poisson");
    if (poisson != NULL) {
        cJSON *gamma = cJSON_AddObjectToObject(a, "gamma");
        cJSON_AddItemToObject(gamma, "rate", poisson);
        return cJSON_AddNumberToObject(gamma, "cv", 2) != NULL;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (at(a, kinds[i]) != NULL)
            return multiply(at(a, kinds[i]), "cv", 2, SIM_CV_MAX);
    return at(a, "trace") != NULL &&
           multiply(a, "burstiness", 2, BENCH_BURSTINESS_MAX);
}

/* Calls for the arrivals of each workload; those that share others' have
   none. */
static bool each(cJSON *scenario, bool (*change)(cJSON *arrivals, double by),
                 double by)
{
    cJSON *workload = at(scenario, "workload");
    bool one = !cJSON_IsArray(workload);
    for (cJSON *w = one ? workload : workload->child; w != NULL;
         w = one ? NULL : w->next)
        if (at(w, "arrivals") != NULL && !change(at(w, "arrivals"), by))
            return false;
    return workload != NULL;
}

static bool can_burst(cJSON *a, double by)
{
    (void)by;
    return at(a, "batch") == NULL && at(a, "closed") == NULL;
}

static bool burst(cJSON *a, double by)
{
    (void)by;
    return burst_more(a);
}

bool bench_load_scale(cJSON *scenario, double factor)
{
    return each(scenario, scale, factor);
}

bool bench_load_burst(cJSON *scenario)
{
    return each(scenario, can_burst, 0) && each(scenario, burst, 0);
}
