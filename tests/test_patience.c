#include <CUnit/CUnit.h>

#include "mockserver/patience.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* What happens at a time, to whom; NEW and RETRY are an SDK's, ANY another
   client's. */
enum who { NEW, RETRY, ANY };
enum what { ADMITTED, REFUSED, EXCUSED };

struct event {
    int64_t ms;
    enum who who;
    enum what what;
    int64_t told_ms;          /* REFUSED: until then */
    uint64_t certain, likely; /* found so far */
};

static void play(const struct event *events, size_t count)
{
    struct mock_patience p;
    mock_patience_init(&p, 2, 1);
    for (size_t i = 0; i < count; i++) {
        const struct event *e = &events[i];
        const struct mock_patience_call c = { .organisation = 3,
                                              .group = 1,
                                              .numbered = e->who != ANY,
                                              .retry = e->who == RETRY,
                                              .now = e->ms * LIM_MSEC };
        if (e->what == ADMITTED)
            mock_patience_admitted(&p, &c);
        else if (e->what == REFUSED)
            mock_patience_refused(&p, &c, e->told_ms * LIM_MSEC);
        else
            mock_patience_excuse(&p, 3, 1);
        CU_ASSERT_EQUAL(p.certain, e->certain);
        CU_ASSERT_EQUAL(p.likely, e->likely);
    }
    mock_patience_fini(&p);
}

static void an_sdk_that_comes_early_is_found(void)
{
    const struct event rows[] = {
        { 0, NEW, REFUSED, 20000, 0, 0 },
        { 500, RETRY, REFUSED, 20000, 1, 0 },
        { 19998, RETRY, REFUSED, 20000, 2, 0 },
        { 20000, RETRY, ADMITTED, 0, 2, 0 },
    };
    play(rows, COUNT(rows));
}

static void new_requests_may_come(void)
{
    const struct event rows[] = {
        { 0, NEW, REFUSED, 20000, 0, 0 },
        { 500, NEW, REFUSED, 20000, 0, 0 },
        { 600, NEW, REFUSED, 20000, 0, 0 },
    };
    play(rows, COUNT(rows));
}

/* Three wait until the same time; one is admitted, and the others find a new
   time that they did not know of. */
static void a_time_that_has_come_excuses_each(void)
{
    const struct event rows[] = {
        { 0, NEW, REFUSED, 20000, 0, 0 },
        { 10, NEW, REFUSED, 20000, 0, 0 },
        { 20, NEW, REFUSED, 20000, 0, 0 },
        { 19999, RETRY, ADMITTED, 0, 0, 0 },
        { 20001, RETRY, REFUSED, 40000, 0, 0 },
        { 20002, RETRY, REFUSED, 40000, 0, 0 },
        { 20003, RETRY, REFUSED, 40000, 1, 0 },
    };
    play(rows, COUNT(rows));
}

/* The earliest of the times holds: whose retry it is cannot be told. */
static void the_earliest_time_holds(void)
{
    const struct event rows[] = {
        { 0, NEW, REFUSED, 20000, 0, 0 },
        { 1, NEW, REFUSED, 5000, 0, 0 },
        { 4000, RETRY, REFUSED, 20000, 1, 0 },
        { 5000, RETRY, REFUSED, 20000, 1, 0 },
    };
    play(rows, COUNT(rows));
}

static void a_failure_excuses_one_retry(void)
{
    const struct event rows[] = {
        { 0, NEW, REFUSED, 20000, 0, 0 },
        { 1, NEW, EXCUSED, 0, 0, 0 },
        { 1000, RETRY, REFUSED, 20000, 0, 0 },
        { 2000, RETRY, REFUSED, 20000, 1, 0 },
    };
    play(rows, COUNT(rows));
}

static void of_others_it_is_likely_after_a_while(void)
{
    const struct event rows[] = {
        { 0, ANY, REFUSED, 20000, 0, 0 },
        { 50, ANY, REFUSED, 20000, 0, 0 },
        { 100, ANY, REFUSED, 20000, 0, 0 },
        { 101, ANY, REFUSED, 20000, 0, 1 },
        { 19000, ANY, REFUSED, 20000, 0, 2 },
        { 20000, ANY, ADMITTED, 0, 0, 2 },
    };
    play(rows, COUNT(rows));
}

static void organisations_and_groups_are_apart(void)
{
    struct mock_patience p;
    struct mock_patience_call c = { .numbered = true };
    mock_patience_init(&p, 2, 1);
    mock_patience_refused(&p, &c, LIM_MIN);
    c.retry = true;
    c.now = LIM_SEC;
    c.group = 1;
    mock_patience_refused(&p, &c, LIM_MIN);
    c.group = 0;
    c.organisation = 1;
    mock_patience_refused(&p, &c, LIM_MIN);
    CU_ASSERT_EQUAL(p.certain, 0);
    CU_ASSERT_EQUAL(p.first, LIM_NEVER);
    c.organisation = 0;
    mock_patience_refused(&p, &c, LIM_MIN);
    CU_ASSERT_EQUAL(p.certain, 1);
    CU_ASSERT_EQUAL(p.first, LIM_SEC);
    mock_patience_clear(&p);
    mock_patience_refused(&p, &c, LIM_MIN);
    CU_ASSERT_EQUAL(p.certain, 0);
    mock_patience_fini(&p);
}

CU_TestInfo patience_tests[] = {
    { "an SDK that comes early is found", an_sdk_that_comes_early_is_found },
    { "new requests may come", new_requests_may_come },
    { "a time that has come excuses each", a_time_that_has_come_excuses_each },
    { "the earliest time holds", the_earliest_time_holds },
    { "a failure excuses one retry", a_failure_excuses_one_retry },
    { "of others it is likely, after a while",
      of_others_it_is_likely_after_a_while },
    { "organisations and groups are apart",
      organisations_and_groups_are_apart },
    CU_TEST_INFO_NULL,
};
