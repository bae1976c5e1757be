#include "bench/attempts.h"

#include <inttypes.h>
#include <string.h>

/* Names may hold anything. */
static void put_text(FILE *f, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text != 0; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

void bench_attempts_head(FILE *f)
{
    fputs("request,attempt,organisation,model,arrival_ns,sent_ns,done_ns,"
          "status,limit,estimate,admitted_ns,first_byte_ns\n",
          f);
}

void bench_attempts_add(void *attempts, const struct sim_attempt *a)
{
    const struct bench_attempts *x = attempts;
    FILE *f = x->file;
    const char *limit =
        a->limit < 0 ? "" : lim_limit_name((enum lim_limit)a->limit);
    fprintf(f, "%" PRIu64 ",%u,", a->request, a->attempt);
    put_text(f, x->scenario->provider.organisations[a->organisation].name);
    fputc(',', f);
    put_text(f, a->model);
    fprintf(f,
            ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%s,%" PRId64 ",%" PRId64
            ",",
            a->arrival_ns, a->sent_ns, a->done_ns, a->status, limit,
            a->estimate, a->admitted_ns);
    if (a->first_byte_ns >= 0)
        fprintf(f, "%" PRId64, a->first_byte_ns);
    fputc('\n', f);
}
