#ifndef MOCK_SETUP_H
#define MOCK_SETUP_H

#include "mockserver/config.h"
#include "mockserver/options.h"

#define MOCK_SETUP_NAME "tierlab-mockd"

/* What the daemon's steps return, and what it exits with. */
enum { DONE = 0, FAILED = 1, BAD_INPUT = 2, MISSED = 3 };

/* Tells standard error what is wrong with what; returns `status`. */
int mock_setup_complain(int status, const char *what, const char *why);

/*
 * Reads what the command line and the files that it names come to, into what
 * mock_config_init made; `*tier` is that of organisations that come unnamed.
 * Options stand above files.  `start` is where the provider begins when
 * neither says so.  Returns DONE, or tells what is wrong and returns
 * BAD_INPUT; mock_config_fini is still to be called then.
 */
int mock_setup_read(const struct mock_options *o, lim_time start,
                    struct mock_config *c, enum lim_tier *tier);

#endif
