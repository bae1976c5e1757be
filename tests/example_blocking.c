/*
 * 100 requests under a cap of 30, a thread each: with requests of 10 s the
 * whole takes 40 s.  Usage: example_blocking [SECONDS A REQUEST]
 */

#define _DEFAULT_SOURCE

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "limiter/limiter.h"

#define REQUESTS 100

static struct lim_blocking *pool;
static useconds_t request_us = 10000000;

static void *one(void *number)
{
    struct lim_request r = { .cost.amount[LIM_REQUESTS] = 1,
                             .deadline = LIM_NEVER,
                             .number = *(unsigned *)number };
    struct lim_grant grant;
    if (lim_blocking_acquire(pool, &r, &grant) == LIM_OK) {
        usleep(request_us); /* send it, with key number grant.key */
        lim_blocking_release(pool, &grant, NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        request_us = (useconds_t)(1e6 * strtod(argv[1], NULL));
    struct lim_limits none = lim_limits_none();
    struct lim_organisation mine = {
        .name = "mine", .keys = 1, .limits = &none, .spend_max = -1
    };
    struct lim_config config = lim_config_default();
    config.organisations = &mine;
    config.organisation_count = 1;
    config.cap_pool = 30;
    pool = lim_blocking_new(&config, NULL);
    if (pool == NULL)
        return 1;

    pthread_t thread[REQUESTS];
    unsigned number[REQUESTS];
    for (unsigned i = 0; i < REQUESTS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, one, &number[i]);
    }
    for (unsigned i = 0; i < REQUESTS; i++)
        pthread_join(thread[i], NULL);
    printf("%" PRIu64 " done\n", lim_blocking_counts(pool).succeeded);
    lim_blocking_free(pool);
    return 0;
}
