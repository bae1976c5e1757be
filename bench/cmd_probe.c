/* What limits do accounts have?  Their answers' headers say. */

#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/budget.h"
#include "bench/output.h"
#include "bench/probe.h"
#include "bench/roster.h"
#include "bench/table.h"
#include "limiter/tier.h"
#include "mockserver/config.h"
#include "mockserver/file.h"
#include "mockserver/json.h"

#define MODELS_MAX 64
#define FILE_MAX_BYTES (1 << 20)
#define DEFAULT_MODEL "gpt-4o-mini"

struct options {
    const char *accounts, *output, *table, *cacert;
    const char *models[MODELS_MAX];
    size_t model_count;
    bool yes, quiet;
};

enum key { KEY_ACCOUNTS = 256, KEY_MODEL, KEY_CACERT };

static const struct argp_option option_list[] = {
    { .name = "accounts",
      .key = KEY_ACCOUNTS,
      .arg = "FILE",
      .doc = "Who asks (OPENAI_API_KEY)" },
    { .name = "model",
      .key = KEY_MODEL,
      .arg = "NAME",
      .doc = "Ask this model; may be repeated (" DEFAULT_MODEL ")" },
    { .name = "table",
      .key = 't',
      .arg = "NAME|FILE",
      .doc = "Table in which the tier is looked for (current)" },
    { .name = "output",
      .key = 'o',
      .arg = "FILE",
      .doc = "Write an accounts file with the limits that were seen" },
    { .name = "cacert",
      .key = KEY_CACERT,
      .arg = "FILE",
      .doc = "Authorities to trust, in place of the system's" },
    { .name = "yes", .key = 'y', .doc = "Do not ask before sending" },
    { .name = "quiet", .key = 'q', .doc = "Print no table" },
    { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case KEY_ACCOUNTS:
        o->accounts = arg;
        break;
    case KEY_MODEL:
        if (o->model_count == MODELS_MAX)
            argp_error(state, "too many --model");
        else
            o->models[o->model_count++] = arg;
        break;
    case KEY_CACERT:
        o->cacert = arg;
        break;
    case 't':
        o->table = arg;
        break;
    case 'o':
        o->output = arg;
        break;
    case 'y':
        o->yes = true;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument: %s", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .doc = "Asks one cheap question for each account and model, and reads the "
           "limits off the answers' headers.\v"
           "A header shows one window of a dimension: a day's hides the "
           "minute's.  The tier is the one of the table whose limits are as "
           "seen; if there is none, the nearest and what differs are told.",
};

struct job {
    const struct options *options;
    struct bench_batch models; /* no requests: the models alone */
    struct bench_roster roster;
    struct lim_table *table;
    cJSON *tree; /* the accounts as they were given */
    struct bench_probed *probed;
    size_t count;
};

static bool seen(const struct bench_probed *x)
{
    for (int l = 0; l < LIM_WINDOWS; l++)
        if (x->limits.max[l] >= 0)
            return true;
    return false;
}

/* How far what was seen is from a tier: 0 if it fits, else by how many
   powers of e its limits are off. */
static double distance(const struct bench_probed *x,
                       const struct lim_tier_row *row)
{
    double sum = 0;
    for (int l = 0; l < LIM_WINDOWS; l++) {
        int64_t is = x->limits.max[l], told = row->limits.max[l];
        if (is >= 0 && is != told)
            sum += 1 + fabs(log((double)(is + 1) / (double)(told + 2)));
    }
    return sum;
}

/* The tiers whose limits of the model are as seen: "tier1 tier2". */
static void find_tiers(const struct lim_table *t, const struct bench_probed *x,
                       char *out, size_t size)
{
    out[0] = '\0';
    for (int tier = 0; seen(x) && tier < LIM_TIERS; tier++) {
        const struct lim_tier_row *row =
            lim_table_find(t, x->model, (enum lim_tier)tier);
        size_t used = strlen(out);
        if (row != NULL && distance(x, row) == 0)
            snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "",
                     lim_tier_name((enum lim_tier)tier));
    }
}

