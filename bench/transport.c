#define _DEFAULT_SOURCE

#include "bench/transport.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include <curl/curl.h>

#include "bench/shard.h"
#include "limiter/headers.h"

#define ANSWER_MAX (64 << 20) /* of a stream, some 200,000 tokens */
#define KEPT_MAX (1 << 20)    /* of a buffer that is used again */
#define CONNECT_MS 10000L
#define ANSWER_CHUNK 16384L
#define NODES 8

/* A transfer with what the caller does not see.  It is free (in the list
   `free`), taken, or sent (`shard` is set). */
struct flight {
    struct bench_transfer transfer; /* first: one is cast to the other */
    struct bench_transport *transport;
    struct bench_shard *shard;
    struct flight *next; /* in a list of `transport` */
    CURL *easy;
    struct lim_headers headers;
    struct curl_slist nodes[NODES];
};

struct bench_transport {
    struct bench_transport_config config;
    struct bench_shard **shards;
    size_t shard_count;
    struct flight **flights;
    size_t flight_count, flight_size;
    struct flight *free;
    struct flight *unsent; /* libcurl would not take them */
};

/* The value of a header line of that name ("x-request-id:"), or false. */
static bool read_value(const char *line, size_t length, const char *name,
                       char *out, size_t size)
{
    size_t skip = strlen(name);

    if (length <= skip || strncasecmp(line, name, skip) != 0)
        return false;
    while (skip < length && line[skip] == ' ')
        skip++;
    while (length > skip && (unsigned char)line[length - 1] <= ' ')
        length--;
    if (length - skip >= size)
        return false;
    memcpy(out, line + skip, length - skip);
    out[length - skip] = '\0';
    return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct flight *f = context;
    size_t length = size * count;
    char value[32];

    if (length >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        lim_headers_init(&f->headers);
        return length;
    }
    lim_headers_read_line(&f->headers, line, length,
                          mock_loop_now(f->transport->config.loop));
    if (read_value(line, length, "x-mock-speed:", value, sizeof value))
        f->transfer.mock_speed = strtod(value, NULL);
    read_value(line, length, "x-request-id:", f->transfer.request_id,
               sizeof f->transfer.request_id);
    return length;
}

/* The body of a refusal is no beginning of an answer. */
static void note_first_byte(struct flight *f)
{
    long status = 0;

    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300)
        f->transfer.first_byte = mock_loop_now(f->transport->config.loop);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct flight *f = context;
    struct bench_buffer *answer = &f->transfer.answer;
    size_t length = size * count;

    if (answer->length == 0)
        note_first_byte(f);
    if (length > ANSWER_MAX - answer->length ||
        !bench_buffer_add(answer, bytes, length))
        return 0;
    return length;
}

/*
 * libcurl sends a request again, up to five times, when a connection that was
 * used before is closed without a byte of an answer.  It may have been charged
 * each time; whether it is tried again is for the pool to say.
 */
static int on_begin(void *context, char *to, char *from, int to_port,
                    int from_port)
{
    struct flight *f = context;

    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    if (f->transfer.begun)
        return CURL_PREREQFUNC_ABORT;
    f->transfer.begun = true;
    f->transfer.sent = mock_loop_update(f->transport->config.loop);
    if (f->transport->config.begun != NULL)
        f->transport->config.begun(f->transport->config.context, &f->transfer);
    return CURL_PREREQFUNC_OK;
}

/* What is the same for all requests of a handle. */
static void set_up(struct flight *f)
{
    struct bench_transport *t = f->transport;
    int64_t timeout_ms = t->config.timeout_ns / LIM_MSEC;
    CURL *e = f->easy;

    curl_easy_setopt(e, CURLOPT_PRIVATE, f);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, ANSWER_CHUNK);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "tierlab");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS,
                     timeout_ms < LONG_MAX ? (long)timeout_ms : LONG_MAX);
    /* Below the 75 s after which the mock server lets an idle one go. */
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, 60L);
    if (t->config.cacert != NULL)
        curl_easy_setopt(e, CURLOPT_CAINFO, t->config.cacert);
    if (!t->config.proxies)
        curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_begin);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, f);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
}

