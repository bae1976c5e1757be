#include "mockserver/eras.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "limiter/duration.h"
#include "mockserver/jsontext.h"

#define ASK_BY_MAIL                                                            \
    " Contact support@openai.com if you continue to have issues."
#define ASK_THERE                                                              \
    " Contact us through our help center at help.openai.com if you continue "  \
    "to have issues."
#define ADD_PAYMENT                                                            \
    " Please add a payment method to your account to increase your rate "      \
    "limit. Visit https://platform.openai.com/account/billing to add a "       \
    "payment method."

static const struct {
    const char *dimension, *unit;
} limits[LIM_WINDOWS] = {
    [LIM_RPM] = { "requests", "min" }, [LIM_RPD] = { "requests", "day" },
    [LIM_TPM] = { "tokens", "min" },   [LIM_TPD] = { "tokens", "day" },
    [LIM_IPM] = { "images", "min" },
};

static void add_name(struct mock_text *m, const struct mock_refused *r)
{
    char model[256];
    bool own = r->group == NULL || strcmp(r->group, r->model) == 0;
    bool dated = !own && strncmp(r->model, r->group, strlen(r->group)) == 0;
    if (!own && !dated)
        mock_text_puts(m, r->group);
    else
        mock_text_printf(m, "%s%s", own ? "default-" : "",
                         mock_jsontext_quote(r->model, model, sizeof model));
}

static void add_subject(struct mock_text *m, const struct mock_refused *r,
                        enum lim_limit limit)
{
    mock_text_puts(m, "Rate limit reached for ");
    if (r->model == NULL) {
        mock_text_printf(m, "%s.", limits[limit].dimension);
        return;
    }
    add_name(m, r);
    mock_text_printf(m, " in organization %s%son %s per %s.", r->organisation,
                     r->organisation[0] != '\0' ? " " : "",
                     limits[limit].dimension, limits[limit].unit);
}

static void add_amount(struct mock_text *m, enum mock_era era,
                       const char *label, int64_t amount, const char *unit)
{
    mock_text_printf(m, " %s: %" PRId64 "%s / %s.", label, amount,
                     era == MOCK_ERA_2022 ? ".000000" : "", unit);
}

void mock_eras_sentence(struct mock_text *m, enum mock_era era,
                        const struct mock_refused *r,
                        const struct sim_verdict *v)
{
    char hint[LIM_DURATION_SIZE];
    const char *unit = limits[v->limit].unit;
    int64_t wait = v->max > 0 ? v->window_ns / v->max : 0;
    bool waits = era != MOCK_ERA_2022 && v->answer == SIM_RATE_LIMITED &&
                 v->shown.hint_ns >= 0 && wait >= LIM_MSEC;
    assert(era != MOCK_ERA_NOW);
    add_subject(m, r, v->limit);
    add_amount(m, era, "Limit", v->max, unit);
    if (waits)
        mock_text_printf(m, " Please try again in %s.",
                         lim_duration_format(wait, hint));
    else
        add_amount(m, era, "Current", v->used + v->requested, unit);
    mock_text_puts(m, era == MOCK_ERA_2023 ? ASK_THERE : ASK_BY_MAIL);
    if (r->free_tier)
        mock_text_puts(m, ADD_PAYMENT);
}
