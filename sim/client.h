#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/pool.h"
#include "sim/scenario.h"
#include "sim/summary.h"

/*
 * The client of a scenario: its workload feeds the pool, the pool says what
 * to send, and a tally counts what happens.  Sans-IO: the simulator's world
 * sends in virtual time, the driver over HTTP; both run this very code.
 *
 *     while (sim_client_next(c, now, &send)) ... send it ...
 *     ... sleep until sim_client_wakeup(c), or until an answer comes ...
 *     sim_client_done(c, send.slot, &outcome, NULL, now);
 *
 * until sim_client_finished.
 */
struct sim_client;

/* One attempt to send. */
struct sim_send {
    uint32_t slot;         /* names it until sim_client_done */
    uint64_t request;      /* number, from 0 in order of arrival */
    unsigned attempt;      /* from 0 */
    uint32_t organisation; /* index in the scenario */
    unsigned key;
    unsigned workload; /* index in the scenario */
    int64_t prompt_tokens;
    int64_t completion_tokens;
};

/* What the tally hears, for logs and traces; each may be NULL. */
struct sim_watch {
    void *context;
    void (*attempt)(void *context, const struct sim_attempt *a);
    void (*event)(void *context, lim_time at, const char *text);
};

/*
 * Makes the client of a scenario whose draws come from `seed`, beginning at
 * `start`.  `tells_sent`: sim_client_sent is called for each attempt that
 * leaves; else one leaves when sim_client_next says so.  NULL and `diag`: bad
 * configuration or no memory.  The scenario must outlive it.
 */
struct sim_client *sim_client_new(const struct sim_scenario *s, uint64_t seed,
                                  lim_time start, bool tells_sent,
                                  const struct sim_watch *watch,
                                  struct lim_diag *diag);
void sim_client_free(struct sim_client *c); /* NULL is allowed */

/* Lets arrivals up to `now` in and tells the next thing to send. */
bool sim_client_next(struct sim_client *c, lim_time now, struct sim_send *send);

/* When sim_client_next may say something; LIM_NEVER: after an answer. */
lim_time sim_client_wakeup(const struct sim_client *c);

/* Whether a request waits, so that sim_client_next may say more. */
bool sim_client_waiting(const struct sim_client *c);

/* An attempt left at `now`, after it had waited for its connection. */
void sim_client_sent(struct sim_client *c, uint32_t slot, lim_time now);

/* When an attempt left, and when the first byte of its answer's content came
   (LIM_NEVER: none did). */
struct sim_stations {
    lim_time sent, first_byte;
};

/*
 * An attempt ended, with `stations`, or NULL: it left at once, and its answer
 * was there all at once but for the first token of a stream.  Returns the slot
 * of another that is not wanted any more, since this one succeeded: it is to be
 * broken off, and its slot is free.  Or SIM_NO_SLOT.
 */
uint32_t sim_client_done(struct sim_client *c, uint32_t slot,
                         const struct lim_outcome *o,
                         const struct sim_stations *stations, lim_time now);

#define SIM_NO_SLOT UINT32_MAX

/* Says that this attempt is the next to end; see lim_foresee. */
void sim_client_foresee(const struct sim_client *c, uint32_t slot);

/* When the run is over, whatever is left then; LIM_NEVER: when all is done. */
lim_time sim_client_end(const struct sim_client *c);

/* Tells whether the run is over at `now`: its time is up, or all is done. */
bool sim_client_finished(const struct sim_client *c, lim_time now);

/*
 * Ends the run at `now`: what is not done counts as unfinished.  Fills `out`
 * (its owner calls sim_summary_fini).  Returns LIM_OK; or LIM_ENOMEM or
 * SIM_EBROKEN (sim/ledger.h: the run's books do not come out even), and
 * `diag`: nothing is left to free then.
 */
int sim_client_finish(struct sim_client *c, lim_time now,
                      struct sim_summary *out, struct lim_diag *diag);

/*
 * The intervals that one run alone can give of its goodput and mean latency;
 * before sim_client_finish.  Returns LIM_OK or LIM_ENOMEM.
 */
int sim_client_batches(const struct sim_client *c, struct sim_batches *goodput,
                       struct sim_batches *latency);

/* Who can tell how far the organisations' windows are used: the provider, in
   virtual time.  Without one, moments tell what the pool believes of them, if
   it believes in limits. */
struct sim_gauge {
    void (*read)(void *context, lim_time now, struct sim_gauges *out);
    void *context;
};

void sim_client_gauge(struct sim_client *c, const struct sim_gauge *gauge);

/* The moments of the run so far; they live as long as the client. */
size_t sim_client_moments(const struct sim_client *c,
                          const struct sim_moment **out);

#endif
