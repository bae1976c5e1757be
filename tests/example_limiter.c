#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <limiter/limiter.h>

#define REQUESTS 11

/* A network for this example: answers come after two seconds, in order, and
   the very first is a refusal. */
struct network {
    lim_id id[REQUESTS + 1];
    lim_time due[REQUESTS + 1];
    unsigned sent, answered;
};

static void put(struct network *n, lim_id id, lim_time now)
{
    n->id[n->sent] = id;
    n->due[n->sent++] = now + 2 * LIM_SEC;
}

static struct lim_outcome read_answer(bool refused, lim_time now)
{
    static const char line[] = "retry-after: 5\r\n";
    struct lim_headers h;
    lim_headers_init(&h);
    if (refused)
        lim_headers_read_line(&h, line, strlen(line), now);
    return (struct lim_outcome){
        .class = refused ? LIM_CLASS_RATE_LIMIT : LIM_CLASS_OK,
        .status = refused ? 429 : 200,
        .feedback = h.feedback,
    };
}

/* Does what is to be done now. */
static void act(struct lim_pool *pool, struct network *n, lim_time now)
{
    struct lim_action a;
    while (lim_next(pool, now, &a)) {
        if (a.kind == LIM_SEND) {
            printf("%2" PRId64 " s: attempt %u goes to organisation %" PRIu32
                   "\n",
                   now / LIM_SEC, a.attempt, a.organisation);
            put(n, a.id, now);
        }
    }
}

static void run(struct lim_pool *pool, struct network *n)
{
    lim_time now = 0;
    for (;;) {
        act(pool, n, now);
        bool expected = n->answered < n->sent;
        lim_time wake = lim_wakeup(pool);
        lim_time answer = expected ? n->due[n->answered] : LIM_NEVER;
        if (wake == LIM_NEVER && answer == LIM_NEVER)
            return;
        now = wake < answer ? wake : answer; /* here a program sleeps */
        if (answer <= now) {
            struct lim_outcome o = read_answer(n->answered == 0, now);
            lim_complete(pool, n->id[n->answered++], &o, now, NULL);
        }
    }
}

int main(void)
{
    struct lim_limits slow = lim_limits_none(), fast = lim_limits_none();
    slow.max[LIM_RPM] = 3;
    fast.max[LIM_RPM] = 6;
    const struct lim_organisation organisations[] = {
        { .name = "slow", .keys = 1, .limits = &slow, .spend_max = -1 },
        { .name = "fast", .keys = 1, .limits = &fast, .spend_max = -1 },
    };
    struct lim_config config = lim_config_default();
    config.organisations = organisations;
    config.organisation_count = 2;
    struct lim_diag diag;
    struct lim_pool *pool = lim_pool_new(&config, &diag);
    if (pool == NULL) {
        fprintf(stderr, "%s\n", diag.text);
        return 1;
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        const struct lim_request r = { .cost.amount[LIM_REQUESTS] = 1,
                                       .deadline = LIM_NEVER,
                                       .number = i };
        lim_id id;
        if (lim_submit(pool, &r, 0, &id, NULL) != LIM_ACCEPTED)
            fprintf(stderr, "request %u is not taken\n", i);
    }
    struct network network = { .sent = 0 };
    run(pool, &network);
    printf("%" PRIu64 " succeeded\n", lim_pool_counts(pool).succeeded);
    lim_pool_free(pool);
    return 0;
}
