#include "bench/student.h"

#include <assert.h>
#include <math.h>

/* Abramowitz and Stegun, 26.7.3 and 26.7.4: a finite sum for whole degrees. */
double bench_student_tail(double t, size_t df)
{
    assert(df >= 1);
    const double pi = 3.14159265358979323846;
    double angle = atan(fabs(t) / sqrt((double)df));
    double c = cos(angle), term = df % 2 ? c : 1, sum = 0;
    for (size_t k = df % 2 ? 3 : 2; k <= df; k += 2) {
        sum += term;
        term *= c * c * (double)(k - 1) / (double)k;
    }
    double within = sin(angle) * sum;
    if (df % 2)
        within = 2 / pi * (angle + within);
    return fmax(1 - within, 0);
}

double bench_student_point(double chance, size_t df)
{
    double low = 0, high = 1;
    assert(chance > 0);
    while (bench_student_tail(high, df) > chance && high < 1e300)
        high *= 2;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (bench_student_tail(middle, df) > chance)
            low = middle;
        else
            high = middle;
    }
    return high;
}
