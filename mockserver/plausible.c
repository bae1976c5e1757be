#include "mockserver/plausible.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "limiter/rng.h"

#define LEVELS_FULL 8
#define LEVELS_MAX 24
#define VALUES_MAX 2000
#define STRING_MAX 2000
#define BYTES_MAX 65536
#define LIST_MAX 1000 /* members of a list in a schema that are looked at */
#define NUMBER_MAX 1e300
#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1: exact as a double */

struct maker {
    struct mock_text *out;
    const cJSON *root; /* what $ref looks in */
    uint64_t draw;
    uint64_t draws; /* so far */
    size_t start;   /* of the value, in `out` */
    int level;
    int values;
};

static void add_value(struct maker *g, const cJSON *schema);

static uint64_t draw(struct maker *g)
{
    return lim_rng_draw(g->draw, g->draws++, 0);
}

static const cJSON *get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static void add_printed(struct maker *g, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    if (text == NULL)
        g->out->failed = true;
    else
        mock_text_puts(g->out, text);
    cJSON_free(text);
}

/* Schemas come from outside: long lists must not be walked again and again. */
static int size_of(const cJSON *list)
{
    const cJSON *item = list != NULL ? list->child : NULL;
    int n = 0;
    for (; item != NULL && n < LIST_MAX; item = item->next)
        n++;
    return n;
}

static bool full(const struct maker *g)
{
    return g->values >= VALUES_MAX || g->out->length - g->start > BYTES_MAX;
}

/* One of a list that is not empty. */
static const cJSON *pick(struct maker *g, const cJSON *list)
{
    uint64_t n = draw(g) % (uint64_t)size_of(list);
    const cJSON *item = list->child;
    while (n-- > 0)
        item = item->next;
    return item;
}

/* A count in a schema, no smaller than 0 and no larger than `max`. */
static int count_of(const cJSON *schema, const char *key, int otherwise,
                    int max)
{
    const cJSON *n = get(schema, key);
    if (!cJSON_IsNumber(n))
        return otherwise;
    if (n->valuedouble < 0)
        return 0;
    return n->valuedouble > max ? max : (int)n->valuedouble;
}

static const char *const words[] = {
    "amber", "birch",   "cedar", "delta", "ember", "fjord", "grove", "heron",
    "inlet", "juniper", "kelp",  "larch", "maple", "north", "ocean", "pine",
};

/* Formats are drawn in ranges where every value is a good one. */
static bool add_format(struct maker *g, const char *format)
{
    struct mock_text *t = g->out;
    uint64_t bits = draw(g);
    unsigned a = (unsigned)(bits & 0xff), b = (unsigned)(bits >> 8 & 0xff);
    unsigned year = 2020 + a % 7, month = 1 + b % 12;
    unsigned day = 1 + (unsigned)(bits >> 16 & 0xff) % 28;
    unsigned hour = (unsigned)(bits >> 24 & 0xff) % 24;
    const char *word = words[bits >> 60];
    if (strcmp(format, "date-time") == 0)
        mock_text_printf(t, "\"%u-%02u-%02uT%02u:%02u:00Z\"", year, month, day,
                         hour, a % 60);
    else if (strcmp(format, "date") == 0)
        mock_text_printf(t, "\"%u-%02u-%02u\"", year, month, day);
    else if (strcmp(format, "time") == 0)
        mock_text_printf(t, "\"%02u:%02u:00Z\"", hour, a % 60);
    else if (strcmp(format, "duration") == 0)
        mock_text_printf(t, "\"PT%uM\"", 1 + a);
    else if (strcmp(format, "email") == 0)
        mock_text_printf(t, "\"%s%u@example.com\"", word, a);
    else if (strcmp(format, "hostname") == 0)
        mock_text_printf(t, "\"%s.example.com\"", word);
    else if (strcmp(format, "ipv4") == 0)
        mock_text_printf(t, "\"192.0.2.%u\"", a);
    else if (strcmp(format, "ipv6") == 0)
        mock_text_printf(t, "\"2001:db8::%x\"", 1 + a);
    else if (strcmp(format, "uri") == 0)
        mock_text_printf(t, "\"https://example.com/%s\"", word);
    else if (strcmp(format, "uuid") == 0)
        mock_text_printf(t, "\"%08x-%04x-4%03x-a%03x-%012" PRIx64 "\"",
                         (unsigned)(bits >> 32),
                         (unsigned)(bits >> 16 & 0xffff),
                         (unsigned)(bits & 0xfff),
                         (unsigned)(bits >> 8 & 0xfff), draw(g) >> 16);
    else
        return false;
    return true;
}

