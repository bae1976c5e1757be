/*
 * POST /v1/audio/transcriptions and /v1/audio/translations: forms with a file
 * in them.  What was said is a function of the file's bytes.
 *
 * Of whisper-1 limits count requests alone.  The gpt models count tokens, and
 * how many is not known to us: here ten for a second that is heard, the
 * prompt's, and one for a word of the reply.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/captions.h"
#include "mockserver/choice.h"
#include "mockserver/multipart.h"

#define FILE_MAX 26214400
#define SHORTEST_MS 100
#define AUDIO_TOKEN_MS 100

enum format {
    FORMAT_JSON,
    FORMAT_TEXT,
    FORMAT_SRT,
    FORMAT_VERBOSE,
    FORMAT_VTT
};

struct hearing {
    struct mock_meter m;
    struct mock_multipart form;
    struct mock_transcript heard;
    char model[128];
    char language[16]; /* "" when it is not told */
    enum format format;
    double temperature;
    int64_t text_tokens, audio_tokens;
    bool translation;
    bool words, segments; /* with their times */
    bool gpt;
    bool stream;
};

/*
 * Copies a value.  One that is too long, or holds a 0, gets a '?', and so is
 * no word that is known anywhere.
 */
static void copy(struct mock_slice value, char *out, size_t size)
{
    size_t n = value.length < size ? value.length : size - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = value.at[i] != '\0' ? value.at[i] : '?';
    if (n < value.length)
        out[n - 1] = '?';
    out[n] = '\0';
}

/* False: there is no such field. */
static bool field(const struct hearing *h, const char *name, char *out,
                  size_t size)
{
    const struct mock_part *part = mock_multipart_find(&h->form, name);
    if (part != NULL)
        copy(part->data, out, size);
    return part != NULL;
}

static size_t choose(struct hearing *h, const char *name,
                     const char *const *words, size_t fallback)
{
    char word[32];
    bool there = field(h, name, word, sizeof word);
    return mock_choice_of(&h->m, name, there ? word : NULL, words, fallback);
}

/* Letters count alike in both cases. */
static bool ends_in(struct mock_slice name, const char *ending)
{
    size_t n = strlen(ending);
    if (name.length <= n || name.at[name.length - n - 1] != '.')
        return false;
    const char *end = name.at + (name.length - n);
    for (size_t i = 0; i < n; i++)
        if ((end[i] | 32) != (ending[i] | 32))
            return false;
    return true;
}

static void check_name(struct mock_meter *m, struct mock_slice name)
{
    static const char *const endings[] = {
        "flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"
    };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_in(name, endings[i]))
            return;
    mock_meter_wrong(m, "file", NULL,
                     "Unrecognized file format. Supported formats: ['flac', "
                     "'m4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', "
                     "'wav', 'webm']");
}

static void read_file(struct hearing *h)
{
    const struct mock_part *file = mock_multipart_find(&h->form, "file");
    if (file == NULL || file->filename.at == NULL) {
        mock_meter_wrong(&h->m, "file", "missing_required_parameter",
                         "Missing required parameter: 'file'.");
        return;
    }
    check_name(&h->m, file->filename);
    h->heard = mock_transcript_make(file->data.at, file->data.length);
    if (h->heard.ms < SHORTEST_MS)
        mock_meter_wrong(&h->m, "file", "audio_too_short",
                         "Audio file is too short. Minimum audio length is "
                         "0.1 seconds.");
}

static void check_model(struct hearing *h)
{
    const char *m = h->m.model;
    h->gpt = strncmp(m, "gpt-", 4) == 0;
    bool other = lim_price_find(m) != NULL && strstr(m, "transcribe") == NULL;
    if (other || (h->gpt && h->translation) || strncmp(m, "tts-", 4) == 0)
        mock_meter_wrong(&h->m, "model", "invalid_value",
                         "Invalid value: '%s'. Supported values are: %s.", m,
                         h->translation ? "'whisper-1'"
                                        : "'whisper-1', 'gpt-4o-transcribe', "
                                          "and 'gpt-transcribe'");
}

static void read_format(struct hearing *h)
{
    static const char *const names[] = { "json",         "text", "srt",
                                         "verbose_json", "vtt",  NULL };
    h->format = (enum format)choose(h, "response_format", names, FORMAT_JSON);
    if (h->gpt && h->format > FORMAT_TEXT)
        mock_meter_wrong(&h->m, "response_format", "unsupported_value",
                         "response_format '%s' is not compatible with model "
                         "'%s'. Use 'json' or 'text' instead.",
                         names[h->format], h->m.model);
}

