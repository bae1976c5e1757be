#ifndef TESTS_ASK_H
#define TESTS_ASK_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "mockserver/api.h"
#include "mockserver/config.h"

#define ASK_START (20454 * LIM_DAY) /* 2026-01-01 */

/* An API of its own, without sockets, and what it answered last. */
struct ask {
    struct mock_config config;
    struct mock_api *api;
    struct mock_answer a;
    struct mock_text events; /* of an answer that streamed */
    lim_time ended;          /* when the last byte of it came */
    bool cut;                /* it broke off */
    lim_time now;            /* of the next question */
    struct sim_fault_rule fault;
};

/* `provider`: as in a scenario; keys are sk-mock-<organisation>-<n>. */
void ask_set_up(struct ask *f, const char *provider);

/* A table, a tier, answers after 2 s, and any key. */
void ask_set_up_any(struct ask *f, const char *table, enum lim_tier tier,
                    bool one_organisation);

/* Fails when something is still in flight. */
void ask_tear_down(struct ask *f);

/*
 * Asks `q` at q->now.  The answer then is taken in whole, each event of a
 * stream at its time, and ends.  Returns its status.
 */
int ask_question(struct ask *f, const struct mock_question *q);

/* Asks at f->now; a path may have a query. */
int ask_as(struct ask *f, const char *authorization, const char *method,
           const char *path, const char *body);

/* With the first key of organisation a: a POST, or a GET without body. */
int ask(struct ask *f, const char *path, const char *body);

/* A POST of the same whose reply has so many tokens. */
int ask_tokens(struct ask *f, const char *path, const char *body,
               const char *tokens);

/* Tells whether body or events, or the header lines, hold `text`. */
bool ask_says(const struct ask *f, const char *text);
bool ask_header(const struct ask *f, const char *text);

struct mock_slice ask_slice(const char *text); /* NULL is allowed */

/*
 * The data of the stream's events, parsed, but "[DONE]"; `*broken` counts
 * those that are no JSON.  Lines of other kinds than data and event fail.  To
 * be deleted.
 */
cJSON *ask_events(const struct ask *f, int *broken);

/* Members of an object, NULL where there is none; a text is "" then. */
const cJSON *ask_at(const cJSON *object, const char *key);
const char *ask_text(const cJSON *object, const char *key);

/* The message of a choice of a whole chat; `*root` is to be deleted. */
const cJSON *ask_message(const struct ask *f, int choice, cJSON **root);

/* What the chunks of a choice tell. */
struct ask_told {
    char text[8192]; /* content, or arguments */
    char reason[16];
    int chunks, roles;
};

/* Puts the chunks of a choice together, and checks their order. */
struct ask_told ask_gather(const cJSON *events, int choice);

/* A fault that strikes every admitted request from now on. */
void ask_fault(struct ask *f, enum sim_fault fault);

/* A question and its answer's status and words. */
struct ask_row {
    const char *authorization, *method, *path, *body;
    int status;
    const char *words;
};

/* Asks each, an hour after the one before, and checks its answer. */
void ask_play(struct ask *f, const struct ask_row *rows, size_t n);

#endif
