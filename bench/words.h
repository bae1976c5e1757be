#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include <cjson/cJSON.h>

/*
 * Scenario values as short words, for labels and sentences.  Every function
 * returns a string of its own, which the caller frees; NULL: no memory.
 */

/*
 * The value of a parameter: 30 "30", "none" "none", {"per_organisation": 5}
 * "per_organisation 5", a list of organisations "10 organisations".  At most
 * 32 characters; what is longer ends with "…".
 */
char *bench_words_value(const cJSON *value);

/* A parameter's path in words: client.cap "cap, requests in flight"; a path
   with no words of its own is returned as it is. */
char *bench_words_path(const char *path);

/* A quantity with three digits or all of its whole ones: 14.9, 1820. */
char *bench_words_number(double x);

/* A duration given in ms: "870 ms", "12.4 s", "3.1 min", "2.5 h". */
char *bench_words_ms(double ms);

/* Takes `s`, of UTF-8 or NULL, and cuts it after 32 characters. */
char *bench_words_cut(char *s);

/* In the manner of printf. */
char *bench_words(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