static void add_string(struct maker *g, const cJSON *schema)
{
    const cJSON *format = get(schema, "format");
    char text[STRING_MAX + 16];
    int least = count_of(schema, "minLength", 0, STRING_MAX);
    int most = count_of(schema, "maxLength", STRING_MAX, STRING_MAX);
    int wanted = 1 + (int)(draw(g) % 3);
    size_t n = 0;
    if (cJSON_IsString(format) && add_format(g, format->valuestring))
        return;
    for (int i = 0; i < wanted || n < (size_t)least; i++) {
        const char *word = words[draw(g) % 16];
        size_t length = strlen(word);
        if (n + length + 1 > STRING_MAX)
            break;
        if (n > 0)
            text[n++] = ' ';
        memcpy(text + n, word, length);
        n += length;
    }
    while (n < (size_t)least)
        text[n++] = 'a';
    n = n > (size_t)most ? (size_t)most : n;
    while (n > (size_t)least && n > 0 && text[n - 1] == ' ')
        n--;
    mock_text_json(g->out, text, n);
}

struct range {
    double low, high;
    double step; /* 0: none */
};

static bool bound(const cJSON *schema, const char *key, double *out)
{
    const cJSON *n = get(schema, key);
    if (!cJSON_IsNumber(n))
        return false;
    double x = n->valuedouble;
    *out = x > NUMBER_MAX ? NUMBER_MAX : x < -NUMBER_MAX ? -NUMBER_MAX : x;
    return true;
}

static struct range range_of(const cJSON *schema, double step)
{
    struct range r = { .step = step };
    double inner;
    bool low = bound(schema, "minimum", &r.low);
    bool high = bound(schema, "maximum", &r.high);
    if (bound(schema, "multipleOf", &inner) && inner > 0)
        r.step = inner;
    double away = r.step > 0 ? r.step : 0.01;
    if (bound(schema, "exclusiveMinimum", &inner) &&
        (!low || inner + away > r.low)) {
        r.low = inner + away;
        low = true;
    }
    if (bound(schema, "exclusiveMaximum", &inner) &&
        (!high || inner - away < r.high)) {
        r.high = inner - away;
        high = true;
    }
    double width = 100 * (r.step > 1 ? r.step : 1);
    if (!low)
        r.low = high && r.high < width ? r.high - width : 0;
    if (!high)
        r.high = r.low + width;
    return r;
}

static double whole_up(double x)
{
    if (!(x > -WHOLE_MAX && x < WHOLE_MAX))
        return x;
    double cut = (double)(int64_t)x;
    return cut < x ? cut + 1 : cut;
}

/* A number of so many steps from 0, in the range if one is. */
static double stepped(struct maker *g, const struct range *r)
{
    double first = whole_up(r->low / r->step);
    double last = -whole_up(-r->high / r->step);
    if (!(last > first))
        return first * r->step;
    double steps = last - first + 1 < 1e6 ? last - first + 1 : 1e6;
    return (first + (double)(draw(g) % (uint64_t)steps)) * r->step;
}