static struct bench_shard *new_shard(struct bench_transport *t)
{
    size_t count = t->shard_count + 1;
    struct bench_shard **grown =
        realloc(t->shards, count * sizeof(struct bench_shard *));

    if (grown == NULL)
        return NULL;
    t->shards = grown;
    grown[t->shard_count] =
        bench_shard_new(t->config.loop, t->config.wake, t->config.context);
    return grown[t->shard_count] != NULL ? grown[t->shard_count++] : NULL;
}

/* The first that has room: its connections are the most used. */
static struct bench_shard *shard_with_room(struct bench_transport *t)
{
    for (size_t i = 0; i < t->shard_count; i++)
        if (bench_shard_in_flight(t->shards[i]) < BENCH_SHARD_MAX)
            return t->shards[i];
    return new_shard(t);
}

/* Each request in flight is a descriptor. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

struct bench_transport *bench_transport_new(
    const struct bench_transport_config *config)
{
    assert(config->timeout_ns > 0);
    struct bench_transport *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->config = *config;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        goto free_transport;
    allow_descriptors();
    if (new_shard(t) == NULL)
        goto clean_curl;
    return t;

clean_curl:
    curl_global_cleanup();
    free(t->shards);
free_transport:
    free(t);
    return NULL;
}

static void free_flight(struct flight *f)
{
    if (f->shard != NULL)
        bench_shard_remove(f->shard, f->easy);
    curl_easy_cleanup(f->easy);
    bench_buffer_fini(&f->transfer.body);
    bench_buffer_fini(&f->transfer.answer);
    free(f);
}

void bench_transport_free(struct bench_transport *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->flight_count; i++)
        free_flight(t->flights[i]);
    for (size_t i = 0; i < t->shard_count; i++)
        bench_shard_free(t->shards[i]);
    free(t->flights);
    free(t->shards);
    curl_global_cleanup();
    free(t);
}

static struct flight *new_flight(struct bench_transport *t)
{
    if (t->flight_count == t->flight_size) {
        size_t size = 2 * t->flight_size + 64;
        struct flight **grown =
            realloc(t->flights, size * sizeof(struct flight *));
        if (grown == NULL)
            return NULL;
        t->flights = grown;
        t->flight_size = size;
    }
    struct flight *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->transport = t;
    f->easy = curl_easy_init();
    if (f->easy == NULL) {
        free(f);
        return NULL;
    }
    set_up(f);
    t->flights[t->flight_count++] = f;
    return f;
}

struct bench_transfer *bench_transport_take(struct bench_transport *t)
{
    struct flight *f = t->free;

    if (f != NULL)
        t->free = f->next;
    else
        f = new_flight(t);
    if (f == NULL)
        return NULL;
    struct bench_transfer *x = &f->transfer;
    x->lines = NULL;
    for (size_t i = 0; i < BENCH_OWN_LINES; i++)
        x->own_lines[i][0] = '\0';
    x->body.length = 0;
    x->answer.length = 0;
    x->status = 0;
    x->begun = false;
    x->first_byte = LIM_NEVER;
    x->feedback = lim_feedback_none();
    x->mock_speed = -1;
    x->request_id[0] = '\0';
    x->trouble = NULL;
    return x;
}

/* libcurl only reads a list of headers: ours is made in place. */
static void add_line(struct flight *f, size_t *count, const char *line)
{
    static_assert(NODES >= BENCH_OWN_LINES + 6, "room for all lines");
    assert(*count < NODES);
    union {
        const char *in;
        char *out;
    } text = { .in = line };

    f->nodes[*count].data = text.out;
    f->nodes[*count].next = NULL;
    if (*count > 0)
        f->nodes[*count - 1].next = &f->nodes[*count];
    (*count)++;
}