/* "nearest tier1, which has rpm 500": what differs from it. */
static void find_nearest(const struct lim_table *t,
                         const struct bench_probed *x, char *out, size_t size)
{
    const struct lim_tier_row *nearest = NULL;
    int which = 0;
    out[0] = '\0';
    for (int tier = 0; seen(x) && tier < LIM_TIERS; tier++) {
        const struct lim_tier_row *row =
            lim_table_find(t, x->model, (enum lim_tier)tier);
        if (row == NULL ||
            (nearest != NULL && distance(x, row) >= distance(x, nearest)))
            continue;
        nearest = row;
        which = tier;
    }
    if (nearest == NULL || distance(x, nearest) == 0)
        return;
    size_t used = (size_t)snprintf(out, size, "nearest %s, which has",
                                   lim_tier_name((enum lim_tier)which));
    for (int l = 0; l < LIM_WINDOWS && used < size; l++) {
        int64_t told = nearest->limits.max[l];
        const char *name = lim_limit_name((enum lim_limit)l);
        if (x->limits.max[l] < 0 || x->limits.max[l] == told)
            continue;
        used += told < 0
                    ? (size_t)snprintf(out + used, size - used, " no %s", name)
                    : (size_t)snprintf(out + used, size - used, " %s %lld",
                                       name, (long long)told);
    }
}

/* What an account is called in the roster. */
static const char *group_of(const cJSON *account)
{
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(account, "organisation");
    if (!cJSON_IsString(o))
        o = cJSON_GetObjectItemCaseSensitive(account, "name");
    return cJSON_IsString(o) ? o->valuestring : "";
}

/* The account that was asked: of its organisation the key's number. */
static cJSON *account_of(const struct job *j, const struct bench_probed *x)
{
    const char *name = j->roster.organisations[x->organisation].name;
    unsigned key = 0;
    cJSON *account;
    cJSON_ArrayForEach(account,
                       cJSON_GetObjectItemCaseSensitive(j->tree, "accounts"))
    {
        if (strcmp(group_of(account), name) == 0 && key++ == x->key)
            return account;
    }
    return NULL;
}

static const char *text_of(const cJSON *account, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(account, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

/* What is to be said of an answer beside its numbers. */
static void remark(const struct job *j, const struct bench_probed *x,
                   const char *tiers, char *out, size_t size)
{
    const char *told = text_of(account_of(j, x), "tier");
    if (x->trouble[0] != '\0')
        snprintf(out, size, "%s", x->trouble);
    else if (!seen(x))
        snprintf(out, size, "the answer shows no limit");
    else if (tiers[0] == '\0')
        find_nearest(j->table, x, out, size);
    else if (told[0] != '\0' && strstr(tiers, told) == NULL)
        snprintf(out, size, "the file says %s", told);
    else
        out[0] = '\0';
}

static void show_one(const struct job *j, const struct bench_probed *x,
                     struct bench_table *t)
{
    char tiers[64], text[200];
    bench_table_add(t, "%s", text_of(account_of(j, x), "name"));
    bench_table_add(t, "%s", x->model);
    bench_table_add(t, "%d", x->status);
    for (int l = 0; l < LIM_WINDOWS; l++) {
        if (x->limits.max[l] < 0)
            bench_table_add(t, "-");
        else
            bench_table_add(t, "%lld", (long long)x->limits.max[l]);
    }
    find_tiers(j->table, x, tiers, sizeof tiers);
    remark(j, x, tiers, text, sizeof text);
    bench_table_add(t, "%s", tiers[0] != '\0' ? tiers : "-");
    bench_table_add(t, "%s", text);
}

static void show(const struct job *j)
{
    struct bench_table *t = bench_table_new(5 + LIM_WINDOWS);
    if (t == NULL)
        return;
    bench_table_add(t, "account");
    bench_table_add(t, "model");
    bench_table_add(t, "status");
    for (int l = 0; l < LIM_WINDOWS; l++)
        bench_table_add(t, "%s", lim_limit_name((enum lim_limit)l));
    bench_table_add(t, "tier");
    bench_table_add(t, " ");
    for (size_t i = 0; i < j->count; i++)
        show_one(j, &j->probed[i], t);
    bench_table_print(t, stdout);
    bench_table_free(t);
}

/* The accounts as they were given: the file's, or those of the environment. */
static cJSON *accounts_tree(const struct options *o, struct lim_diag *diag)
{
    size_t length;
    if (o->accounts != NULL) {
        char *text = mock_read_file(o->accounts, FILE_MAX_BYTES, &length, diag);
        cJSON *tree = text != NULL ? mock_json_parse(text, length, diag) : NULL;
        free(text);
        return tree;
    }
    cJSON *tree = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(tree, "endpoints");
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "name", "default");
    cJSON_AddStringToObject(one, "base_url", bench_accounts_default_url());
    cJSON_AddItemToArray(list, one);
    list = cJSON_AddArrayToObject(tree, "accounts");
    one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "name", "default");
    cJSON_AddStringToObject(one, "endpoint", "default");
    cJSON_AddStringToObject(one, "key_env", "OPENAI_API_KEY");
    cJSON_AddItemToArray(list, one);
    return tree;
}

