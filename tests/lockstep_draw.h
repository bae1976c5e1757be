#ifndef TESTS_LOCKSTEP_DRAW_H
#define TESTS_LOCKSTEP_DRAW_H

#include <stdint.h>

#include <cjson/cJSON.h>

/* A scenario drawn from a seed: a few minutes of everything that simulator
   and mock server decide alike.  The caller deletes it. */
cJSON *lockstep_draw(uint64_t seed);

#endif
