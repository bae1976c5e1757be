#include "limiter/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *lim_strerror(int error)
{
    switch (error) {
#define LIM_ERROR_CASE(name, value, text)                                      \
    case value:                                                                \
        return text;
        LIM_ERRORS(LIM_ERROR_CASE)
#undef LIM_ERROR_CASE
    default:
        return "unknown error";
    }
}

int lim_fail(struct lim_diag *diag, int error, int line, const char *format,
             ...)
{
    if (diag != NULL) {
        va_list args;
        va_start(args, format);
        diag->line = line;
        vsnprintf(diag->text, sizeof diag->text, format, args);
        va_end(args);
    }
    return error;
}
