#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/error.h"
#include "limiter/price.h"
#include "sim/faults.h"
#include "sim/latency.h"
#include "sim/provider.h"

/*
 * A provider as its clients see it: one request and the plan of its answer,
 * from admission, faults, latency and the reply's length.  The simulator
 * schedules the plan, the daemon renders it; every draw is keyed by (seed,
 * purpose, request, attempt), so both come to the same plan.
 */
struct sim_service {
    struct sim_provider *provider;     /* owned */
    struct sim_provider_config config; /* sim_service_change changes it */
    struct sim_times *times; /* owned: of each profile, and of what is given */
    int64_t in_flight;       /* admitted, not ended */
    bool even;               /* whoever asks, and however many there are, an
                                answer takes as long */
};

/*
 * Makes the provider of `config`; what that points to outlives it.  LIM_OK,
 * or LIM_EINVAL or LIM_ENOMEM and `diag` (sim_provider_new).
 */
int sim_service_init(struct sim_service *s,
                     const struct sim_provider_config *config,
                     struct lim_diag *diag);
void sim_service_fini(struct sim_service *s); /* one of zeros is allowed */

/*
 * From now on the latency, load, faults and seed of `config` hold.  What its
 * provider has, organisations, limits and money, is changed there.
 */
void sim_service_change(struct sim_service *s,
                        const struct sim_provider_config *config);

struct sim_call {
    uint32_t organisation;
    const char *model;
    int64_t prompt_tokens; /* the provider's estimate of the prompt */
    int64_t max_tokens;    /* -1: none */
    int64_t images;
    int64_t completion_tokens; /* length of the reply before max_tokens
                                      cuts it; 0: there is none (embeddings,
                                      images); -1: drawn by default */
    bool stream;               /* the reply comes token by token */
    bool wrong;       /* a mistake in it: 400, if the limits let it through */
    uint64_t request; /* number of the request, keys the draws */
    unsigned attempt;
    /* What follows from the model; sim_service_resolve fills it. */
    int group;                     /* < 0: the provider does not know it */
    const struct lim_price *price; /* NULL: not known */
    struct sim_times *times;       /* the service's */
    int64_t image_tokens;          /* see sim_image_tokens */
};

/*
 * A generation by gpt-image has a usage: its prompt, and so many tokens for an
 * image of 1024x1024 at medium quality.  DALL-E's has none (openai-openapi
 * f85dbe2, 2.3.0); others are taken to be like it.
 */
#define SIM_IMAGE_TOKENS 1056

/* What a model's usage tells of an image; -1: it tells of none. */
int64_t sim_image_tokens(const char *model);

/*
 * How long a reply the model's context leaves room for after that prompt:
 * negative when the prompt alone is too long, INT64_MAX when the context is
 * not known.  A longer reply is cut there; a request that reserves more is
 * wrong.
 */
int64_t sim_service_room(const struct lim_price *price, int64_t prompt_tokens);

/* Whether a call of one choice asks for more than the context holds. */
bool sim_service_too_long(const struct sim_call *call);

struct sim_plan {
    int status; /* of the answer; 0: there is none */
    enum sim_fault fault;
    bool admitted; /* then sim_service_end is owed */
    struct sim_verdict verdict;
    struct lim_cost cost;      /* reserved at admission */
    int64_t completion_tokens; /* after the cut by max_tokens */
    int64_t told_tokens;       /* of them, that reach the client */
    int64_t microusd;          /* real cost, also of an answer that is lost;
                                      of a 500: 0; -1: price unknown */
    struct sim_timing timing;  /* until the answer, or its fault, ends */
};

/*
 * Looks up what follows from call->model.  The result serves for every call
 * of that model.
 */
void sim_service_resolve(const struct sim_service *s, struct sim_call *call);

/*
 * Decides at `now`.  A call that is wrong meets the limits like any other and
 * takes from them what it asks for, if 400s are charged; it has no reply.
 * Faults behind the limits do not strike it.
 *
 * If plan->admitted, the caller calls sim_service_end when the answer ends, at
 * now + timing.total_ns, whether its client is still there or not.  Both return
 * LIM_OK, or LIM_ENOMEM as sim_provider_admit and sim_provider_settle do; after
 * LIM_ENOMEM here there is nothing to end.
 */
int sim_service_begin(struct sim_service *s, const struct sim_call *call,
                      lim_time now, struct sim_plan *plan);

/* What is to be settled at the end of an answer that was admitted: all that
   has to be kept of it until then. */
struct sim_debt {
    uint32_t organisation;
    unsigned group;
    struct sim_usage usage;
};

struct sim_debt sim_service_debt(const struct sim_call *call,
                                 const struct sim_plan *plan);
int sim_service_end(struct sim_service *s, const struct sim_debt *debt,
                    lim_time now);

/* When the first byte of a stream's content comes, after its beginning; -1:
   none comes, or it is no stream. */
int64_t sim_service_first_token(const struct sim_call *call,
                                const struct sim_plan *plan);

/*
 * What a client reads off the answer, or from that none came.  An answer that
 * is lost after its head has status 0, and tells what the head showed of the
 * limits.
 */
void sim_service_outcome(const struct sim_call *call,
                         const struct sim_plan *plan, struct lim_outcome *out);

/*
 * All that becomes of a call whose client hears of it at its end alone: what
 * follows from the plan that sim_service_begin makes, without the plan.  LIM_OK
 * or LIM_ENOMEM, as there.
 */
struct sim_reply {
    struct lim_outcome outcome;
    lim_time end;
    struct sim_debt debt; /* if admitted */
    bool admitted;
};

int sim_service_reply(struct sim_service *s, const struct sim_call *call,
                      lim_time now, struct sim_reply *out);

/* The default length of a reply: log-normal, p50 129, p95 451 tokens (the
   Azure conversation trace of 2023). */
struct sim_dist sim_default_completion(void);

#endif
