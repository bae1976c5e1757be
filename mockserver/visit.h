#ifndef MOCK_VISIT_H
#define MOCK_VISIT_H

#include <cjson/cJSON.h>

#include "mockserver/api.h"
#include "mockserver/words.h"

/*
 * What the rooms of the API (chat, embeddings, models, control) share: one
 * question on its way to its answer.
 */
struct mock_visit {
    struct mock_api *api;
    const struct mock_question *q;
    struct mock_answer *a;
    int64_t organisation;   /* -1: none, or not yet */
    struct mock_slice rest; /* of the path, behind the route */
    char deployment[128];   /* that Azure's path names, or "" */
    char model[128];        /* for the log; "" */
    int limit;              /* that refused, or -1 */
    int64_t tokens;         /* charged; -1 */
    enum sim_fault fault;
    bool is_api;   /* not of the daemon itself */
    bool ignored;  /* the time that a 429 told */
    bool nameless; /* the answer does not tell whose it is */
    bool edge;     /* it came from in front of the API: no ids */
};

typedef void mock_room_fn(struct mock_visit *v);

mock_room_fn mock_chat_post;
mock_room_fn mock_completions_post;
mock_room_fn mock_responses_post;
mock_room_fn mock_embeddings_post;
mock_room_fn mock_images_post;
mock_room_fn mock_images_get;
mock_room_fn mock_speech_post;
mock_room_fn mock_transcriptions_post;
mock_room_fn mock_translations_post;
mock_room_fn mock_moderations_post;
mock_room_fn mock_models_list;
mock_room_fn mock_models_one;
mock_room_fn mock_control_health;
mock_room_fn mock_control_state;
mock_room_fn mock_orgs_get;
mock_room_fn mock_orgs_set;
mock_room_fn mock_steer_faults;
mock_room_fn mock_steer_set_faults;
mock_room_fn mock_steer_no_faults;
mock_room_fn mock_steer_reset;
mock_room_fn mock_orders_kinds;
mock_room_fn mock_orders_get;
mock_room_fn mock_orders_post;
mock_room_fn mock_orders_delete;
mock_room_fn mock_metrics_get;
mock_room_fn mock_diary_page;
mock_room_fn mock_diary_journal;
mock_room_fn mock_control_clock;
mock_room_fn mock_control_set_clock;

/* Answers with an error of the API; the message is printf-like. */
void mock_visit_fail(struct mock_visit *v, int status, const char *param,
                     const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The draws of this daemon for identifiers. */
uint64_t mock_visit_draw(const struct mock_visit *v, uint64_t index);

bool mock_slice_is(struct mock_slice s, const char *text);

/* Reads digits, at most 18 of them; false: something else stands there. */
bool mock_slice_number(struct mock_slice s, int64_t *out);

/*
 * The value of a key in a query ("a=1&b=2"), decoded into `out` with a 0 at
 * its end.  1: found, 0: there is none such, -1: it is too long or broken.
 */
int mock_slice_query(struct mock_slice query, const char *key, char *out,
                     size_t size);

#endif