static void add_number(struct maker *g, const cJSON *schema, bool whole)
{
    struct range r = range_of(schema, whole ? 1 : 0);
    double x;
    if (r.step > 0) {
        x = stepped(g, &r);
    } else {
        double u = lim_rng_uniform(draw(g));
        x = r.low + u * (r.high - r.low);
        double cents = whole_up(x * 100) / 100;
        x = cents >= r.low && cents <= r.high ? cents : x;
    }
    if (!(x >= -2 * NUMBER_MAX && x <= 2 * NUMBER_MAX))
        x = r.low;
    bool exact = x > -WHOLE_MAX && x < WHOLE_MAX && x == (double)(int64_t)x;
    if (exact)
        mock_text_int(g->out, (int64_t)x);
    else
        mock_text_printf(g->out, "%.15g", x);
}

static bool holds(const cJSON *list, const char *text)
{
    const cJSON *item = list != NULL ? list->child : NULL;
    for (int i = 0; item != NULL && i < LIST_MAX; i++, item = item->next)
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
            return true;
    return false;
}

static void add_member(struct maker *g, const char *key, const cJSON *schema,
                       bool *first)
{
    if (!*first)
        mock_text_add(g->out, ",", 1);
    *first = false;
    mock_text_json(g->out, key, strlen(key));
    mock_text_add(g->out, ":", 1);
    add_value(g, schema);
}

static void add_object(struct maker *g, const cJSON *schema)
{
    const cJSON *properties = get(schema, "properties");
    const cJSON *required = get(schema, "required");
    const cJSON *item;
    bool first = true;
    mock_text_add(g->out, "{", 1);
    item = cJSON_IsObject(properties) ? properties->child : NULL;
    for (int i = 0; item != NULL && i < LIST_MAX; i++, item = item->next) {
        bool wanted = draw(g) % 2 == 0 && g->level < LEVELS_FULL;
        if (wanted || holds(required, item->string))
            add_member(g, item->string, item, &first);
    }
    item = cJSON_IsArray(required) ? required->child : NULL;
    for (int i = 0; item != NULL && i < LIST_MAX; i++, item = item->next)
        if (cJSON_IsString(item) && get(properties, item->valuestring) == NULL)
            add_member(g, item->valuestring, NULL, &first);
    mock_text_add(g->out, "}", 1);
}

static void add_array(struct maker *g, const cJSON *schema)
{
    const cJSON *items = get(schema, "items");
    const cJSON *prefix = get(schema, "prefixItems");
    int least = count_of(schema, "minItems", 0, VALUES_MAX);
    int most = count_of(schema, "maxItems", VALUES_MAX, VALUES_MAX);
    int n = cJSON_IsArray(prefix) ? size_of(prefix) : 0;
    int wanted = n > 0 ? n : 1 + (int)(draw(g) % 3);
    if (g->level >= LEVELS_FULL)
        wanted = 0;
    wanted = wanted < least ? least : wanted > most ? most : wanted;
    mock_text_add(g->out, "[", 1);
    for (int i = 0; i < wanted && !full(g); i++) {
        if (i > 0)
            mock_text_add(g->out, ",", 1);
        add_value(g, i < n ? cJSON_GetArrayItem(prefix, i) : items);
    }
    mock_text_add(g->out, "]", 1);
}

/* One step of a JSON pointer: "/a~1b" is the member "a/b". */
static const cJSON *step(const cJSON *at, const char **path)
{
    char key[256];
    size_t n = 0;
    const char *p = *path + 1;
    for (; *p != '\0' && *p != '/' && n + 1 < sizeof key; p++) {
        bool escape = *p == '~' && (p[1] == '0' || p[1] == '1');
        key[n++] = (char)(!escape ? *p : p[1] == '0' ? '~' : '/');
        p += escape;
    }
    key[n] = '\0';
    *path = p;
    return get(at, key);
}

static const cJSON *follow(const cJSON *root, const char *reference)
{
    const cJSON *at = root;
    const char *p = reference;
    if (*p++ != '#')
        return NULL;
    while (at != NULL && *p == '/')
        at = step(at, &p);
    return *p == '\0' ? at : NULL;
}

