/* The "latency" of a provider and what it depends on, and distributions in
   general. */

#include "mockserver/config_parts.h"

#include <stdio.h>
#include <string.h>

#include "mockserver/jsontext.h"
#include "mockserver/units.h"

#define SIZE_MAX_TOKENS 1e9
#define IN_FLIGHT_MAX 1000000000
#define SLOPE_MAX 1e6
#define SPEED_MIN 0.001
#define SPEED_MAX 1000

static double seconds_of(int64_t ns)
{
    return (double)ns / (double)LIM_SEC;
}

int mock_config_latency(const char *text, struct sim_provider_config *out,
                        struct lim_diag *diag)
{
    char quoted[64], list[400] = " none";
    int64_t ns = 0;
    const struct sim_profile *profile = sim_profile_find(text);
    if (profile != NULL) {
        out->latency_source = SIM_LATENCY_GIVEN;
        out->latency = profile->latency;
        return LIM_OK;
    }
    if (strcmp(text, "none") == 0 || mock_units_duration(text, &ns)) {
        out->latency_source = SIM_LATENCY_GIVEN;
        out->latency = sim_latency_constant(seconds_of(ns));
        return LIM_OK;
    }
    for (size_t i = 0; i < sim_profiles(); i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, " %s",
                 sim_profile_at(i)->name);
    }
    return lim_fail(diag, LIM_EINVAL, 0,
                    "\"%s\" is neither a duration nor a profile (valid:%s)",
                    mock_jsontext_quote(text, quoted, sizeof quoted), list);
}

/* Reads an amount into a double: a duration in seconds, or a count. */
static void read_amount(struct mock_json *j, const char *key, bool seconds,
                        double *out)
{
    int64_t ns = -1;
    if (!seconds) {
        mock_json_number(j, key, 0, SIZE_MAX_TOKENS, out);
        return;
    }
    mock_json_duration(j, key, &ns);
    if (ns >= 0)
        *out = seconds_of(ns);
}

/* Sizes have a largest one, if it is given; times have none. */
static void read_most(struct mock_json *j, bool seconds, double *most)
{
    if (!seconds && mock_json_get(j, "max") != NULL)
        mock_json_number(j, "max", 1, SIZE_MAX_TOKENS, most);
}

static void read_lognormal(struct mock_json *j, bool seconds,
                           struct sim_dist *out)
{
    struct mock_json one;
    double p50 = 0;
    double p95 = 0;
    double most = 0;
    mock_json_enter(&one, j, "lognormal");
    read_amount(&one, "p50", seconds, &p50);
    read_amount(&one, "p95", seconds, &p95);
    read_most(&one, seconds, &most);
    mock_json_close(&one);
    if (*j->error != LIM_OK)
        return;
    if (p50 > 0 && p50 <= p95) {
        *out = sim_dist_lognormal(p50, p95);
        out->most = most;
    } else {
        mock_json_wrong(j, "lognormal",
                        "expected p50 and p95, with 0 < p50 <= p95");
    }
}

static void read_exponential(struct mock_json *j, bool seconds,
                             struct sim_dist *out)
{
    struct mock_json one;
    double mean = 0;
    double most = 0;
    mock_json_enter(&one, j, "exponential");
    read_amount(&one, "mean", seconds, &mean);
    read_most(&one, seconds, &most);
    mock_json_close(&one);
    if (*j->error != LIM_OK)
        return;
    if (mean > 0) {
        *out = sim_dist_exponential(mean);
        out->most = most;
    } else {
        mock_json_wrong(j, "exponential", "expected mean, above 0");
    }
}

void mock_config_dist(struct mock_json *j, const char *key, bool seconds,
                      struct sim_dist *out)
{
    const cJSON *value = mock_json_get(j, key);
    struct mock_json one;
    double constant = -1;
    if (value == NULL)
        return;
    if (!cJSON_IsObject(value)) {
        read_amount(j, key, seconds, &constant);
        if (*j->error == LIM_OK)
            *out = sim_dist_constant(constant);
        return;
    }
    mock_json_enter(&one, j, key);
    bool lognormal = mock_json_get(&one, "lognormal") != NULL;
    bool exponential = mock_json_get(&one, "exponential") != NULL;
    mock_json_close(&one);
    if (lognormal == exponential)
        mock_json_wrong(&one, NULL,
                        "expected one of \"lognormal\" and \"exponential\"");
    else if (lognormal)
        read_lognormal(&one, seconds, out);
    else
        read_exponential(&one, seconds, out);
}

static bool has_parts(const cJSON *latency)
{
    static const char *const parts[] = { "ttft", "per_token",
                                         "per_prompt_token", NULL };
    for (size_t i = 0; parts[i] != NULL; i++)
        if (cJSON_GetObjectItemCaseSensitive(latency, parts[i]) != NULL)
            return true;
    return false;
}

static void read_load(struct mock_json *j, struct sim_load *load)
{
    struct mock_json one;
    if (mock_json_get(j, "load") == NULL)
        return;
    load->slope = 1;
    mock_json_enter(&one, j, "load");
    mock_json_int(&one, "in_flight", 1, IN_FLIGHT_MAX, &load->in_flight);
    mock_json_number(&one, "slope", 0, SLOPE_MAX, &load->slope);
    mock_json_close(&one);
}

static void read_tier_speed(struct mock_json *j, double factors[LIM_TIERS])
{
    struct mock_json one;
    if (mock_json_get(j, "tier_speed") == NULL)
        return;
    mock_json_enter(&one, j, "tier_speed");
    for (int t = 0; t < LIM_TIERS; t++)
        mock_json_number(&one, lim_tier_name((enum lim_tier)t), SPEED_MIN,
                         SPEED_MAX, &factors[t]);
    mock_json_close(&one);
}

static void read_times(struct mock_json *j, struct sim_provider_config *p)
{
    const cJSON *value = mock_json_get(j, "latency");
    struct sim_latency l = sim_latency_constant(0);
    struct mock_json one;
    if (value == NULL)
        return;
    if (cJSON_IsString(value)) {
        struct lim_diag why = { 0 };
        mock_config_told(j, "latency",
                         mock_config_latency(value->valuestring, p, &why),
                         &why);
        return;
    }
    if (has_parts(value)) {
        mock_json_enter(&one, j, "latency");
        mock_config_dist(&one, "ttft", true, &l.ttft);
        mock_config_dist(&one, "per_token", true, &l.per_token);
        read_amount(&one, "per_prompt_token", true, &l.per_prompt_token);
        mock_json_close(&one);
    } else {
        mock_config_dist(j, "latency", true, &l.ttft);
    }
    p->latency_source = SIM_LATENCY_GIVEN;
    p->latency = l;
}

void mock_config_read_latency(struct mock_json *j,
                              struct sim_provider_config *p)
{
    read_times(j, p);
    read_load(j, &p->load);
    read_tier_speed(j, p->tier_speed);
}
