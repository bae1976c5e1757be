/*
 * The unit tests: all suites, or those named on the command line.  The last
 * line counts cases, as that of each test script does.
 */

#include <CUnit/Basic.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SUITE(name) extern CU_TestInfo name##_tests[];
#include "tests/suites.h"
#undef SUITE

static CU_SuiteInfo suites[] = {
#define SUITE(name) { #name, NULL, NULL, NULL, NULL, name##_tests },
#include "tests/suites.h"
#undef SUITE
    CU_SUITE_INFO_NULL
};

static bool there_is(const char *name)
{
    for (const CU_SuiteInfo *s = suites; s->pName != NULL; s++)
        if (strcmp(s->pName, name) == 0)
            return true;
    return false;
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(name, argv[i]) == 0)
            return true;
    return argc == 1;
}

static bool register_suites(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!there_is(argv[i])) {
            fprintf(stderr, "unit: no such suite: %s\n", argv[i]);
            return false;
        }
    }
    for (const CU_SuiteInfo *s = suites; s->pName != NULL; s++) {
        CU_SuiteInfo one[] = { *s, CU_SUITE_INFO_NULL };
        if (wanted(s->pName, argc, argv) && CU_register_suites(one)) {
            fprintf(stderr, "unit: %s: %s\n", s->pName, CU_get_error_msg());
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    if (!register_suites(argc, argv)) {
        CU_cleanup_registry();
        return 2;
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned ran = CU_get_number_of_tests_run();
    unsigned failed =
        CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    printf("%u passed, %u failed\n", ran - (failed < ran ? failed : ran),
           failed);
    if (ran == 0)
        fprintf(stderr, "unit: no test ran\n");
    return ran == 0 || failed > 0;
}
