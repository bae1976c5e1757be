#include "bench/settle.h"

#include <stdlib.h>

#include "sim/steady.h"

struct seen {
    int64_t arrival_ns;
    double latency_ms; /* < 0: it did not succeed */
};

struct record {
    struct seen *by_request;
    size_t room, count; /* count: up to the last that was seen */
    bool out_of_memory;
};

static bool make_room(struct record *r, size_t request)
{
    size_t room = r->room == 0 ? 1024 : r->room;
    if (request < r->room)
        return true;
    while (room <= request)
        room *= 2;
    struct seen *seen = realloc(r->by_request, room * sizeof *seen);
    if (seen == NULL)
        return false;
    for (size_t i = r->room; i < room; i++)
        seen[i].latency_ms = -1;
    r->by_request = seen;
    r->room = room;
    return true;
}

static void see(void *context, const struct sim_attempt *a)
{
    struct record *r = context;
    if (a->status != 200)
        return;
    if (!make_room(r, a->request)) {
        r->out_of_memory = true;
        return;
    }
    r->by_request[a->request] =
        (struct seen){ a->arrival_ns,
                       (double)(a->done_ns - a->arrival_ns) / 1e6 };
    if (a->request >= r->count)
        r->count = (size_t)a->request + 1;
}

static int find(struct record *r, int64_t *warmup_ns, struct lim_diag *diag)
{
    size_t n = 0, left_out;
    double *x = malloc((r->count + 1) * sizeof *x);
    if (x == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < r->count; i++) {
        if (r->by_request[i].latency_ms < 0)
            continue;
        x[n] = r->by_request[i].latency_ms;
        r->by_request[n++].arrival_ns = r->by_request[i].arrival_ns;
    }
    bool found = sim_steady_mser5(x, n, &left_out);
    free(x);
    if (!found)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "warmup: the run is too short for one to be found: "
                        "its latencies have not settled in its first half");
    *warmup_ns = left_out == 0 ? 0 : r->by_request[left_out].arrival_ns;
    return LIM_OK;
}

int bench_settle(const struct sim_scenario *s, uint64_t seed,
                 const struct sim_pace *pace, int64_t *warmup_ns,
                 struct lim_diag *diag)
{
    struct record r = { .count = 0 };
    const struct sim_watch watch = { .context = &r, .attempt = see };
    struct sim_summary summary;
    *warmup_ns = 0;
    int error =
        sim_world_run(s, seed, &watch, pace, &summary, NULL, NULL, diag);
    if (error == LIM_OK) {
        if (r.out_of_memory)
            error = lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        else if (!summary.partial)
            error = find(&r, warmup_ns, diag);
        sim_summary_fini(&summary);
    }
    free(r.by_request);
    return error;
}
