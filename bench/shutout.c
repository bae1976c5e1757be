#include "bench/shutout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bench_shutout_init(struct bench_shutout *s, const struct bench_roster *r)
{
    *s = (struct bench_shutout){ .roster = r };
    s->why = calloc(r->count, sizeof *s->why);
    s->closed = calloc(r->count * r->groups, sizeof *s->closed);
    s->denied = calloc(r->groups, sizeof *s->denied);
    if (s->why != NULL && s->closed != NULL && s->denied != NULL)
        return LIM_OK;
    bench_shutout_fini(s);
    return LIM_ENOMEM;
}

void bench_shutout_fini(struct bench_shutout *s)
{
    free(s->why);
    free(s->closed);
    free(s->denied);
    *s = (struct bench_shutout){ .roster = NULL };
}

static bool *is_closed(const struct bench_shutout *s, uint32_t organisation,
                       unsigned group)
{
    return &s->closed[organisation * s->roster->groups + group];
}

bool bench_shutout_note(struct bench_shutout *s, uint32_t organisation,
                        unsigned group, const struct lim_outcome *o,
                        const char *message)
{
    char *to;
    if (o->class == LIM_CLASS_QUOTA || o->class == LIM_CLASS_CREDENTIAL) {
        to = s->why[organisation];
    } else if (o->class == LIM_CLASS_NO_ACCESS) {
        *is_closed(s, organisation, group) = true;
        to = s->denied[group];
    } else {
        return false;
    }
    snprintf(to, sizeof s->why[0], "%d: %.150s", o->status, message);
    return true;
}

void bench_shutout_forget(struct bench_shutout *s)
{
    for (size_t i = 0; i < s->roster->count; i++)
        s->why[i][0] = '\0';
}

static bool would(const struct bench_shutout *s, uint32_t organisation,
                  unsigned group)
{
    return s->roster->organisations[organisation].serves[group] &&
           !*is_closed(s, organisation, group);
}

enum bench_group_is bench_shutout_group(const struct bench_shutout *s,
                                        unsigned group)
{
    enum bench_group_is found = BENCH_GROUP_CLOSED;
    for (uint32_t i = 0; i < s->roster->count; i++) {
        if (!would(s, i, group))
            continue;
        if (s->why[i][0] == '\0')
            return BENCH_GROUP_OPEN;
        found = BENCH_GROUP_PARKED;
    }
    return found;
}

void bench_shutout_tell(const struct bench_shutout *s, unsigned group,
                        char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < s->roster->count && used < size; i++)
        if (would(s, i, group) && s->why[i][0] != '\0')
            used += (size_t)snprintf(
                out + used, size - used, "%s%s: %s", used > 0 ? "; " : "",
                s->roster->organisations[i].name, s->why[i]);
}
