#include <CUnit/CUnit.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/jsonroom.h"

static cJSON *parse(const char *text)
{
    return mock_jsonroom_parse(text, strlen(text));
}

/* Whether it stands for the text. */
static bool stands_for(const cJSON *root, const char *text)
{
    char *printed = cJSON_PrintUnformatted(root);
    bool same = printed != NULL && strcmp(printed, text) == 0;
    cJSON_free(printed);
    return same;
}

#define FIRST "{\"a\":[1,true,null,{\"b\":\"c\"}],\"d\":\"\xc3\xa9\"}"
#define SECOND "{\"model\":\"gpt-4o\",\"messages\":[]}"

/* One tree after the other, and one beside another. */
static void trees_do_not_meet(void)
{
    mock_jsonroom_open();
    for (int i = 0; i < 3; i++) {
        cJSON *first = parse(FIRST), *second = parse(SECOND);
        cJSON *third = cJSON_CreateString("by hand");
        CU_ASSERT_TRUE(stands_for(first, FIRST));
        CU_ASSERT_TRUE(stands_for(second, SECOND));
        CU_ASSERT_TRUE(stands_for(third, "\"by hand\""));
        mock_jsonroom_delete(first);
        CU_ASSERT_TRUE(stands_for(second, SECOND));
        mock_jsonroom_delete(second);
        cJSON_Delete(third);
    }
    mock_jsonroom_delete(NULL);
}

static void what_is_no_json_leaves_nothing(void)
{
    mock_jsonroom_open();
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_PTR_NULL(parse("{\"a\":[1,2,{\"b\":\"cccccccccccccccc\"}"));
    cJSON *root = parse(FIRST);
    CU_ASSERT_TRUE(stands_for(root, FIRST));
    mock_jsonroom_delete(root);
}

/* 64 bytes a number and more: some of it is elsewhere, or all. */
static void what_does_not_fit_is_elsewhere(void)
{
    static const size_t sizes[] = { 1, 100, 500, 510, 520, 2000, 100000 };
    mock_jsonroom_open();
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        size_t n = sizes[k];
        char *text = malloc(2 * n + 2), *string = malloc(n + 3);
        text[0] = '[';
        for (size_t i = 0; i < n; i++) {
            text[2 * i + 1] = '7';
            text[2 * i + 2] = ',';
        }
        text[2 * n] = ']';
        text[2 * n + 1] = '\0';
        memset(string, 'x', n + 2);
        string[0] = string[n + 1] = '"';
        string[n + 2] = '\0';
        cJSON *root = parse(text);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(root), (int)n);
        CU_ASSERT_TRUE(stands_for(root, text));
        mock_jsonroom_delete(root);
        root = parse(string);
        CU_ASSERT_TRUE(stands_for(root, string));
        mock_jsonroom_delete(root);
        free(string);
        free(text);
    }
}

CU_TestInfo jsonroom_tests[] = {
    { "trees do not meet", trees_do_not_meet },
    { "what is no JSON leaves nothing", what_is_no_json_leaves_nothing },
    { "what does not fit is elsewhere", what_does_not_fit_is_elsewhere },
    CU_TEST_INFO_NULL
};
