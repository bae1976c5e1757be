#include "limiter/apierror.h"

#include <stdbool.h>
#include <string.h>

#include "limiter/duration.h"
#include "limiter/errorbody.h"
#include "limiter/headers.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Finds a lower-case word without regard to case; NULL: it is not there. */
static const char *find(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < n && lower(text[i]) == word[i])
            i++;
        if (i == n)
            return text;
    }
    return NULL;
}

static bool has(const char *text, const char *word)
{
    return find(text, word) != NULL;
}

static bool one_of(const char *text, const char *const words[])
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static const char *const quota_codes[] = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "credit_balance_exhausted",
    "organization_usage_limit_exceeded",
    NULL,
};

static const char *const quota_words[] = {
    "exceeded your current quota",
    "hard limit has been reached",
    "usage limit reached",
    NULL,
};

static const char *const rate_codes[] = {
    "rate_limit_exceeded",
    "token_limit_exceeded",
    NULL,
};

static bool is_quota(const struct lim_errorbody *b)
{
    if (one_of(b->code, quota_codes) || one_of(b->type, quota_codes))
        return true;
    for (size_t i = 0; quota_words[i] != NULL; i++)
        if (has(b->message, quota_words[i]))
            return true;
    return false;
}

static bool is_credential(const struct lim_errorbody *b)
{
    return strcmp(b->code, "invalid_api_key") == 0;
}

static bool is_no_access(const struct lim_errorbody *b)
{
    return strcmp(b->code, "model_not_found") == 0;
}

/* A failure within an answer that began as a success. */
static enum lim_class classify_by_words(const struct lim_errorbody *b)
{
    if (is_quota(b))
        return LIM_CLASS_QUOTA;
    if (one_of(b->code, rate_codes) || strcmp(b->type, "tokens") == 0 ||
        strcmp(b->type, "requests") == 0)
        return LIM_CLASS_RATE_LIMIT;
    if (is_credential(b))
        return LIM_CLASS_CREDENTIAL;
    if (is_no_access(b))
        return LIM_CLASS_NO_ACCESS;
    if (strcmp(b->type, "invalid_request_error") == 0 ||
        strcmp(b->code, "context_length_exceeded") == 0)
        return LIM_CLASS_CALLER;
    return LIM_CLASS_TRANSIENT;
}

/* What the body says of a 4xx is more exact than its status. */
static enum lim_class classify_refusal(int status,
                                       const struct lim_errorbody *b)
{
    if (status == 402 || is_quota(b))
        return LIM_CLASS_QUOTA;
    if (status == 429 || one_of(b->code, rate_codes))
        return LIM_CLASS_RATE_LIMIT;
    if (status == 401 || is_credential(b))
        return LIM_CLASS_CREDENTIAL;
    if (status == 403 || status == 404 || is_no_access(b))
        return LIM_CLASS_NO_ACCESS;
    if (status == 408 || status == 409 || status == 425)
        return LIM_CLASS_TRANSIENT;
    return LIM_CLASS_CALLER;
}

static enum lim_class classify(int status, const struct lim_errorbody *b)
{
    if (status >= 200 && status < 300)
        return b->found ? classify_by_words(b) : LIM_CLASS_OK;
    if (status >= 400 && status < 500)
        return classify_refusal(status, b);
    if (status >= 300 && status < 400)
        return LIM_CLASS_CALLER; /* a redirect: the address is wrong */
    return LIM_CLASS_TRANSIENT;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads "30000", "20.000000" (cut) or "1,000,000"; -1: above the largest. */
static int64_t read_number(const char *at)
{
    int64_t value = 0;
    for (;; at++) {
        if (*at == ',' && digit(at[1]) && digit(at[2]) && digit(at[3]) &&
            !digit(at[4]))
            continue;
        if (!digit(*at))
            return value;
        value = value * 10 + (*at - '0');
        if (value > LIM_LIMIT_MAX)
            return -1;
    }
}

/* The number after a label: "Limit 3", "Limit: 3 / min", "Limit: 0/1min". */
static int64_t labelled(const char *text, const char *label)
{
    size_t n = strlen(label);
    for (const char *at = text; (at = strstr(at, label)) != NULL; at += n) {
        const char *number = at + n;
        while (*number == ':' || *number == ' ')
            number++;
        if (number > at + n && digit(*number))
            return read_number(number);
    }
    return -1;
}

static const struct {
    const char *words;
    enum lim_limit limit;
} phrases[] = {
    { "requests per min", LIM_RPM },
    { "requests per day", LIM_RPD },
    { "tokens per min", LIM_TPM },
    { "tokens per day", LIM_TPD },
    { "images per min", LIM_IPM },
    { "(rpm)", LIM_RPM },
    { "(rpd)", LIM_RPD },
    { "(tpm)", LIM_TPM },
    { "(tpd)", LIM_TPD },
    { "(ipm)", LIM_IPM },
    { "token rate limit", LIM_TPM },
    { "call rate limit", LIM_RPM },
};

/* The oldest form names the dimension and the window apart. */
static int limit_from_parts(const struct lim_errorbody *b)
{
    bool tokens = has(b->message, "reached for tokens.") ||
                  strcmp(b->type, "tokens") == 0;
    bool requests = has(b->message, "reached for requests.") ||
                    strcmp(b->type, "requests") == 0;
    bool minute = has(b->message, " / min");
    bool day = has(b->message, " / day");
    if (tokens == requests || minute == day)
        return -1;
    if (tokens)
        return minute ? LIM_TPM : LIM_TPD;
    return minute ? LIM_RPM : LIM_RPD;
}

static int find_limit(const struct lim_errorbody *b)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (has(b->message, phrases[i].words))
            return (int)phrases[i].limit;
    return limit_from_parts(b);
}