static void replace(cJSON *object, const char *key, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    cJSON_AddItemToObject(object, key, value);
}

/*
 * The tier of an account: what an answer showed fits it alone.  While an
 * upgrade is under way models differ, and the lower one holds for those that
 * were not asked.
 */
static void put_tier(cJSON *account, enum lim_tier tier, bool first)
{
    enum lim_tier before;
    if (first || !lim_tier_find(text_of(account, "tier"), &before) ||
        tier < before)
        replace(account, "tier", cJSON_CreateString(lim_tier_name(tier)));
}

static void put_limit(cJSON *of, const struct lim_limits *l,
                      enum lim_limit limit)
{
    char text[LIM_LIMITS_TEXT_SIZE];
    if (l->window_ns[limit] != 0)
        cJSON_AddStringToObject(of, lim_limit_name(limit),
                                lim_limits_text(l, limit, text));
    else if (l->max[limit] >= 0)
        cJSON_AddNumberToObject(of, lim_limit_name(limit),
                                (double)l->max[limit]);
}

/* Writes the limits of an answer into an account; what the headers hide of a
   model stays as the table has it, if they fit one tier alone. */
static void put_limits(const struct job *j, const struct bench_probed *x,
                       cJSON *account, bool *placed)
{
    char tiers[64];
    enum lim_tier tier;
    struct lim_limits limits = x->limits;
    find_tiers(j->table, x, tiers, sizeof tiers);
    if (lim_tier_find(tiers, &tier)) {
        put_tier(account, tier, !*placed);
        *placed = true;
        limits = lim_table_find(j->table, x->model, tier)->limits;
    }
    cJSON *all = cJSON_GetObjectItemCaseSensitive(account, "limits");
    if (all == NULL)
        all = cJSON_AddObjectToObject(account, "limits");
    cJSON *one = cJSON_CreateObject();
    for (int l = 0; l < LIM_WINDOWS; l++)
        put_limit(one, &limits, (enum lim_limit)l);
    replace(all, x->model, one);
}

static int write_accounts(const struct job *j)
{
    struct lim_diag diag = { 0 };
    struct bench_output out;
    cJSON *account;
    cJSON_ArrayForEach(account,
                       cJSON_GetObjectItemCaseSensitive(j->tree, "accounts"))
    {
        bool placed = false;
        for (size_t i = 0; i < j->count; i++)
            if (seen(&j->probed[i]) && account_of(j, &j->probed[i]) == account)
                put_limits(j, &j->probed[i], account, &placed);
    }
    char *text = cJSON_Print(j->tree);
    int error = text != NULL
                    ? bench_output_open(&out, j->options->output, &diag)
                    : lim_fail(&diag, LIM_ENOMEM, 0, "out of memory");
    if (error == LIM_OK) {
        fprintf(out.file, "%s\n", text);
        error = bench_output_commit(&out, &diag);
    }
    cJSON_free(text);
    return error == LIM_OK ? BENCH_DONE : bench_complain(NULL, error, &diag);
}

