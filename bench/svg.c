#include "bench/svg.h"

#include <stdbool.h>
#include <string.h>

/* gnuplot 5.4 leaves this in the family's name. */
#define BOLD ":Bold\""

void bench_svg_escape(FILE *f, const char *text)
{
    for (const char *p = text; *p != 0; p++) {
        switch (*p) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        case '\'':
            fputs("&#39;", f);
            break;
        default:
            fputc(*p, f);
        }
    }
}

static bool begins(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

/* Past the next `word`, or the end. */
static const char *past(const char *p, const char *end, const char *word)
{
    while (p < end && !begins(p, end, word))
        p++;
    return p < end ? p + strlen(word) : end;
}

/* What comes before a name that is an id or refers to one. */
static size_t before_id(const char *p, const char *end)
{
    static const char *const words[] = { " id=\"", " id='", "href='#",
                                         "href=\"#", "url(#" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (begins(p, end, words[i]))
            return strlen(words[i]);
    return 0;
}

/* The root is an image with a name, told by title and description. */
static const char *write_root(const struct bench_svg *s, const char *p,
                              const char *end, FILE *f)
{
    fprintf(f, "<svg role=\"img\" aria-labelledby=\"%s-title %s-desc\"",
            s->name, s->name);
    const char *close = past(p, end, ">");
    p += strlen("<svg");
    fwrite(p, 1, (size_t)(close - p), f);
    fprintf(f, "\n<title id=\"%s-title\">", s->name);
    bench_svg_escape(f, s->title);
    fprintf(f, "</title>\n<desc id=\"%s-desc\">", s->name);
    bench_svg_escape(f, s->description);
    fputs("</desc>", f);
    return close;
}

void bench_svg_write(const struct bench_svg *s, const char *text, size_t length,
                     FILE *f)
{
    const char *end = text + length;
    for (const char *p = text; p < end;) {
        size_t n = before_id(p, end);
        if (n > 0) {
            fwrite(p, 1, n, f);
            fprintf(f, "%s-", s->name);
            p += n;
        } else if (begins(p, end, BOLD)) {
            fputs("\" font-weight=\"bold\"", f);
            p += strlen(BOLD);
        } else if (begins(p, end, "<svg")) {
            p = write_root(s, p, end, f);
        } else if (begins(p, end, "<title>")) {
            p = past(p, end, "</title>");
        } else if (begins(p, end, "<desc>")) {
            p = past(p, end, "</desc>");
        } else {
            fputc(*p++, f);
        }
    }
}

const char *bench_svg_inline(const char *text)
{
    const char *start = strstr(text, "<svg");
    return start == NULL ? "" : start;
}
