#include "bench/preset.h"

#include <assert.h>
#include <string.h>

#include "bench/names.h"

extern const char text_bench_presets_json[];
extern const size_t text_bench_presets_json_size;

cJSON *bench_preset_all(void)
{
    return cJSON_ParseWithLength(text_bench_presets_json,
                                 text_bench_presets_json_size);
}

static void names_of(const cJSON *all, const char *names[BENCH_NAMES_MAX])
{
    const cJSON *preset;
    size_t n = 0;
    cJSON_ArrayForEach(preset, all)
    {
        assert(n < BENCH_NAMES_MAX - 1);
        names[n++] = preset->string;
    }
    names[n] = NULL;
}

static bool merge(cJSON *into, const cJSON *from);

/* A cap is one thing: parts of two are none. */
static bool set_one(cJSON *into, const cJSON *value)
{
    cJSON *old = cJSON_GetObjectItemCaseSensitive(into, value->string);
    if (cJSON_IsObject(old) && cJSON_IsObject(value) &&
        strcmp(value->string, "cap") != 0)
        return merge(old, value);
    cJSON *copy = cJSON_Duplicate(value, true);
    bool done = copy != NULL;
    if (done && old != NULL)
        done =
            cJSON_ReplaceItemInObjectCaseSensitive(into, value->string, copy);
    else if (done)
        done = cJSON_AddItemToObject(into, value->string, copy);
    if (!done)
        cJSON_Delete(copy);
    return done;
}

static bool merge(cJSON *into, const cJSON *from)
{
    const cJSON *value;
    cJSON_ArrayForEach(value, from)
    {
        if (strcmp(value->string, "preset") != 0 && !set_one(into, value))
            return false;
    }
    return true;
}

/* Takes the section of a preset out of the tree, with j's own keys in it. */
static cJSON *section(struct mock_json *j, cJSON *all, const char *name)
{
    cJSON *preset = cJSON_GetObjectItemCaseSensitive(all, name);
    cJSON *client = cJSON_DetachItemFromObjectCaseSensitive(preset, "client");
    assert(client != NULL);
    if (merge(client, j->object))
        return client;
    mock_json_wrong(j, "preset", "out of memory");
    cJSON_Delete(client);
    return NULL;
}

cJSON *bench_preset_apply(struct mock_json *j)
{
    const char *names[BENCH_NAMES_MAX], *found = NULL;
    cJSON *merged = NULL;
    mock_json_string(j, "preset", &found);
    if (found == NULL)
        return NULL;
    cJSON *all = bench_preset_all();
    if (all == NULL) {
        mock_json_wrong(j, "preset", "out of memory");
        return NULL;
    }
    names_of(all, names);
    if (bench_names_check(j, "preset", found, names))
        merged = section(j, all, found);
    if (merged != NULL)
        j->object = merged;
    cJSON_Delete(all);
    return merged;
}

void bench_preset_print(FILE *f)
{
    const cJSON *preset;
    cJSON *all = bench_preset_all();
    cJSON_ArrayForEach(preset, all)
    {
        const cJSON *summary =
            cJSON_GetObjectItemCaseSensitive(preset, "summary");
        bench_names_line(f, preset->string, summary->valuestring);
    }
    cJSON_Delete(all);
}