static void tell_plan(const struct job *j)
{
    int64_t sum = 0;
    for (size_t m = 0; m < j->models.model_count && sum >= 0; m++) {
        int64_t cost = lim_price_cost(
            bench_roster_price(&j->roster, j->models.models[m]), 3, 1, 0);
        sum = cost < 0 ? -1 : sum + cost;
    }
    fprintf(stderr, "%zu request%s of about 10 tokens each, ", j->count,
            j->count == 1 ? "" : "s");
    if (sum >= 0)
        fprintf(stderr, "about $%.4f\n",
                (double)sum * (double)j->count / (double)j->models.model_count /
                    1e6);
    else
        fputs("at a price that is not known\n", stderr);
}

static bool agree(const struct options *o)
{
    if (o->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        fputs("tierlab: say --yes to send them\n", stderr);
        return false;
    }
    return bench_budget_ask();
}

/* 1: some organisation gave no good answer. */
static int probe(struct job *j)
{
    struct lim_diag diag = { 0 };
    const struct options *o = j->options;
    bool all = true;
    if (!o->quiet)
        tell_plan(j);
    if (!agree(o))
        return BENCH_USAGE;
    const struct bench_probe_to to = { bench_accounts_default_url(),
                                       o->cacert };
    int error =
        bench_probe(j->roster.accounts, &to, j->probed, j->count, &diag);
    if (error != LIM_OK)
        return bench_complain(NULL, error, &diag);
    for (size_t i = 0; i < j->count; i++)
        all = all && seen(&j->probed[i]);
    if (!o->quiet)
        show(j);
    int code = o->output != NULL ? write_accounts(j) : BENCH_DONE;
    return code == BENCH_DONE && !all ? BENCH_FAILED : code;
}

static bool copy_models(struct job *j)
{
    const struct options *o = j->options;
    j->models.models = calloc(o->model_count, sizeof *j->models.models);
    for (size_t i = 0; j->models.models != NULL && i < o->model_count; i++) {
        char *copy = strdup(o->models[i]);
        if (copy == NULL)
            return false;
        j->models.models[j->models.model_count++] = copy;
    }
    return j->models.models != NULL;
}

/* Each model of each account. */
static bool list_questions(struct job *j)
{
    const struct options *o = j->options;
    size_t keys = 0;
    for (size_t i = 0; i < j->roster.count; i++)
        keys += j->roster.organisations[i].keys;
    j->probed = calloc(keys * o->model_count, sizeof *j->probed);
    if (j->probed == NULL)
        return false;
    for (uint32_t i = 0; i < j->roster.count; i++)
        for (unsigned k = 0; k < j->roster.organisations[i].keys; k++)
            for (size_t m = 0; m < o->model_count; m++)
                j->probed[j->count++] = (struct bench_probed){
                    .organisation = i, .key = k, .model = o->models[m]
                };
    return true;
}

static int run(struct job *j)
{
    struct lim_diag diag = { 0 };
    const struct options *o = j->options;
    int error = mock_config_table(o->table, NULL, &j->table, &diag);
    if (error == LIM_OK && j->table == NULL)
        error = lim_fail(&diag, LIM_EINVAL, 0, "--table none has no tiers");
    if (error == LIM_OK && !copy_models(j))
        error = lim_fail(&diag, LIM_ENOMEM, 0, "out of memory");
    if (error == LIM_OK)
        error = bench_roster_init(&j->roster, o->accounts, &j->models, &diag);
    if (error == LIM_OK && !list_questions(j))
        error = lim_fail(&diag, LIM_ENOMEM, 0, "out of memory");
    if (error == LIM_OK)
        j->tree = accounts_tree(o, &diag);
    if (error == LIM_OK && j->tree == NULL)
        error = LIM_ENOMEM;
    return error == LIM_OK ? probe(j) : bench_complain(NULL, error, &diag);
}

int bench_cmd_probe(int argc, char **argv, const char *version)
{
    (void)version;
    struct options o = { .table = "current" };
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (o.model_count == 0)
        o.models[o.model_count++] = DEFAULT_MODEL;
    struct job j = { .options = &o };
    int code = run(&j);
    free(j.probed);
    cJSON_Delete(j.tree);
    lim_table_free(j.table);
    bench_roster_fini(&j.roster);
    bench_batch_fini(&j.models);
    return code;
}
