#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <limits.h>
#include <stdlib.h> /* tells __GLIBC__ */

#ifdef __GLIBC__
#include <malloc.h>
#endif

/*
 * For a process in which one run follows another: the next one needs what this
 * one frees.  From the system it would come back page by page, each a fault.
 */
static inline void bench_memory_keep(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most that it takes */
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

#endif
