#ifndef MOCK_METER_H
#define MOCK_METER_H

#include "mockserver/visit.h"

/*
 * The way of a request that costs: its body is parsed, its model looked up,
 * its fields read (the first mistake is kept), and then the provider
 * decides.  A mistake in a field is answered only if the limits let the
 * request through, and is charged where the charge policy says so, as seen
 * of the API in 2026.
 */
struct mock_meter {
    cJSON *root;          /* the body; NULL: it is not JSON */
    const char *model;    /* lives as long as the meter */
    struct sim_call call; /* what follows from the model, the rest is 0 */
    int64_t prompt_tokens;
    int64_t max_tokens;        /* -1: none */
    int64_t completion_tokens; /* -1: drawn; 0: there is no reply */
    int64_t images;
    bool stream;
    struct mock_text problem; /* the first mistake's sentence */
    char param[64];
    const char *code;
    bool wrong;
};

/*
 * Parses the body and looks up the model; `default_model` is that of a body
 * which names none, NULL where it has to.  False: it is answered.  Either way
 * the caller ends with mock_meter_fini.
 */
bool mock_meter_open(struct mock_visit *v, struct mock_meter *m,
                     const char *default_model);

/* The same for a body that is not JSON and names `model`, which has to live
   as long as the meter. */
bool mock_meter_open_form(struct mock_visit *v, struct mock_meter *m,
                          const char *model);
void mock_meter_fini(struct mock_meter *m);

/* Keeps a mistake, if it is the first.  `param` and `code` may be NULL. */
void mock_meter_wrong(struct mock_meter *m, const char *param, const char *code,
                      const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Keeps the mistake of a wrong type: `expected` is "a string", ... */
void mock_meter_type(struct mock_meter *m, const char *param,
                     const cJSON *found, const char *expected);

/* Reads a whole number, if it is there and not null. */
void mock_meter_int(struct mock_meter *m, const char *key, int64_t min,
                    int64_t max, int64_t *out);

/* Reads true or false, if it is there and not null. */
void mock_meter_bool(struct mock_meter *m, const char *key, bool *out);

/*
 * Lets the provider decide.  Returns the plan of an admitted request, whose
 * flight, headers, time and wire are then in the answer; NULL: it is
 * answered.  One that streams is to be written to the client from a->at, the
 * time of its first token, on.
 */
const struct sim_plan *mock_meter_admit(struct mock_visit *v,
                                        struct mock_meter *m);

#endif