/* Of several schemas one by draw; deep down, one that does not nest. */
static const cJSON *choose(struct maker *g, const cJSON *list)
{
    const cJSON *item;
    if (list->child == NULL)
        return NULL;
    item = g->level >= LEVELS_FULL ? list->child : NULL;
    for (int i = 0; item != NULL && i < LIST_MAX; i++, item = item->next) {
        const cJSON *type = get(item, "type");
        if (cJSON_IsString(type) && strcmp(type->valuestring, "object") != 0 &&
            strcmp(type->valuestring, "array") != 0)
            return item;
    }
    return pick(g, list);
}

/* A schema without a type is of the kind that its other words are about. */
static const char *type_of(struct maker *g, const cJSON *schema)
{
    const cJSON *type = get(schema, "type");
    if (cJSON_IsArray(type) && g->level >= LEVELS_FULL && holds(type, "null"))
        return "null";
    if (cJSON_IsArray(type) && type->child != NULL)
        type = pick(g, type);
    if (cJSON_IsString(type))
        return type->valuestring;
    if (get(schema, "properties") != NULL || get(schema, "required") != NULL)
        return "object";
    if (get(schema, "items") != NULL || get(schema, "prefixItems") != NULL)
        return "array";
    if (get(schema, "minimum") != NULL || get(schema, "maximum") != NULL)
        return "number";
    return "string";
}

static void add_typed(struct maker *g, const cJSON *schema)
{
    const char *type = type_of(g, schema);
    if (strcmp(type, "object") == 0)
        add_object(g, schema);
    else if (strcmp(type, "array") == 0)
        add_array(g, schema);
    else if (strcmp(type, "string") == 0)
        add_string(g, schema);
    else if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
        add_number(g, schema, type[0] == 'i');
    else if (strcmp(type, "boolean") == 0)
        mock_text_puts(g->out, draw(g) % 2 == 0 ? "true" : "false");
    else
        mock_text_puts(g->out, "null");
}

/* The schema that another one leads to, or NULL if it stands for itself. */
static const cJSON *leads_to(struct maker *g, const cJSON *schema)
{
    static const char *const lists[] = { "anyOf", "oneOf" };
    const cJSON *reference = get(schema, "$ref");
    const cJSON *all = get(schema, "allOf");
    if (cJSON_IsString(reference))
        return follow(g->root, reference->valuestring);
    for (size_t i = 0; i < 2; i++)
        if (cJSON_IsArray(get(schema, lists[i])))
            return choose(g, get(schema, lists[i]));
    return cJSON_IsArray(all) ? all->child : NULL;
}

static void add_value(struct maker *g, const cJSON *schema)
{
    const cJSON *constant = get(schema, "const");
    const cJSON *list = get(schema, "enum");
    if (g->level >= LEVELS_MAX || full(g)) {
        mock_text_puts(g->out, "null");
        return;
    }
    g->level++;
    g->values++;
    const cJSON *other = leads_to(g, schema);
    if (constant != NULL)
        add_printed(g, constant);
    else if (cJSON_IsArray(list) && list->child != NULL)
        add_printed(g, pick(g, list));
    else if (other != NULL)
        add_value(g, other);
    else
        add_typed(g, schema);
    g->level--;
}

void mock_plausible_value(struct mock_text *out, const cJSON *schema,
                          uint64_t seed)
{
    struct maker g = {
        .out = out, .root = schema, .draw = seed, .start = out->length
    };
    if (schema != NULL) {
        add_value(&g, schema);
        return;
    }
    mock_text_puts(out, "{\"title\":");
    add_string(&g, NULL);
    mock_text_puts(out, ",\"count\":");
    add_number(&g, NULL, true);
    mock_text_puts(out, ",\"done\":");
    mock_text_puts(out, draw(&g) % 2 == 0 ? "true}" : "false}");
}
