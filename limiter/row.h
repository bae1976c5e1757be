#ifndef LIM_ROW_H
#define LIM_ROW_H

#include <stdint.h> /* tells __GLIBC__ */

/*
 * A row is one value of sixteen organisations, two cache lines.  A loop over
 * its columns, written
 *
 *     LIM_EACH_COLUMN
 *     for (unsigned i = 0; i < LIM_BLOCK; i++)
 *         used[i] = tat[i] > now ? tat[i] - now : 0;
 *
 * in a function marked LIM_WIDE, is a few instructions where the processor
 * has registers of 64 bytes that compare and multiply 64-bit numbers
 * (AVX-512), twice as many and some more where they are of 32 (AVX2), and what
 * it says elsewhere: which of the three is settled when the program is loaded.
 * Without LIM_EACH_COLUMN compilers unroll the loop first, and then see no row
 * in it.  Nor do they, in a loop over rows around it, if its end is known
 * before: they take two rows at a time, column by column.  So the windows are
 * a list that ends with LIM_WINDOWS.
 */
#define LIM_CACHE_LINE 64

/* The first address from `memory` on at which a cache line starts. */
static inline void *lim_cache_line_in(void *memory)
{
    return (char *)memory +
           (LIM_CACHE_LINE - (uintptr_t)memory % LIM_CACHE_LINE) %
               LIM_CACHE_LINE;
}

#define LIM_EACH_COLUMN _Pragma("GCC unroll 1")

/* Sanitizers are not up yet when a program is loaded; clang is not asked. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) &&          \
    !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&                   \
    !defined(__SANITIZE_THREAD__)
#define LIM_WIDE                                                               \
    __attribute__((                                                            \
        target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LIM_WIDE
#endif

#endif
