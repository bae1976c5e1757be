#define _POSIX_C_SOURCE 200809L

#include "bench/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHARACTERS_MAX 32

static const struct {
    const char *path, *words;
} paths[] = {
    { "client.cap", "cap: requests in flight" },
    { "client.strategy", "strategy" },
    { "client.cap.per_organisation", "cap: in flight in each organisation" },
    { "client.limits", "limits" },
    { "client.discipline", "discipline that the client assumes" },
    { "client.hedge", "hedging" },
    { "client.preset", "preset" },
    { "client", "client" },
    { "client.queue", "queue" },
    { "client.retry.max", "retries at most" },
    { "client.retry.backoff", "back-off" },
    { "provider.organisations", "organisations" },
    { "provider.organisations[0].count", "organisations" },
    { "provider.organisations[0].keys", "keys an organisation" },
    { "provider.organisations[0].tier", "tier" },
    { "provider.table", "table of limits" },
    { "provider.discipline", "discipline of the windows" },
    { "provider.charge", "charge" },
    { "workload.arrivals.poisson", "requests that arrive" },
    { "workload.arrivals.batch", "requests in the batch" },
    { "workload.model", "model" },
    { "workload.prompt_tokens", "prompt tokens" },
    { "workload.max_tokens", "max_tokens" },
};

char *bench_words(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *s = n < 0 ? NULL : malloc((size_t)n + 1);
    if (s != NULL) {
        va_start(args, format);
        vsnprintf(s, (size_t)n + 1, format, args);
        va_end(args);
    }
    return s;
}

char *bench_words_path(const char *path)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strcmp(paths[i].path, path) == 0)
            return strdup(paths[i].words);
    return strdup(path);
}

char *bench_words_number(double x)
{
    double size = fabs(x);
    if (size >= 99.95)
        return bench_words("%.0f", x);
    if (size >= 9.995)
        return bench_words("%.1f", x);
    if (size == floor(size))
        return bench_words("%.0f", x);
    return bench_words(size >= 0.0995 ? "%.2f" : "%.2g", x);
}

char *bench_words_ms(double ms)
{
    static const struct {
        double from, unit;
        const char *name;
    } units[] = {
        { 5400e3, 3600e3, "h" },
        { 120e3, 60e3, "min" },
        { 1e3, 1e3, "s" },
        { 0, 1, "ms" },
    };
    size_t i = 0;
    while (ms < units[i].from)
        i++;
    char *number = bench_words_number(ms / units[i].unit);
    if (number == NULL)
        return NULL;
    char *s = bench_words("%s %s", number, units[i].name);
    free(number);
    return s;
}

char *bench_words_cut(char *s)
{
    size_t characters = 0, last = 0;
    for (size_t i = 0; s != NULL && s[i] != 0; i++) {
        if (((unsigned char)s[i] & 0xc0) == 0x80)
            continue;
        if (++characters == CHARACTERS_MAX)
            last = i;
    }
    if (characters <= CHARACTERS_MAX)
        return s;
    s[last] = 0;
    char *shorter = bench_words("%s…", s);
    free(s);
    return shorter;
}

static double count_of(const cJSON *organisation, const char *key)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(organisation, key);
    return cJSON_IsNumber(n) ? n->valuedouble : 1;
}

static bool are_organisations(const cJSON *list)
{
    const cJSON *o;
    cJSON_ArrayForEach(o, list)
    {
        if (!cJSON_IsObject(o) ||
            cJSON_GetObjectItemCaseSensitive(o, "name") == NULL)
            return false;
    }
    return cJSON_GetArraySize(list) > 0;
}

static char *organisations(const cJSON *list)
{
    double count = 0, most_keys = 1;
    const cJSON *o;
    cJSON_ArrayForEach(o, list)
    {
        count += count_of(o, "count");
        most_keys = fmax(most_keys, count_of(o, "keys"));
    }
    const char *plural = count == 1 ? "" : "s";
    if (most_keys == 1)
        return bench_words("%.0f organisation%s", count, plural);
    return bench_words("%.0f organisation%s, %.0f keys%s", count, plural,
                       most_keys, count == 1 ? "" : " each");
}

/* {"aimd": {}} is aimd; {"per_organisation": 5} is per_organisation 5. */
static char *only_member(const cJSON *member)
{
    if (cJSON_GetArraySize(member) == 0 && cJSON_IsObject(member))
        return strdup(member->string);
    char *value = bench_words_value(member);
    if (value == NULL)
        return NULL;
    char *s = bench_words("%s %s", member->string, value);
    free(value);
    return s;
}

char *bench_words_value(const cJSON *value)
{
    if (cJSON_IsString(value))
        return bench_words_cut(strdup(value->valuestring));
    if (cJSON_IsNumber(value))
        return bench_words("%.12g", value->valuedouble);
    if (cJSON_IsArray(value) && are_organisations(value))
        return bench_words_cut(organisations(value));
    if (cJSON_IsObject(value) && cJSON_GetArraySize(value) == 1)
        return bench_words_cut(only_member(value->child));
    return bench_words_cut(cJSON_PrintUnformatted(value));
}
