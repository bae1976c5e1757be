#include "mockserver/journal.h"

#include <assert.h>
#include <stdlib.h>

bool mock_journal_init(struct mock_journal *j)
{
    *j = (struct mock_journal){ 0 };
    j->entries = calloc(MOCK_JOURNAL_ROOM, sizeof *j->entries);
    return j->entries != NULL;
}

void mock_journal_fini(struct mock_journal *j)
{
    free(j->entries);
    j->entries = NULL;
}

void mock_journal_clear(struct mock_journal *j)
{
    j->written = 0;
}

static struct mock_journal_entry *place(const struct mock_journal *j,
                                        uint64_t number)
{
    return &j->entries[(number - 1) % MOCK_JOURNAL_ROOM];
}

struct mock_journal_entry *mock_journal_next(struct mock_journal *j)
{
    struct mock_journal_entry *e = place(j, ++j->written);
    *e = (struct mock_journal_entry){ .number = j->written };
    return e;
}

uint64_t mock_journal_oldest(const struct mock_journal *j)
{
    return j->written > MOCK_JOURNAL_ROOM ? j->written - MOCK_JOURNAL_ROOM + 1
                                          : 1;
}

const struct mock_journal_entry *mock_journal_at(const struct mock_journal *j,
                                                 uint64_t number)
{
    assert(number >= mock_journal_oldest(j));
    assert(number <= j->written);
    return place(j, number);
}
