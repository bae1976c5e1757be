#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/table.h"
#include "limiter/tier.h"
#include "mockserver/config.h"

struct options {
    const char *model, *table;
    bool json;
};

enum key { KEY_JSON = 256 };

static const struct argp_option option_list[] = {
    { .name = "table",
      .key = 't',
      .arg = "TABLE",
      .doc = "A built-in table or a file (default: current)" },
    { .name = "json", .key = KEY_JSON, .doc = "Print a list of rows as JSON" },
    { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 't':
        o->table = arg;
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case ARGP_KEY_ARG:
        if (o->model != NULL)
            argp_error(state, "one model at a time, not also '%s'", arg);
        o->model = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "[MODEL]",
    .doc = "Prints the limits of every usage tier, with source and date.\v"
           "With MODEL, only what applies to it, dated snapshots and limit "
           "groups resolved.  \"-\" means that there is no such limit.",
};

static cJSON *row_json(const struct lim_tier_row *row)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "table", row->table);
    cJSON_AddStringToObject(o, "model", row->model);
    cJSON_AddStringToObject(o, "tier", lim_tier_name(row->tier));
    cJSON_AddStringToObject(o, "group", row->group);
    for (int l = 0; l < LIM_WINDOWS; l++) {
        const char *name = lim_limit_name((enum lim_limit)l);
        if (row->limits.max[l] == LIM_UNLIMITED)
            cJSON_AddNullToObject(o, name);
        else
            cJSON_AddNumberToObject(o, name, (double)row->limits.max[l]);
        if (row->limits.window_ns[l] != 0) {
            char key[24];
            snprintf(key, sizeof key, "%s_window_s", name);
            cJSON_AddNumberToObject(o, key,
                                    (double)row->limits.window_ns[l] / LIM_SEC);
        }
    }
    cJSON_AddStringToObject(o, "as_of", row->as_of);
    cJSON_AddStringToObject(o, "source", row->source);
    return o;
}

static int print_json(const struct lim_tier_row *const *rows, size_t n)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, row_json(rows[i]));
    char *text = list == NULL ? NULL : cJSON_PrintUnformatted(list);
    if (text != NULL)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(list);
    return text == NULL ? BENCH_FAILED : BENCH_DONE;
}

static void add_row(struct bench_table *t, const struct lim_tier_row *row)
{
    bench_table_add(t, "%s", row->model);
    bench_table_add(t, "%s", lim_tier_name(row->tier));
    for (int l = 0; l < LIM_WINDOWS; l++) {
        char text[LIM_LIMITS_TEXT_SIZE];
        bench_table_add(t, "%s",
                        lim_limits_text(&row->limits, (enum lim_limit)l, text));
    }
    bench_table_add(t, "%s", row->group);
    bench_table_add(t, "%s", row->as_of);
    bench_table_add(t, "%s", row->table);
}

/* Dollars, or what stands for none. */
static void add_money(struct bench_table *t, int64_t microusd)
{
    if (microusd < 0 || microusd == INT64_MAX)
        bench_table_add(t, "-");
    else
        bench_table_add(t, "%.0f", (double)microusd / 1e6);
}

static void print_qualifications(const struct lim_table *table)
{
    struct bench_table *t = bench_table_new(5);
    if (t == NULL)
        return;
    bench_table_add(t, "tier");
    bench_table_add(t, "$ paid");
    bench_table_add(t, "days since");
    bench_table_add(t, "$ a month");
    bench_table_add(t, "its limits");
    for (int tier = 0; tier < LIM_TIERS; tier++) {
        const struct lim_qualification *q =
            lim_table_qualification(table, (enum lim_tier)tier);
        if (!q->defined && q->paid_microusd == INT64_MAX)
            continue;
        bench_table_add(t, "%s", lim_tier_name((enum lim_tier)tier));
        add_money(t, q->paid_microusd);
        bench_table_add(t, "%d", q->days);
        add_money(t, q->month_microusd);
        bench_table_add(t, q->defined ? "above" : "not in this table");
    }
    putchar('\n');
    bench_table_print(t, stdout);
    bench_table_free(t);
}

static void print_sources(const struct lim_tier_row *const *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t before = 0;
        while (strcmp(rows[before]->source, rows[i]->source) != 0)
            before++;
        if (before == i)
            printf("%s%s: %s\n", i == 0 ? "\n" : "", rows[i]->table,
                   rows[i]->source);
    }
}

static int print_table(const struct lim_tier_row *const *rows, size_t n)
{
    static const char *const heads[] = { "model", "tier", "rpm", "rpd",
                                         "tpm",   "tpd",  "ipm", "group",
                                         "as of", "table" };
    struct bench_table *t = bench_table_new(sizeof heads / sizeof heads[0]);
    if (t == NULL)
        return BENCH_FAILED;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        bench_table_add(t, "%s", heads[i]);
    for (size_t i = 0; i < n; i++)
        add_row(t, rows[i]);
    bench_table_print(t, stdout);
    bench_table_free(t);
    return BENCH_DONE;
}

static int print_text(const struct lim_table *table,
                      const struct lim_tier_row *const *rows, size_t n)
{
    int code = print_table(rows, n);
    print_qualifications(table);
    print_sources(rows, n);
    return code;
}

/* All rows, or those that hold for the model.  The caller frees the list. */
static const struct lim_tier_row **choose(const struct lim_table *t,
                                          const char *model, size_t *n)
{
    size_t all = lim_table_rows(t);
    const struct lim_tier_row **rows = calloc(all + LIM_TIERS, sizeof *rows),
                              *row;
    *n = 0;
    if (rows == NULL)
        return NULL;
    for (size_t i = 0; model == NULL && i < all; i++)
        rows[(*n)++] = lim_table_row(t, i);
    for (int tier = 0; model != NULL && tier < LIM_TIERS; tier++)
        if ((row = lim_table_find(t, model, (enum lim_tier)tier)) != NULL)
            rows[(*n)++] = row;
    return rows;
}

static int no_model(const struct lim_table *t, const char *model)
{
    size_t n = lim_table_rows(t);
    const char **names = calloc(n + 1, sizeof *names), *near = NULL;
    struct lim_diag diag = { 0 };
    for (size_t i = 0; names != NULL && i < n; i++)
        names[i] = lim_table_row(t, i)->model;
    if (names != NULL)
        near = mock_json_nearest(model, names);
    lim_fail(&diag, LIM_ENOTFOUND, 0, "table '%s' has no model '%.80s'%s%s%s",
             lim_table_name(t), model, near != NULL ? ", did you mean '" : "",
             near != NULL ? near : "", near != NULL ? "'?" : "");
    free(names);
    return bench_complain(NULL, LIM_ENOTFOUND, &diag);
}

int bench_cmd_tiers(int argc, char **argv, const char *version)
{
    (void)version;
    struct options o = { .table = "current" };
    struct lim_diag diag = { 0 };
    struct lim_table *table;
    size_t n;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    int error = mock_config_table(o.table, NULL, &table, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    if (table == NULL)
        return o.json ? print_json(NULL, 0) : BENCH_DONE;
    const struct lim_tier_row **rows = choose(table, o.model, &n);
    int code;
    if (rows == NULL)
        code = BENCH_FAILED;
    else if (n == 0 && o.model != NULL)
        code = no_model(table, o.model);
    else
        code = o.json ? print_json(rows, n) : print_text(table, rows, n);
    free(rows);
    lim_table_free(table);
    return code;
}