static const struct {
    const char *word, *suffix;
    int64_t times;
} units[] = {
    { "millisecond", "ms", 1 }, { "ms", "ms", 1 },  { "second", "s", 1 },
    { "minute", "m", 1 },       { "hour", "h", 1 }, { "day", "h", 24 },
};

/* "51.84 seconds": a number of `n` bytes and the word after it. */
static bool read_worded(const char *number, size_t n, int64_t *ns)
{
    char text[48];
    const char *word = number + n;
    if (*word != ' ' || n + 3 > sizeof text)
        return false;
    word++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (find(word, units[i].word) != word)
            continue;
        size_t m = strlen(units[i].suffix);
        memcpy(text, number, n);
        memcpy(text + n, units[i].suffix, m);
        if (!lim_duration_parse(text, n + m, ns) ||
            *ns > LIM_HINT_MAX / units[i].times)
            return false;
        *ns *= units[i].times;
        return true;
    }
    return false;
}

/* "3.89s." or "33 seconds." */
static bool read_wait(const char *at, int64_t *ns)
{
    size_t n = strcspn(at, " ");
    if (read_worded(at, n, ns))
        return true;
    while (n > 0 && strchr(".,;:)!", at[n - 1]) != NULL)
        n--;
    return lim_duration_parse(at, n, ns) && *ns <= LIM_HINT_MAX;
}

static int64_t find_hint(const char *message)
{
    static const char *const leads[] = {
        "again in ", "again after ", "retry after ", "retry in ", NULL,
    };
    int64_t ns;
    for (size_t i = 0; leads[i] != NULL; i++) {
        const char *at = message;
        while ((at = find(at, leads[i])) != NULL) {
            at += strlen(leads[i]);
            if (read_wait(at, &ns))
                return (ns + LIM_MSEC - 1) / LIM_MSEC * LIM_MSEC;
        }
    }
    return -1;
}

static void read_numbers(struct lim_apierror *e, const struct lim_errorbody *b)
{
    e->limit = find_limit(b);
    e->max = labelled(b->message, "Limit");
    e->used = labelled(b->message, "Used");
    e->requested = labelled(b->message, "Requested");
    /* A limit of 0 is how a tier without access is refused. */
    if (has(b->message, "request too large") || e->max == 0 ||
        (e->max > 0 && e->requested > e->max))
        e->class = LIM_CLASS_TOO_LARGE;
}

/* Both are valid UTF-8; a character that is cut through is left out. */
static void copy_cut(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(to, from, n);
    to[n] = '\0';
}

void lim_apierror_read(struct lim_apierror *e, int status, const char *body,
                       size_t length)
{
    struct lim_errorbody b;
    bool success = status >= 200 && status < 300;
    lim_errorbody_read(&b, body, length, success);
    *e = (struct lim_apierror){
        .class = classify(status, &b),
        .limit = -1,
        .max = -1,
        .used = -1,
        .requested = -1,
        .hint_ns = -1,
    };
    if (e->class == LIM_CLASS_OK)
        return;
    copy_cut(e->code, sizeof e->code, b.code);
    copy_cut(e->message, sizeof e->message, b.message);
    if (e->class == LIM_CLASS_RATE_LIMIT)
        read_numbers(e, &b);
    if (e->class == LIM_CLASS_RATE_LIMIT || e->class == LIM_CLASS_TRANSIENT)
        e->hint_ns = find_hint(b.message);
}
