#ifndef TEST_FAILMALLOC_H
#define TEST_FAILMALLOC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that runs out: after fail_after(n) the n-th allocation from now
 * (from 1) fails, once, and those after it succeed again; 0: none fails.
 * The linker sends malloc, calloc and realloc of the tested code here.
 */
void fail_after(unsigned n);

/* Tells whether an allocation has failed since the last fail_after. */
bool fail_happened(void);

/* All bytes that this thread's tested code has asked for so far. */
size_t bytes_asked(void);

#endif
