#ifndef LIM_COLD_H
#define LIM_COLD_H

/*
 * A simulated request runs through some 500 cache lines of code, more than the
 * 32 KiB that a processor has at hand: what does not run must not stand
 * between what does, nor make it save registers that it does not need.
 *
 *     LIM_COLD   rarely runs: stands with others of its kind, far away
 *     LIM_APART  runs often, but not always: is called, not put in place
 */
#define LIM_COLD __attribute__((cold, noinline))
#define LIM_APART __attribute__((noinline))

#endif