static void read_temperature(struct hearing *h)
{
    char text[32], *end;
    if (!field(h, "temperature", text, sizeof text))
        return;
    double t = strtod(text, &end);
    if (end == text || *end != '\0' || !(t >= 0 && t <= 1))
        mock_meter_wrong(&h->m, "temperature", "invalid_value",
                         "Invalid value for 'temperature': expected a number "
                         "from 0 to 1.");
    else
        h->temperature = t;
}

static void read_language(struct hearing *h)
{
    if (h->translation ||
        !field(h, "language", h->language, sizeof h->language))
        return;
    size_t n = strspn(h->language, "abcdefghijklmnopqrstuvwxyz");
    if ((n != 2 && n != 3) || h->language[n] != '\0')
        mock_meter_wrong(&h->m, "language", "invalid_language_format",
                         "Invalid language. Language parameter must be "
                         "specified in ISO-639-1 format.");
}

/* The field may come once for each kind. */
static void read_times(struct hearing *h)
{
    static const char name[] = "timestamp_granularities[]";
    static const char *const kinds[] = { "segment", "word", NULL };
    for (size_t i = 0; i < h->form.count; i++) {
        char word[32];
        if (!mock_slice_is(h->form.parts[i].name, name))
            continue;
        copy(h->form.parts[i].data, word, sizeof word);
        if (mock_choice_of(&h->m, name, word, kinds, 0) == 1)
            h->words = true;
        else
            h->segments = true;
    }
    if ((h->words || h->segments) && h->format != FORMAT_VERBOSE)
        mock_meter_wrong(&h->m, name, "unsupported_value",
                         "'%s' needs the response_format 'verbose_json'.",
                         name);
    if (!h->words)
        h->segments = true;
}

/* Bytes that go on a character do not begin one. */
static int64_t prompt_tokens(const struct hearing *h)
{
    const struct mock_part *prompt = mock_multipart_find(&h->form, "prompt");
    int64_t characters = 0;
    for (size_t i = 0; prompt != NULL && i < prompt->data.length; i++)
        characters += ((unsigned char)prompt->data.at[i] & 0xc0) != 0x80;
    return characters > 0 ? lim_estimate_text(characters) : 0;
}

static void read_request(struct hearing *h)
{
    static const char *const booleans[] = { "false", "true", NULL };
    check_model(h);
    read_file(h);
    read_format(h);
    read_temperature(h);
    read_language(h);
    read_times(h);
    h->stream = choose(h, "stream", booleans, 0) == 1 && h->gpt;
    h->m.completion_tokens = 0;
    if (!h->gpt)
        return;
    h->text_tokens = prompt_tokens(h);
    h->audio_tokens = (h->heard.ms + AUDIO_TOKEN_MS - 1) / AUDIO_TOKEN_MS;
    h->m.prompt_tokens = h->text_tokens + h->audio_tokens;
    h->m.completion_tokens = h->heard.words;
}

static void add_usage(struct mock_text *b, const struct hearing *h)
{
    int64_t in = h->text_tokens + h->audio_tokens;
    int64_t out = h->heard.words;
    if (!h->gpt) {
        mock_text_printf(
            b, "\"usage\":{\"type\":\"duration\",\"seconds\":%" PRId64 "}",
            (h->heard.ms + 999) / 1000);
        return;
    }
    mock_text_printf(b,
                     "\"usage\":{\"type\":\"tokens\",\"input_tokens\":%" PRId64
                     ",\"input_token_details\":{\"text_tokens\":%" PRId64
                     ",\"audio_tokens\":%" PRId64 "},\"output_tokens\":%" PRId64
                     ",\"total_tokens\":%" PRId64 "}",
                     in, h->text_tokens, h->audio_tokens, out, in + out);
}

static void add_text(struct mock_text *b, const struct hearing *h)
{
    mock_text_puts(b, "\"text\":\"");
    mock_transcript_text(b, &h->heard);
    mock_text_puts(b, "\"");
}

