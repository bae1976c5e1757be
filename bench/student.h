#ifndef BENCH_STUDENT_H
#define BENCH_STUDENT_H

#include <stddef.h>

/* Student's t with df >= 1 degrees of freedom. */

/* The chance that it is further from 0 than t: 1 at 0, 0.05 at 12.706 with
   one degree. */
double bench_student_tail(double t, size_t df);

/* The t >= 0 beyond which, on both sides together, that chance is left: the
   half-width of an interval in standard errors.  0 < chance <= 1. */
double bench_student_point(double chance, size_t df);

#endif
