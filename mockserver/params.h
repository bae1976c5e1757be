#ifndef MOCK_PARAMS_H
#define MOCK_PARAMS_H

#include "mockserver/meter.h"

/*
 * Parameters that several rooms read, with the API's own words for what is
 * wrong with them.  `param` is a path such as "tools[0].type"; lists of names
 * end with NULL.
 */

/* How a room calls a parameter that it does not know. */
enum mock_params_unknown {
    MOCK_PARAMS_UNRECOGNIZED, /* "Unrecognized request argument ..." */
    MOCK_PARAMS_UNKNOWN       /* "Unknown parameter: ..." */
};

/*
 * Takes only these parameters, at most 64, at the top of the body.  Returns
 * which of them are there: bit i is names[i], so that a room need not look
 * for each one.
 */
uint64_t mock_params_known(struct mock_meter *m, const char *const *names,
                           enum mock_params_unknown words);

/* Tells whether one of names[from] up to names[to - 1] is there. */
static inline bool mock_params_any(uint64_t known, unsigned from, unsigned to)
{
    return (known >> from & ((UINT64_C(1) << (to - from)) - 1)) != 0;
}

/* Keeps the mistake of a parameter that is missing. */
void mock_params_missing(struct mock_meter *m, const char *param);

/* Checks a number that is there and not null. */
void mock_params_number(struct mock_meter *m, const char *key, int min,
                        int max);

/*
 * Returns which of `names` the string is, or -1 and a mistake ("Invalid
 * value: 'x'. Supported values are: ...").  NULL is a missing one.
 */
int mock_params_one_of(struct mock_meter *m, const char *param,
                       const cJSON *value, const char *const *names);

/* A string's own mistake is kept: not a string, too short, too long (in
   characters), or of other characters than the API's names have. */
bool mock_params_string(struct mock_meter *m, const char *param,
                        const cJSON *value, int64_t min, int64_t max);
bool mock_params_name(struct mock_meter *m, const char *param,
                      const cJSON *value);

/* Tells whether a string in the value has the word, in any case. */
bool mock_params_mention(const cJSON *value, const char *word);

/* temperature, top_p, the penalties, stop (a string or up to four), user. */
void mock_params_sampling(struct mock_meter *m);

/* stream and stream_options; `*usage`: it is to be told at the end. */
void mock_params_stream(struct mock_meter *m, bool *usage);

#endif