static void set_request(struct flight *f)
{
    struct bench_transfer *x = &f->transfer;
    size_t count = 0;

    add_line(f, &count, "Content-Type: application/json");
    add_line(f, &count, "Expect:");
    for (size_t i = 0; x->lines != NULL && x->lines[i] != NULL; i++)
        add_line(f, &count, x->lines[i]);
    for (size_t i = 0; i < BENCH_OWN_LINES; i++)
        if (x->own_lines[i][0] != '\0')
            add_line(f, &count, x->own_lines[i]);
    curl_easy_setopt(f->easy, CURLOPT_URL, x->url);
    curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION,
                     strncmp(x->url, "https:", 6) == 0
                         ? (long)CURL_HTTP_VERSION_2TLS
                         : (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->nodes);
    if (x->body.length == 0) {
        curl_easy_setopt(f->easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(f->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, x->body.data);
    curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)x->body.length);
}

void bench_transport_send(struct bench_transport *t, struct bench_transfer *x)
{
    struct flight *f = (struct flight *)(void *)x;

    assert(f->shard == NULL);
    x->sent = mock_loop_now(t->config.loop);
    f->transfer.begun = false;
    lim_headers_init(&f->headers);
    set_request(f);
    f->shard = shard_with_room(t);
    if (f->shard == NULL || bench_shard_add(f->shard, f->easy) != 0) {
        f->shard = NULL;
        f->next = t->unsent;
        t->unsent = f;
    }
}

static struct bench_transfer *land(struct flight *f, CURLcode result)
{
    struct bench_transfer *x = &f->transfer;
    long status = 0;

    if (f->shard != NULL)
        bench_shard_remove(f->shard, f->easy);
    f->shard = NULL;
    x->feedback = f->headers.feedback;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK && status > 0)
        x->status = (int)status;
    else if (result == CURLE_ABORTED_BY_CALLBACK)
        x->trouble = "the connection was closed without an answer";
    else
        x->trouble = result != CURLE_OK ? curl_easy_strerror(result)
                                        : "an answer without a status";
    return x;
}

struct bench_transfer *bench_transport_reap(struct bench_transport *t)
{
    struct flight *f = t->unsent;

    if (f != NULL) {
        t->unsent = f->next;
        return land(f, CURLE_OUT_OF_MEMORY);
    }
    for (size_t i = 0; i < t->shard_count; i++) {
        CURLcode result = CURLE_OK;
        CURL *easy = bench_shard_ended(t->shards[i], &result);
        char *private = NULL;
        if (easy == NULL)
            continue;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        return land((struct flight *)(void *)private, result);
    }
    return NULL;
}

void bench_transport_give(struct bench_transport *t, struct bench_transfer *x)
{
    struct flight *f = (struct flight *)(void *)x;

    assert(f->shard == NULL);
    if (x->body.size > KEPT_MAX)
        bench_buffer_fini(&x->body);
    if (x->answer.size > KEPT_MAX)
        bench_buffer_fini(&x->answer);
    f->next = t->free;
    t->free = f;
}

void bench_transport_cut(struct bench_transport *t, uint32_t slot)
{
    for (struct flight **f = &t->unsent; *f != NULL; f = &(*f)->next) {
        struct flight *found = *f;
        if (found->transfer.slot != slot)
            continue;
        *f = found->next;
        bench_transport_give(t, &found->transfer);
        return;
    }
    for (size_t i = 0; i < t->flight_count; i++) {
        struct flight *f = t->flights[i];
        if (f->shard == NULL || f->transfer.slot != slot)
            continue;
        bench_shard_remove(f->shard, f->easy);
        f->shard = NULL;
        bench_transport_give(t, &f->transfer);
        return;
    }
}

size_t bench_transport_in_flight(const struct bench_transport *t)
{
    size_t sum = 0;

    for (size_t i = 0; i < t->shard_count; i++)
        sum += bench_shard_in_flight(t->shards[i]);
    return sum;
}

uint64_t bench_transport_connections(const struct bench_transport *t)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < t->shard_count; i++)
        sum += bench_shard_connections(t->shards[i]);
    return sum;
}
