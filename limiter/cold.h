#ifndef LIM_COLD_H
#define LIM_COLD_H

/*
 * A simulated request runs thousands of instructions once each.  With what
 * seldom runs between them they do not fit into the 32 KiB of code that a
 * processor has at hand (25 to 57 misses a request, a third of its time): such
 * code must stand elsewhere, and not make the rest save registers for it.
 *
 *     LIM_COLD      rarely runs: stands with others of its kind, far away
 *     LIM_APART     runs often, but not always: is called, not put in place
 *     LIM_IN_PLACE  runs always there: is put in place, whoever else calls it
 *     LIM_EVERYWHERE  likewise in other files, where gcc sees them as a whole
 */
#define LIM_COLD __attribute__((cold, noinline))
#define LIM_APART __attribute__((noinline))
#define LIM_IN_PLACE inline __attribute__((always_inline))

#ifdef __clang__
#define LIM_EVERYWHERE
#else
#define LIM_EVERYWHERE LIM_IN_PLACE
#endif

#endif
