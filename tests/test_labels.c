#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "bench/labels.h"
#include "limiter/error.h"

#define VALUES_MAX 5

/* The values of a list as JSON, and the words for each, joined by '|'. */
static void labels(const char *json, const char *wanted)
{
    cJSON *list = cJSON_Parse(json);
    const cJSON *values[VALUES_MAX];
    char *found[VALUES_MAX], all[400] = "";
    size_t n = (size_t)cJSON_GetArraySize(list);
    CU_ASSERT_FATAL(n > 0 && n <= VALUES_MAX);
    for (size_t i = 0; i < n; i++)
        values[i] = cJSON_GetArrayItem(list, (int)i);
    CU_ASSERT_EQUAL_FATAL(bench_labels(values, n, found), LIM_OK);
    for (size_t i = 0; i < n; i++) {
        strcat(all, i > 0 ? "|" : "");
        strcat(all, found[i]);
        free(found[i]);
    }
    CU_ASSERT_STRING_EQUAL(all, wanted);
    cJSON_Delete(list);
}

static void what_differs_is_told_as_it_is(void)
{
    labels("[1, 5, \"none\"]", "1|5|none");
    labels("[{\"aimd\": {}}, {\"per_organisation\": 5}]",
           "aimd|per_organisation 5");
    labels("[[{\"name\": \"o\"}], [{\"name\": \"o\", \"count\": 3}]]",
           "1 organisation|3 organisations");
}

static void organisations_of_a_number_are_told_by_their_tier(void)
{
    labels("[[{\"name\": \"o\", \"tier\": \"tier1\"}],"
           " [{\"name\": \"o\", \"tier\": \"tier3\"}]]",
           "tier1|tier3");
    labels("[[{\"name\": \"o\"}], [{\"name\": \"o\", \"tier\": \"tier3\"}]]",
           "1 organisation|tier3");
}

static void objects_are_told_by_what_is_not_in_all(void)
{
    labels("[{\"limits\": \"none\", \"retry\": {\"max\": 6, \"backoff\": "
           "\"full_jitter\"}},"
           " {\"limits\": \"none\", \"retry\": {\"max\": 6, \"backoff\": "
           "\"hinted\"}},"
           " {\"limits\": \"none\", \"retry\": {\"max\": 6, \"backoff\": "
           "\"hinted\"}, \"cap\": {\"aimd\": {}}},"
           " {\"limits\": \"known\"}]",
           "full_jitter|hinted|hinted, aimd|limits known");
    labels("[\"fifo\", {\"name\": \"shortest\", \"aging\": \"1h\"}]",
           "fifo|shortest, aging 1h");
}

static void what_can_not_be_told_apart_is_numbered(void)
{
    labels("[\"a name that is longer than there is room, 1\","
           " \"a name that is longer than there is room, 2\", 3]",
           "a name that is longer than ther…|"
           "a name that is longer than ther… (2)|3");
}

CU_TestInfo labels_tests[] = {
    { "what differs is told as it is", what_differs_is_told_as_it_is },
    { "organisations of a number are told by their tier",
      organisations_of_a_number_are_told_by_their_tier },
    { "objects are told by what is not in all",
      objects_are_told_by_what_is_not_in_all },
    { "what can not be told apart is numbered",
      what_can_not_be_told_apart_is_numbered },
    CU_TEST_INFO_NULL
};
