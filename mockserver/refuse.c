#include "mockserver/refuse.h"

#include "mockserver/azure.h"
#include "mockserver/shown.h"

static const struct mock_manner *manner(const struct mock_visit *v)
{
    return &v->api->config.manner;
}

void mock_refuse_show(struct mock_visit *v, const struct sim_verdict *verdict)
{
    mock_shown_limits(&v->a->headers, manner(v), &verdict->shown);
    mock_shown_project(&v->a->headers, manner(v), &verdict->project_tokens);
}

/* Whether it is the project alone that may not use the model; its name. */
static const char *barred_project(const struct mock_visit *v, const char *model)
{
    const struct sim_provider *p = v->api->provider;
    uint32_t index = (uint32_t)v->organisation;
    int64_t parent = sim_provider_parent(p, index);
    int group = sim_provider_group(p, model);
    if (parent < 0 || group < 0 ||
        !sim_provider_serves(p, (uint32_t)parent, (unsigned)group))
        return NULL;
    return sim_provider_project_name(p, index);
}

void mock_refuse_model(struct mock_visit *v, const char *model)
{
    if (manner(v)->dialect == MOCK_AZURE) {
        mock_azure_no_deployment(v);
        return;
    }
    const char *project = barred_project(v, model);
    v->a->status = project != NULL ? 403 : 404;
    if (project != NULL)
        mock_words_no_project_model(&v->a->body, project, model);
    else
        mock_words_no_model(&v->a->body, manner(v)->era, model);
}

/* The only answer that was seen of an empty purse before late 2023 told
   nothing of whose it was. */
static void answer_refusal(struct mock_visit *v,
                           const struct mock_refuse_request *r,
                           const struct sim_verdict *verdict)
{
    struct sim_provider *p = v->api->provider;
    uint32_t organisation = (uint32_t)v->organisation;
    const struct lim_table *table = v->api->config.provider.table;
    const struct mock_refused refused = {
        .model = r->model,
        .group = table != NULL ? lim_table_group(table, r->model) : NULL,
        .organisation = sim_provider_organisation_name(p, organisation),
        .free_tier = sim_provider_tier(p, organisation) == LIM_TIER_FREE,
        .images = r->images,
    };
    v->a->status =
        mock_words_refusal(&v->a->body, manner(v), &refused, verdict);
    v->nameless =
        verdict->answer == SIM_QUOTA && manner(v)->era != MOCK_ERA_NOW;
}

void mock_refuse_verdict(struct mock_visit *v,
                         const struct mock_refuse_request *r,
                         const struct sim_verdict *verdict)
{
    v->limit = (int)verdict->limit;
    if (verdict->answer == SIM_NO_MODEL) {
        mock_refuse_model(v, r->model);
        return;
    }
    if (manner(v)->dialect == MOCK_AZURE && verdict->answer != SIM_QUOTA)
        mock_azure_refuse(v, verdict);
    else
        answer_refusal(v, r, verdict);
    mock_refuse_show(v, verdict);
}

void mock_refuse_kind(struct mock_visit *v, const struct mock_kind *kind,
                      const char *model)
{
    struct mock_answer *a = v->a;
    char id[MOCK_SHOWN_ID_SIZE];
    uint64_t bits[2];
    if (model == NULL)
        model = v->model;
    mock_api_request_id(v->api, bits);
    const struct mock_kinds_names names = {
        .model = model[0] != '\0' ? model : "gpt-4o-mini",
        .organisation = v->organisation < 0
                            ? "org-mock"
                            : sim_provider_organisation_name(
                                  v->api->provider, (uint32_t)v->organisation),
        .project = "proj_mock",
        .request_id = mock_shown_id(manner(v), bits, id),
    };
    a->status = kind->status;
    a->type = kind->type;
    mock_kinds_write(&a->body, kind, manner(v), &names);
    v->edge = mock_kinds_is_edge(kind);
    if (v->edge)
        mock_shown_edge(&a->headers);
}
