#include "limiter/model.h"

#include <stdbool.h>
#include <string.h>

static const char preview[] = "-preview";

static bool digits(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static int two(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* "gpt-4-9999" is a name of its own: 99 is no month. */
static bool month_and_day(const char *month, const char *day)
{
    return digits(month, 2) && digits(day, 2) && two(month) >= 1 &&
           two(month) <= 12 && two(day) >= 1 && two(day) <= 31;
}

size_t lim_model_base(const char *model, size_t length)
{
    size_t n = length;
    size_t tail = sizeof preview - 1;
    if (n > tail && memcmp(model + n - tail, preview, tail) == 0)
        n -= tail;
    const char *end = model + n;
    if (n > 11 && end[-11] == '-' && digits(end - 10, 4) && end[-6] == '-' &&
        end[-3] == '-' && month_and_day(end - 5, end - 2))
        return n - 11;
    if (n > 5 && end[-5] == '-' && month_and_day(end - 4, end - 2))
        return n - 5;
    return length;
}
