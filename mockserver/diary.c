/* GET /mock/journal: what was asked last; and GET /, a page that shows it. */

#include <inttypes.h>
#include <string.h>

#include "mockserver/visit.h"

#define LIMIT_DEFAULT 100

extern const char text_mockserver_page_html[];

void mock_diary_page(struct mock_visit *v)
{
    v->a->type = "text/html; charset=utf-8";
    mock_text_puts(&v->a->body, text_mockserver_page_html);
}

static bool read_number(struct mock_visit *v, const char *key, int64_t *out)
{
    char text[32];
    int found = mock_slice_query(v->q->query, key, text, sizeof text);
    if (found == 0 ||
        (found > 0 && text[0] != '\0' &&
         mock_slice_number((struct mock_slice){ text, strlen(text) }, out)))
        return true;
    mock_visit_fail(v, 400, key, NULL, "'%s': expected a whole number.", key);
    return false;
}

static void add_or_null(struct mock_text *b, const char *key, int64_t n)
{
    if (n < 0)
        mock_text_printf(b, ",\"%s\":null", key);
    else
        mock_text_printf(b, ",\"%s\":%" PRId64, key, n);
}

static void add_name(struct mock_text *b, const char *key, const char *name)
{
    mock_text_printf(b, ",\"%s\":", key);
    mock_text_json_or_null(b, name);
}

static void add_entry(struct mock_visit *v, const struct mock_journal_entry *e)
{
    struct mock_text *b = &v->a->body;
    const struct sim_provider *p = v->api->provider;
    const char *organisation = NULL, *project = NULL;
    if (e->organisation >= 0) {
        organisation =
            sim_provider_organisation_name(p, (uint32_t)e->organisation);
        project = sim_provider_project_name(p, (uint32_t)e->organisation);
    }
    mock_text_printf(b,
                     "{\"number\":%" PRIu64 ",\"time_ns\":%" PRId64
                     ",\"status\":%d,\"latency_ns\":%" PRId64,
                     e->number, e->time, e->status, e->latency_ns);
    add_name(b, "path", e->path);
    add_name(b, "organisation", organisation);
    add_name(b, "project", project);
    add_name(b, "model", e->model[0] != '\0' ? e->model : NULL);
    add_name(b, "limit",
             e->limit < 0 ? NULL : lim_limit_name((enum lim_limit)e->limit));
    add_name(b, "fault",
             e->fault == SIM_FAULT_NONE
                 ? NULL
                 : sim_fault_name((enum sim_fault)e->fault));
    add_or_null(b, "tokens", e->tokens);
    add_or_null(b, "retry", e->retry);
    mock_text_printf(b, ",\"ignored_retry_after\":%s}",
                     e->ignored ? "true" : "false");
}

/* Those after `since`, the oldest first; without it, the last ones. */
void mock_diary_journal(struct mock_visit *v)
{
    const struct mock_journal *j = &v->api->journal;
    struct mock_text *b = &v->a->body;
    int64_t since = -1;
    int64_t limit = LIMIT_DEFAULT;
    if (!read_number(v, "since", &since) || !read_number(v, "limit", &limit))
        return;
    uint64_t most =
        limit < MOCK_JOURNAL_ROOM ? (uint64_t)limit : MOCK_JOURNAL_ROOM;
    uint64_t from = since >= 0          ? (uint64_t)since + 1
                    : j->written > most ? j->written - most + 1
                                        : 1;
    if (from < mock_journal_oldest(j))
        from = mock_journal_oldest(j);
    mock_text_printf(b, "{\"written\":%" PRIu64 ",\"requests\":[", j->written);
    for (uint64_t i = from; i <= j->written && i - from < most; i++) {
        mock_text_puts(b, i > from ? ",\n" : "\n");
        add_entry(v, mock_journal_at(j, i));
    }
    mock_text_puts(b, "]}\n");
}
