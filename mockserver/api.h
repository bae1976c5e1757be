#ifndef MOCK_API_H
#define MOCK_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "limiter/error.h"
#include "limiter/time.h"
#include "mockserver/config.h"
#include "mockserver/journal.h"
#include "mockserver/keys.h"
#include "mockserver/manner.h"
#include "mockserver/orders.h"
#include "mockserver/patience.h"
#include "mockserver/server.h"
#include "mockserver/text.h"
#include "sim/service.h"

/*
 * The API without its wire: a question comes in with its time, an answer
 * goes out with the time at which it is due.  Behind it stands one service.
 */

/* Bytes of somebody else; `at` NULL: there are none. */
struct mock_slice {
    const char *at;
    size_t length;
};

struct mock_question {
    struct mock_slice method, path, query, body;
    struct mock_slice authorization;
    struct mock_slice api_key;           /* of the Azure dialect */
    struct mock_slice project;           /* OpenAI-Project */
    struct mock_slice content_type;      /* multipart bodies tell theirs */
    struct mock_slice host;              /* by which the client found us */
    struct mock_slice client_request;    /* X-Client-Request-Id */
    struct mock_slice completion_tokens; /* x-mock-completion-tokens */
    struct mock_slice retry_count;       /* x-stainless-retry-count */
    lim_time now;
};

/* An admitted request until its answer ends. */
struct mock_flight;

struct mock_answer {
    int status;                 /* 0: the question waits (/mock/clock) */
    const char *type;           /* content type; static memory; JSON's */
    struct mock_text headers;   /* lines, each with CRLF */
    struct mock_text body;      /* "" when it streams */
    struct mock_stream stream;  /* next NULL: `body` is all */
    lim_time at;                /* due then; `now` for at once */
    struct mock_flight *flight; /* NULL: nothing was admitted */
    enum mock_wire wire;        /* what goes wrong on the way */
    int64_t date_shift_ns;      /* of the date that it tells */
};

struct mock_api_config {
    struct sim_provider_config provider; /* what it points to outlives us */
    bool any_key;              /* else keys are sk-mock-<organisation>-<k> */
    bool one_organisation;     /* any key is of the same; else each is
                                       an organisation of its own */
    enum lim_tier tier;        /* of such organisations */
    struct mock_manner manner; /* era and dialect */
    double speed;
    bool several; /* clocks, one a thread: no hand moves them */
    const char *version;
    FILE *log; /* NULL: none; one JSON object a request */
};

/* A POST to /mock/clock that waits for requests to be decided. */
struct mock_clock_wait {
    bool waiting;
    lim_time to;
    uint64_t after; /* decisions */
};

/* What follows from a model's name, as sim_service_resolve has it. */
#define MOCK_KNOWN 16
struct mock_known {
    char model[64]; /* "": none yet */
    struct sim_call call;
};

struct mock_api {
    struct mock_api_config config;
    char speed_line[48]; /* of every answer */
    struct sim_service service;
    struct sim_provider *provider; /* the service's */
    struct mock_keys keys;         /* or names of organisations */
    struct mock_faults faults;     /* set by hand */
    struct mock_orders orders;
    struct mock_patience patience;
    struct mock_journal journal;
    struct mock_clock_wait clock;
    struct mock_known known[MOCK_KNOWN];
    uint64_t requests;  /* so far, of every kind */
    uint64_t metered;   /* of them, numbered by ourselves */
    uint64_t decisions; /* on /v1, since the clock was set */
    uint64_t abandoned; /* ended unsent */
    uint64_t statuses[600];
    const struct mock_server **servers; /* that it tells of */
    size_t server_count;
};

/* NULL and `diag`: as sim_provider_new. */
struct mock_api *mock_api_new(const struct mock_api_config *config,
                              struct lim_diag *diag);
void mock_api_free(struct mock_api *api); /* NULL is allowed */

/* Has it tell of a server's connections, too; the server is there whenever
   it answers.  False: no memory. */
bool mock_api_add_server(struct mock_api *api,
                         const struct mock_server *server);

/* The counts of all servers together. */
struct mock_server_counters mock_api_counters(const struct mock_api *api);

/*
 * Answers.  `a` is zeroed at first and may then be used again and again; its
 * texts are freed by mock_answer_fini.  If a->flight is set, mock_api_end is
 * called once when the answer was sent.  Where its client is gone before,
 * mock_api_abandon says so, and mock_api_end still comes when the answer would
 * have ended: the provider goes on, and charges it.
 */
void mock_api_answer(struct mock_api *api, const struct mock_question *q,
                     struct mock_answer *a);
void mock_api_abandon(struct mock_api *api, const struct mock_flight *flight);
void mock_api_end(struct mock_api *api, struct mock_flight *flight,
                  lim_time now);
void mock_answer_fini(struct mock_answer *a);

/* Random bits for identifiers: a function of the seed and of (item, index). */
uint64_t mock_api_draw(const struct mock_api *api, uint64_t item,
                       uint64_t index);

/* The bits of the id of the question at hand. */
void mock_api_request_id(const struct mock_api *api, uint64_t out[2]);

/* Tells whether the wait of the clock is over: enough was decided. */
bool mock_api_clock_due(const struct mock_api *api);

/* Writes the answer about the clock, now that it stands at `now`. */
void mock_api_clock_answer(struct mock_api *api, lim_time now,
                           struct mock_answer *a);

#endif
