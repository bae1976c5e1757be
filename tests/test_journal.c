#include <CUnit/CUnit.h>

#include "mockserver/journal.h"

static void an_empty_one_has_none(void)
{
    struct mock_journal j;
    CU_ASSERT_TRUE_FATAL(mock_journal_init(&j));
    CU_ASSERT_EQUAL(j.written, 0);
    CU_ASSERT_EQUAL(mock_journal_oldest(&j), 1);
    mock_journal_fini(&j);
}

static void the_oldest_make_room(void)
{
    struct mock_journal j;
    CU_ASSERT_TRUE_FATAL(mock_journal_init(&j));
    for (int i = 1; i <= MOCK_JOURNAL_ROOM; i++)
        mock_journal_next(&j)->status = i;
    CU_ASSERT_EQUAL(mock_journal_oldest(&j), 1);
    CU_ASSERT_EQUAL(mock_journal_at(&j, 1)->status, 1);
    mock_journal_next(&j)->status = 7;
    CU_ASSERT_EQUAL(mock_journal_oldest(&j), 2);
    CU_ASSERT_EQUAL(mock_journal_at(&j, 2)->status, 2);
    CU_ASSERT_EQUAL(mock_journal_at(&j, j.written)->status, 7);
    CU_ASSERT_EQUAL(mock_journal_at(&j, j.written)->number,
                    MOCK_JOURNAL_ROOM + 1);
    mock_journal_fini(&j);
}

static void a_clear_begins_anew(void)
{
    struct mock_journal j;
    CU_ASSERT_TRUE_FATAL(mock_journal_init(&j));
    mock_journal_next(&j)->status = 200;
    mock_journal_clear(&j);
    CU_ASSERT_EQUAL(j.written, 0);
    const struct mock_journal_entry *e = mock_journal_next(&j);
    CU_ASSERT_EQUAL(e->number, 1);
    CU_ASSERT_EQUAL(e->status, 0);
    mock_journal_fini(&j);
}

CU_TestInfo journal_tests[] = {
    { "an empty one has none", an_empty_one_has_none },
    { "the oldest make room", the_oldest_make_room },
    { "a clear begins anew", a_clear_begins_anew },
    CU_TEST_INFO_NULL,
};
