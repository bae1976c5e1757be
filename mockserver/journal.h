#ifndef MOCK_JOURNAL_H
#define MOCK_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/time.h"

/* The last requests to the API, in a ring: a day of it costs no memory. */
#define MOCK_JOURNAL_ROOM 10000

struct mock_journal_entry {
    uint64_t number; /* from 1, without gaps */
    lim_time time;
    int64_t organisation; /* or a project's index; -1: none */
    int64_t tokens;       /* reserved; -1: none */
    int64_t latency_ns;   /* until its answer begins */
    int status;
    int limit;                /* that refused; -1: none */
    int fault;                /* enum sim_fault; SIM_FAULT_NONE */
    int retry;                /* by its own word; -1: it has none */
    bool ignored;             /* came before the time that a 429 told */
    char path[48], model[48]; /* cut */
};

struct mock_journal {
    struct mock_journal_entry *entries; /* private */
    uint64_t written;                   /* since the start or a clear */
};

/* False: no memory. */
bool mock_journal_init(struct mock_journal *j);
void mock_journal_fini(struct mock_journal *j); /* one of zeros, too */
void mock_journal_clear(struct mock_journal *j);

/* A place for the next entry, zeroed but for its number. */
struct mock_journal_entry *mock_journal_next(struct mock_journal *j);

/* The oldest number that is still there; written + 1: there is none. */
uint64_t mock_journal_oldest(const struct mock_journal *j);

/* Entry `number`, from the oldest to j->written. */
const struct mock_journal_entry *mock_journal_at(const struct mock_journal *j,
                                                 uint64_t number);

#endif