/* An event for each sentence, all at once. */
static void write_events(struct mock_text *b, const struct hearing *h)
{
    int64_t sentences = mock_transcript_sentences(&h->heard);
    for (int64_t i = 0; i < sentences; i++) {
        mock_text_puts(b, "data: {\"type\":\"transcript.text.delta\","
                          "\"delta\":\"");
        mock_text_puts(b, i > 0 ? " " : "");
        mock_transcript_sentence(b, &h->heard, i);
        mock_text_puts(b, "\"}\n\n");
    }
    mock_text_puts(b, "data: {\"type\":\"transcript.text.done\",");
    add_text(b, h);
    mock_text_puts(b, ",");
    add_usage(b, h);
    mock_text_puts(b, "}\n\n");
}

/* Languages that answers name in full; others stay as they were told. */
static const char *language_name(const char *code)
{
    static const char *const names[][2] = {
        { "", "english" },    { "en", "english" },    { "de", "german" },
        { "fr", "french" },   { "es", "spanish" },    { "it", "italian" },
        { "ja", "japanese" }, { "pt", "portuguese" }, { "zh", "chinese" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(code, names[i][0]) == 0)
            return names[i][1];
    return code;
}

static void write_verbose(struct mock_text *b, const struct hearing *h)
{
    mock_text_printf(b, "{\"task\":\"%s\",\"language\":\"%s\",\"duration\":",
                     h->translation ? "translate" : "transcribe",
                     language_name(h->language));
    mock_captions_seconds(b, h->heard.ms);
    mock_text_puts(b, ",");
    add_text(b, h);
    mock_text_puts(b, ",");
    if (h->words) {
        mock_captions_words(b, &h->heard);
        mock_text_puts(b, ",");
    }
    if (h->segments) {
        mock_captions_segments(b, &h->heard, h->temperature);
        mock_text_puts(b, ",");
    }
    add_usage(b, h);
    mock_text_puts(b, "}\n");
}

static void write_json(struct mock_text *b, const struct hearing *h)
{
    mock_text_puts(b, "{");
    add_text(b, h);
    mock_text_puts(b, ",");
    add_usage(b, h);
    mock_text_puts(b, "}\n");
}

static void write_answer(struct mock_visit *v, const struct hearing *h)
{
    struct mock_text *b = &v->a->body;
    if (h->stream) {
        v->a->type = "text/event-stream; charset=utf-8";
        write_events(b, h);
        return;
    }
    if (h->format == FORMAT_JSON || h->format == FORMAT_VERBOSE) {
        (h->format == FORMAT_JSON ? write_json : write_verbose)(b, h);
        return;
    }
    v->a->type = "text/plain; charset=utf-8";
    if (h->format == FORMAT_SRT) {
        mock_captions_srt(b, &h->heard);
    } else if (h->format == FORMAT_VTT) {
        mock_captions_vtt(b, &h->heard);
    } else {
        mock_transcript_text(b, &h->heard);
        mock_text_puts(b, "\n");
    }
}

/* What is wrong before a model is known costs nothing. */
static bool open_form(struct mock_visit *v, struct hearing *h)
{
    struct lim_diag why = { 0 };
    if (mock_multipart_parse(v->q->content_type, v->q->body, &h->form, &why) !=
        LIM_OK) {
        mock_visit_fail(v, 400, NULL, NULL,
                        "Could not parse multipart form (%s)", why.text);
        return false;
    }
    const struct mock_part *file = mock_multipart_find(&h->form, "file");
    if (file != NULL && file->data.length > FILE_MAX) {
        mock_visit_fail(v, 413, NULL, NULL,
                        "Maximum content size limit (%d) exceeded (%zu bytes "
                        "read)",
                        FILE_MAX, file->data.length);
        return false;
    }
    if (field(h, "model", h->model, sizeof h->model) ||
        v->deployment[0] != '\0')
        return true;
    mock_visit_fail(v, 400, NULL, NULL, "you must provide a model parameter");
    return false;
}

static void hear(struct mock_visit *v, bool translation)
{
    struct hearing h = { .translation = translation };
    if (!open_form(v, &h))
        return;
    if (mock_meter_open_form(v, &h.m, h.model)) {
        read_request(&h);
        if (mock_meter_admit(v, &h.m) != NULL)
            write_answer(v, &h);
    }
    mock_meter_fini(&h.m);
}

void mock_transcriptions_post(struct mock_visit *v)
{
    hear(v, false);
}

void mock_translations_post(struct mock_visit *v)
{
    hear(v, true);
}
