#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/captions.h"
#include "mockserver/sound.h"
#include "mockserver/soundfile.h"
#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define SPEECH "/v1/audio/speech"
#define HEAR "/v1/audio/transcriptions"
#define TRANSLATE "/v1/audio/translations"
#define PROVIDER(table)                                                        \
    "{\"table\":\"" table "\",\"latency\":\"none\",\"organisations\":"         \
    "[{\"name\":\"a\",\"tier\":\"tier1\"}]}"

static struct mock_text make(enum mock_sound_format format, int64_t samples)
{
    struct mock_text t = { 0 };
    const struct mock_sound s = { .samples = samples, .draw = 7 };
    mock_sound_add(&t, &s, format);
    CU_ASSERT_FALSE_FATAL(t.failed);
    return t;
}

static const unsigned char *bytes_of(const struct mock_text *t)
{
    return (const unsigned char *)t->data;
}

static uint64_t low(const unsigned char *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static uint64_t high(const unsigned char *p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static int sample_at(const struct mock_text *pcm, size_t i)
{
    return (int)(int16_t)(uint16_t)low(bytes_of(pcm) + 2 * i, 2);
}

static void wav_is_a_head_and_pcm(void)
{
    struct mock_text wav = make(MOCK_SOUND_WAV, 10000);
    struct mock_text pcm = make(MOCK_SOUND_PCM, 10000);
    int loudest = 0;
    CU_ASSERT_EQUAL(pcm.length, 20000);
    CU_ASSERT_EQUAL_FATAL(wav.length, 20044);
    CU_ASSERT_EQUAL(memcmp(wav.data, "RIFF", 4), 0);
    CU_ASSERT_EQUAL(low(bytes_of(&wav) + 4, 4), 20036);
    CU_ASSERT_EQUAL(low(bytes_of(&wav) + 24, 4), 24000);
    CU_ASSERT_EQUAL(low(bytes_of(&wav) + 40, 4), 20000);
    CU_ASSERT_EQUAL(memcmp(wav.data + 44, pcm.data, 20000), 0);
    CU_ASSERT_EQUAL(mock_soundfile_ms(wav.data, wav.length), 416);
    for (size_t i = 0; i < 10000; i++) {
        int v = abs(sample_at(&pcm, i));
        loudest = v > loudest ? v : loudest;
        CU_ASSERT_TRUE(i == 0 || abs(v - abs(sample_at(&pcm, i - 1))) < 400);
    }
    CU_ASSERT_TRUE(loudest > 1000);
    CU_ASSERT_TRUE(loudest <= 2048);
    mock_text_fini(&wav);
    mock_text_fini(&pcm);
}

static unsigned sum_of(const unsigned char *p, size_t n, unsigned polynomial,
                       int bits)
{
    unsigned sum = 0;
    for (size_t i = 0; i < 8 * n; i++) {
        unsigned bit = (unsigned)p[i / 8] >> (7 - i % 8) & 1;
        unsigned top = sum >> (bits - 1) & 1;
        sum = (sum << 1 ^ (top != bit ? polynomial : 0)) & ((1U << bits) - 1);
    }
    return sum;
}

/* 10,000 samples are two blocks of 4096 and one of 1808. */
static void flac_holds_the_same_samples(void)
{
    struct mock_text flac = make(MOCK_SOUND_FLAC, 10000);
    struct mock_text pcm = make(MOCK_SOUND_PCM, 10000);
    const unsigned char *p = bytes_of(&flac) + 42;
    size_t sample = 0;
    CU_ASSERT_EQUAL(memcmp(flac.data, "fLaC\x80\0\0\x22", 8), 0);
    CU_ASSERT_EQUAL(high(bytes_of(&flac) + 18, 8) >> 44, 24000);
    CU_ASSERT_EQUAL(high(bytes_of(&flac) + 18, 8) & 0xfffffffff, 10000);
    for (unsigned frame = 0; frame < 3; frame++) {
        size_t n = frame < 2 ? 4096 : 1808;
        size_t head = frame < 2 ? 5 : 7;
        CU_ASSERT_EQUAL(high(p, 5),
                        (frame < 2 ? 0xfff8c70800 : 0xfff8770800) | frame);
        CU_ASSERT_TRUE(frame < 2 || high(p + 5, 2) == n - 1);
        CU_ASSERT_EQUAL(p[head], sum_of(p, head, 7, 8));
        CU_ASSERT_EQUAL(p[head + 1], 2);
        for (size_t i = 0; i < n; i++)
            CU_ASSERT_EQUAL((int16_t)(uint16_t)high(p + head + 2 + 2 * i, 2),
                            sample_at(&pcm, sample + i));
        sample += n;
        size_t whole = head + 2 + 2 * n;
        CU_ASSERT_EQUAL(high(p + whole, 2), sum_of(p, whole, 0x8005, 16));
        p += whole + 2;
    }
    CU_ASSERT_PTR_EQUAL(p, bytes_of(&flac) + flac.length);
    mock_text_fini(&flac);
    mock_text_fini(&pcm);
}

/* 10,000 samples are 18 frames of 576, and 10 of 1024. */
static void frames_of_silence_are_enough(void)
{
    struct mock_text mp3 = make(MOCK_SOUND_MP3, 10000);
    struct mock_text aac = make(MOCK_SOUND_AAC, 10000);
    CU_ASSERT_EQUAL_FATAL(mp3.length, 18 * 96);
    for (size_t i = 0; i < mp3.length; i += 96)
        CU_ASSERT_EQUAL(high(bytes_of(&mp3) + i, 4), 0xfff344c4);
    CU_ASSERT_EQUAL_FATAL(aac.length, 10 * 11);
    for (size_t i = 0; i < aac.length; i += 11) {
        uint64_t head = high(bytes_of(&aac) + i, 7);
        CU_ASSERT_EQUAL(head >> 44, 0xfff);
        CU_ASSERT_EQUAL(head >> 34 & 15, 6); /* 24 kHz */
        CU_ASSERT_EQUAL(head >> 30 & 7, 1);  /* one channel */
        CU_ASSERT_EQUAL(head >> 13 & 0x1fff, 11);
    }
    mock_text_fini(&mp3);
    mock_text_fini(&aac);
}

/* Checks a page; returns its length, and adds its packets. */
static size_t read_page(const unsigned char *p, size_t left, uint32_t number,
                        size_t *packets)
{
    unsigned char copy[1024];
    uint32_t sum = 0;
    size_t length = 27 + p[26];
    CU_ASSERT_TRUE_FATAL(left > 27 && memcmp(p, "OggS", 5) == 0);
    for (size_t i = 0; i < p[26]; i++)
        length += p[27 + i];
    CU_ASSERT_TRUE_FATAL(length <= left && length <= sizeof copy);
    memcpy(copy, p, length);
    memset(copy + 22, 0, 4);
    for (size_t i = 0; i < 8 * length; i++) {
        uint32_t bit = (uint32_t)copy[i / 8] >> (7 - i % 8) & 1;
        sum = sum << 1 ^ (sum >> 31 != bit ? 0x04c11db7 : 0);
    }
    CU_ASSERT_EQUAL(low(p + 22, 4), sum);
    CU_ASSERT_EQUAL(low(p + 18, 4), number);
    *packets += p[26];
    return length;
}

/* 2 s are 101 packets, with those for what is skipped: on 3 pages. */
static void ogg_pages_follow_each_other(void)
{
    struct mock_text t = make(MOCK_SOUND_OPUS, 48000);
    size_t at = 0, packets = 0, last = 0;
    uint32_t pages = 0;
    while (at < t.length) {
        last = at;
        at += read_page(bytes_of(&t) + at, t.length - at, pages++, &packets);
    }
    CU_ASSERT_EQUAL(at, t.length);
    CU_ASSERT_EQUAL(pages, 2 + 3);
    CU_ASSERT_EQUAL(packets, 2 + 101);
    CU_ASSERT_EQUAL(bytes_of(&t)[5], 2);
    CU_ASSERT_EQUAL(bytes_of(&t)[last + 5], 4);
    CU_ASSERT_EQUAL(low(bytes_of(&t) + last + 6, 8), 96312);
    CU_ASSERT_EQUAL(memcmp(t.data + 28, "OpusHead\1\1", 10), 0);
    mock_text_fini(&t);
}

static void speech_is_as_long_as_its_text(void)
{
    static const struct {
        const char *body;
        size_t samples; /* of pcm */
    } rows[] = {
        { "\"input\":\"a\"", 4800 },
        { "\"input\":\"0123456789\"", 14400 },
        { "\"input\":\"0123456789\",\"speed\":2", 7200 },
        { "\"input\":\"0123456789\",\"speed\":0.25", 57600 },
        { "\"input\":\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"", 7200 },
    };
    struct ask f;
    char body[256];
    ask_set_up(&f, PROVIDER("none"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(body, sizeof body,
                 "{\"model\":\"tts-1\",\"voice\":\"alloy\","
                 "\"response_format\":\"pcm\",%s}",
                 rows[i].body);
        CU_ASSERT_EQUAL(ask(&f, SPEECH, body), 200);
        CU_ASSERT_STRING_EQUAL(f.a.type, "audio/pcm");
        CU_ASSERT_EQUAL(f.a.body.length, rows[i].samples * 2);
    }
    ask_tear_down(&f);
}

static void speech_comes_in_six_formats(void)
{
    static const struct {
        const char *format, *type, *start;
    } rows[] = {
        { "", "audio/mpeg", "\xff\xf3" },
        { ",\"response_format\":\"mp3\"", "audio/mpeg", "\xff\xf3" },
        { ",\"response_format\":\"opus\"", "audio/opus", "OggS" },
        { ",\"response_format\":\"aac\"", "audio/aac", "\xff\xf1" },
        { ",\"response_format\":\"flac\"", "audio/flac", "fLaC" },
        { ",\"response_format\":\"wav\"", "audio/wav", "RIFF" },
        { ",\"response_format\":\"pcm\"", "audio/pcm", "" },
        { ",\"stream_format\":\"audio\"", "audio/mpeg", "\xff\xf3" },
        { ",\"stream_format\":\"sse\",\"response_format\":\"wav\"",
          "text/event-stream; charset=utf-8",
          "data: {\"type\":\"speech.audio.delta\",\"audio\":\"UklGR" },
    };
    struct ask f;
    char body[256];
    ask_set_up(&f, PROVIDER("none"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(body, sizeof body,
                 "{\"model\":\"gpt-4o-mini-tts\",\"voice\":\"nova\","
                 "\"input\":\"Good day\"%s}",
                 rows[i].format);
        CU_ASSERT_EQUAL(ask(&f, SPEECH, body), 200);
        CU_ASSERT_STRING_EQUAL(f.a.type, rows[i].type);
        CU_ASSERT_EQUAL(
            memcmp(f.a.body.data, rows[i].start, strlen(rows[i].start)), 0);
    }
    CU_ASSERT_TRUE(ask_says(&f, "\"}\n\ndata: {\"type\":\"speech.audio.done\","
                                "\"usage\":{\"input_tokens\":4,"
                                "\"output_tokens\":10,"
                                "\"total_tokens\":14}}\n\n"));
    ask_tear_down(&f);
}

static void mistakes_of_speech_are_named(void)
{
#define TTS "{\"model\":\"tts-1\","
    static const struct {
        const char *body, *words;
    } rows[] = {
        { "{}", "you must provide a model parameter" },
        { TTS "\"voice\":\"nova\"}", "Missing required parameter: 'input'." },
        { TTS "\"voice\":\"nova\",\"input\":\"\"}", "empty string" },
        { TTS "\"input\":\"a\"}", "Missing required parameter: 'voice'." },
        { TTS "\"input\":\"a\",\"voice\":\"me\"}", "Invalid value: 'me'." },
        { TTS "\"input\":\"a\",\"voice\":1}", "Invalid type for 'voice'" },
        { TTS "\"input\":\"a\",\"voice\":\"nova\",\"speed\":5}",
          "Expected a value <= 4, but got 5 instead." },
        { TTS "\"input\":\"a\",\"voice\":\"nova\",\"speed\":0.1}",
          "Expected a value >= 0.25, but got 0.1 instead." },
        { TTS "\"input\":\"a\",\"voice\":\"nova\",\"speed\":\"fast\"}",
          "Invalid type for 'speed'" },
        { TTS "\"input\":\"a\",\"voice\":\"nova\","
              "\"response_format\":\"ogg\"}",
          "Supported values are: 'mp3', 'opus', 'aac', 'flac', 'wav', and "
          "'pcm'." },
        { TTS "\"input\":\"a\",\"voice\":\"nova\",\"stream_format\":\"sse\"}",
          "does not support 'sse'" },
        { "{\"model\":\"gpt-4o\",\"input\":\"a\",\"voice\":\"nova\"}",
          "Invalid value: 'gpt-4o'." },
    };
    struct ask f;
    ask_set_up(&f, PROVIDER("none"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(ask(&f, SPEECH, rows[i].body), 400);
        CU_ASSERT_TRUE(ask_says(&f, rows[i].words));
        if (!ask_says(&f, rows[i].words))
            printf("\n  row %zu: %s\n", i, f.a.body.data);
    }
    ask_tear_down(&f);
}

/* Fields and a file called `name`, as a form of the boundary "xx". */
static int send(struct ask *f, const char *path, const char *fields,
                const char *name, const char *bytes, size_t length)
{
    struct mock_text t = { 0 };
    for (const char *p = fields; *p != '\0';) {
        size_t key = strcspn(p, "=");
        size_t value = strcspn(p + key + 1, "&");
        mock_text_printf(&t,
                         "--xx\r\nContent-Disposition: form-data; name=\"%.*s"
                         "\"\r\n\r\n%.*s\r\n",
                         (int)key, p, (int)value, p + key + 1);
        p += key + 1 + value;
        p += *p == '&';
    }
    if (name != NULL) {
        mock_text_printf(&t,
                         "--xx\r\nContent-Disposition: form-data; "
                         "name=\"file\"; filename=\"%s\"\r\n\r\n",
                         name);
        mock_text_add(&t, bytes, length);
        mock_text_puts(&t, "\r\n");
    }
    mock_text_puts(&t, "--xx--\r\n");
    const struct mock_question q = {
        .method = ask_slice("POST"),
        .path = ask_slice(path),
        .query = ask_slice("api-version=2024-06-01"),
        .body = { t.data, t.length },
        .authorization = ask_slice("Bearer sk-mock-a-1"),
        .content_type = ask_slice("multipart/form-data; boundary=xx"),
        .now = f->now,
    };
    int status = ask_question(f, &q);
    mock_text_fini(&t);
    return status;
}

/* 4.8 s of sound are 12 words in two sentences. */
static void a_file_is_heard_in_five_forms(void)
{
    struct ask f;
    struct mock_text wav = make(MOCK_SOUND_WAV, 115200), text = { 0 };
    struct mock_transcript t = mock_transcript_make(wav.data, wav.length);
    char expected[512];
    mock_transcript_text(&text, &t);
    CU_ASSERT_EQUAL(t.words, 12);
    ask_set_up(&f, PROVIDER("none"));
#define SEND(fields) send(&f, HEAR, fields, "a.WAV", wav.data, wav.length)
    CU_ASSERT_EQUAL(SEND("model=whisper-1"), 200);
    snprintf(expected, sizeof expected,
             "{\"text\":\"%s\",\"usage\":{\"type\":\"duration\","
             "\"seconds\":5}}\n",
             text.data);
    CU_ASSERT_STRING_EQUAL(f.a.body.data, expected);
    CU_ASSERT_EQUAL(SEND("model=whisper-1&response_format=text"), 200);
    snprintf(expected, sizeof expected, "%s\n", text.data);
    CU_ASSERT_STRING_EQUAL(f.a.body.data, expected);
    CU_ASSERT_STRING_EQUAL(f.a.type, "text/plain; charset=utf-8");
    CU_ASSERT_EQUAL(SEND("model=whisper-1&response_format=srt"), 200);
    CU_ASSERT_EQUAL(
        strncmp(f.a.body.data, "1\n00:00:00,000 --> 00:00:04,000\n", 32), 0);
    CU_ASSERT_TRUE(ask_says(&f, ".\n\n2\n00:00:04,000 --> 00:00:04,800\n"));
    CU_ASSERT_EQUAL(SEND("model=whisper-1&response_format=vtt"), 200);
    CU_ASSERT_EQUAL(
        strncmp(f.a.body.data, "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\n", 38),
        0);
    CU_ASSERT_EQUAL(SEND("model=whisper-1&response_format=verbose_json"), 200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"task\":\"transcribe\",\"language\":"
                                "\"english\",\"duration\":4.8,\"text\":\""));
    CU_ASSERT_TRUE(ask_says(&f, "\"segments\":[{\"id\":0,\"seek\":0,\"start\":"
                                "0.0,\"end\":4.0,\"text\":\" "));
    CU_ASSERT_FALSE(ask_says(&f, "\"words\":["));
    ask_tear_down(&f);
    mock_text_fini(&wav);
    mock_text_fini(&text);
}

static void times_come_for_words_or_segments(void)
{
    static const struct {
        const char *fields;
        bool words, segments;
    } rows[] = {
#define VERBOSE "model=whisper-1&response_format=verbose_json"
#define KIND "&timestamp_granularities[]="
        { VERBOSE, false, true },
        { VERBOSE KIND "segment", false, true },
        { VERBOSE KIND "word", true, false },
        { VERBOSE KIND "word" KIND "segment", true, true },
    };
    struct ask f;
    static const char noise[16 * 2000];
    ask_set_up(&f, PROVIDER("none"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        cJSON *root = NULL;
        CU_ASSERT_EQUAL(
            send(&f, HEAR, rows[i].fields, "a.mp3", noise, sizeof noise), 200);
        root = cJSON_Parse(f.a.body.data);
        CU_ASSERT_PTR_NOT_NULL(root);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItem(root, "words")),
                        rows[i].words ? 5 : 0);
        CU_ASSERT_EQUAL(
            cJSON_GetArraySize(cJSON_GetObjectItem(root, "segments")),
            rows[i].segments ? 1 : 0);
        cJSON_Delete(root);
    }
    CU_ASSERT_EQUAL(send(&f, TRANSLATE, VERBOSE "&language=de", "a.mp3", noise,
                         sizeof noise),
                    200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"task\":\"translate\",\"language\":"
                                "\"english\",\"duration\":2.0,"));
    ask_tear_down(&f);
}

static void gpt_models_count_tokens(void)
{
    struct ask f;
    static const char noise[16 * 2000];
    ask_set_up(&f, PROVIDER("current"));
    CU_ASSERT_EQUAL(send(&f, HEAR, "model=gpt-transcribe&prompt=abcdefgh",
                         "a.mp3", noise, sizeof noise),
                    200);
    CU_ASSERT_TRUE(ask_says(&f, "\"usage\":{\"type\":\"tokens\","
                                "\"input_tokens\":24,\"input_token_details\":"
                                "{\"text_tokens\":4,\"audio_tokens\":20},"
                                "\"output_tokens\":5,\"total_tokens\":29}}"));
    CU_ASSERT_EQUAL(send(&f, HEAR, "model=gpt-transcribe&stream=true", "a.mp3",
                         noise, sizeof noise),
                    200);
    CU_ASSERT_STRING_EQUAL(f.a.type, "text/event-stream; charset=utf-8");
    CU_ASSERT_TRUE(ask_says(&f, "data: {\"type\":\"transcript.text.delta\","));
    CU_ASSERT_TRUE(ask_says(&f, "data: {\"type\":\"transcript.text.done\","));
    CU_ASSERT_EQUAL(send(&f, HEAR, "model=gpt-transcribe&response_format=srt",
                         "a.mp3", noise, sizeof noise),
                    400);
    CU_ASSERT_TRUE(ask_says(&f, "Use 'json' or 'text' instead."));
    ask_tear_down(&f);
}

static void mistakes_of_forms_are_named(void)
{
    static const struct {
        const char *path, *fields, *name;
        size_t length;
        int status;
        const char *words;
    } rows[] = {
#define W "model=whisper-1"
        { HEAR, "", "a.mp3", 9000, 400, "you must provide a model parameter" },
        { HEAR, "model=none", "a.mp3", 9000, 404, "`none` does not exist" },
        { HEAR, W, NULL, 0, 400, "Missing required parameter: 'file'." },
        { HEAR, W, "a.mp3", 0, 400, "audio_too_short" },
        { HEAR, W, "a.mp3", 1599, 400, "audio_too_short" },
        { HEAR, W, "a.mp3", 1600, 200, "\"text\"" },
        { HEAR, W, "a.txt", 9000, 400,
          "Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', "
          "'oga', 'ogg', 'wav', 'webm']" },
        { HEAR, W, "mp3", 9000, 400, "Unrecognized file format" },
        { HEAR, W, "a.mp3.gz", 9000, 400, "Unrecognized file format" },
        { HEAR, W "&response_format=xml", "a.mp3", 9000, 400,
          "Supported values are: 'json', 'text', 'srt', 'verbose_json', and "
          "'vtt'." },
        { HEAR, W "&temperature=2", "a.mp3", 9000, 400, "from 0 to 1" },
        { HEAR, W "&temperature=x", "a.mp3", 9000, 400, "from 0 to 1" },
        { HEAR, W "&temperature=0.5", "a.mp3", 9000, 200, "\"text\"" },
        { HEAR, W "&language=english", "a.mp3", 9000, 400, "ISO-639-1" },
        { HEAR, W "&language=en", "a.mp3", 9000, 200, "\"text\"" },
        { HEAR, W KIND "word", "a.mp3", 9000, 400, "'verbose_json'" },
        { HEAR, W KIND "year", "a.mp3", 9000, 400, "Invalid value: 'year'" },
        { HEAR, W "&stream=yes", "a.mp3", 9000, 400, "'false' and 'true'" },
        { HEAR, "model=gpt-4o", "a.mp3", 9000, 400, "Invalid value: 'gpt-4o'" },
        { TRANSLATE, "model=gpt-transcribe", "a.mp3", 9000, 400,
          "Supported values are: 'whisper-1'." },
        { HEAR, W, "a.mp3", 26214401, 413,
          "Maximum content size limit (26214400) exceeded (26214401 bytes" },
    };
    struct ask f;
    char *noise = calloc(1, 26214401);
    CU_ASSERT_PTR_NOT_NULL_FATAL(noise);
    ask_set_up(&f, PROVIDER("current"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        f.now += LIM_MIN;
        int status = send(&f, rows[i].path, rows[i].fields, rows[i].name, noise,
                          rows[i].length);
        CU_ASSERT_EQUAL(status, rows[i].status);
        CU_ASSERT_TRUE(ask_says(&f, rows[i].words));
        if (!ask_says(&f, rows[i].words))
            printf("\n  row %zu: %s\n", i, f.a.body.data);
    }
    CU_ASSERT_EQUAL(ask(&f, HEAR, "{}"), 400);
    CU_ASSERT_TRUE(ask_says(&f, "Could not parse multipart form (there is no"));
    ask_tear_down(&f);
    free(noise);
}

/* Tier 1 of mid 2024: 50 requests a minute each, and no tokens. */
static void audio_shows_no_limits_of_tokens(void)
{
    struct ask f;
    static const char noise[16 * 2000];
    ask_set_up(&f, PROVIDER("official-2024-mid"));
    CU_ASSERT_EQUAL(ask(&f, SPEECH, TTS "\"input\":\"a\",\"voice\":\"nova\"}"),
                    200);
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-requests: 49\r\n"));
    CU_ASSERT_FALSE(ask_header(&f, "-tokens"));
    CU_ASSERT_EQUAL(send(&f, HEAR, W, "a.mp3", noise, sizeof noise), 200);
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-requests: 49\r\n"));
    CU_ASSERT_FALSE(ask_header(&f, "-tokens"));
    ask_tear_down(&f);
}

/* Azure's path names the model. */
static void a_deployment_needs_no_model(void)
{
    struct ask f;
    static const char noise[16 * 2000];
    ask_set_up(&f, "{\"table\":\"none\",\"latency\":\"none\",\"dialect\":"
                   "\"azure\",\"organisations\":[{\"name\":\"a\"}]}");
    CU_ASSERT_EQUAL(send(&f, "/openai/deployments/whisper-1/audio/translations",
                         "", "a.mp3", noise, sizeof noise),
                    200);
    CU_ASSERT_EQUAL(send(&f, "/openai/v1/audio/translations", "", "a.mp3",
                         noise, sizeof noise),
                    400);
    ask_tear_down(&f);
}

CU_TestInfo audio_tests[] = {
    { "WAV is a head and PCM", wav_is_a_head_and_pcm },
    { "FLAC holds the same samples", flac_holds_the_same_samples },
    { "frames of silence are enough", frames_of_silence_are_enough },
    { "Ogg pages follow each other", ogg_pages_follow_each_other },
    { "speech is as long as its text", speech_is_as_long_as_its_text },
    { "speech comes in six formats", speech_comes_in_six_formats },
    { "mistakes of speech are named", mistakes_of_speech_are_named },
    { "a file is heard in five forms", a_file_is_heard_in_five_forms },
    { "times come for words or segments", times_come_for_words_or_segments },
    { "gpt models count tokens", gpt_models_count_tokens },
    { "mistakes of forms are named", mistakes_of_forms_are_named },
    { "audio shows no limits of tokens", audio_shows_no_limits_of_tokens },
    { "a deployment needs no model", a_deployment_needs_no_model },
    CU_TEST_INFO_NULL
};
