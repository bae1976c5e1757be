#ifndef LIM_ERROR_H
#define LIM_ERROR_H

/*
 * Errors are what the world may do to us: bad input, no memory, no room.
 * Functions return LIM_OK or one of these, negative.  Answers that a caller
 * expects in normal work ("wait", "refused") are not errors.
 */
#define LIM_ERRORS(X)                                                          \
    X(LIM_OK, 0, "no error")                                                   \
    X(LIM_ENOMEM, -1, "out of memory")                                         \
    X(LIM_EINVAL, -2, "invalid argument or configuration")                     \
    X(LIM_EPARSE, -3, "malformed input")                                       \
    X(LIM_EFULL, -4, "a configured bound is reached")                          \
    X(LIM_ENOTFOUND, -5, "no such name")

#define LIM_ERROR_ENUM(name, value, text) name = (value),
enum lim_error { LIM_ERRORS(LIM_ERROR_ENUM) };
#undef LIM_ERROR_ENUM

/* Returns a static sentence for an error code. */
const char *lim_strerror(int error);

/*
 * What a parser found wrong, and where.  The callee fills it; the caller
 * owns it and knows the file's name.
 */
struct lim_diag {
    int line;       /* from 1; 0 when no line applies */
    char text[512]; /* one sentence, no newline */
};

/* Fills `diag` (NULL is allowed) in the manner of printf; returns `error`. */
int lim_fail(struct lim_diag *diag, int error, int line, const char *format,
             ...) __attribute__((format(printf, 4, 5)));

#endif
