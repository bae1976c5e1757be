/* The unit tests: all suites, or those named on the command line. */

#include <CUnit/Basic.h>

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

static int wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(name, argv[i]) == 0)
            return 1;
    return argc == 1;
}

int main(int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    for (CU_SuiteInfo *s = suites; s->pName != NULL; s++) {
        CU_SuiteInfo one[] = { *s, CU_SUITE_INFO_NULL };
        if (wanted(s->pName, argc, argv) && CU_register_suites(one)) {
            fprintf(stderr, "%s: %s\n", s->pName, CU_get_error_msg());
            return 1;
        }
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned ran = CU_get_number_of_tests_run();
    unsigned failed =
        CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    if (ran == 0)
        fprintf(stderr, "no test ran\n");
    return ran == 0 || failed > 0;
}
