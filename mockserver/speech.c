/*
 * POST /v1/audio/speech: 60 ms of sound for each character, from 0.2 s to
 * 10 s of it.  The same words in the same voice sound the same.
 *
 * Limits count requests alone: the API shows no token headers here (seen of
 * whisper-1 and tts-1).
 */

#include <inttypes.h>
#include <string.h>

#include "limiter/rng.h"
#include "limiter/tier.h"
#include "mockserver/base64.h"
#include "mockserver/choice.h"
#include "mockserver/jsontext.h"
#include "mockserver/sound.h"

#define INPUT_MAX 4096
#define CHARACTER_MS 60
#define SAMPLES_MIN (MOCK_SOUND_RATE / 5)
#define SAMPLES_MAX (MOCK_SOUND_RATE * 10)
#define TOKEN_SAMPLES (MOCK_SOUND_RATE / 20) /* of audio that is made */

struct speech {
    struct mock_meter m;
    const char *input;
    size_t voice;
    enum mock_sound_format format;
    double speed;
    bool events; /* in server-sent events */
};

static void read_voice(struct speech *s)
{
    static const char *const voices[] = { "nova",  "shimmer", "echo",  "onyx",
                                          "fable", "alloy",   "ash",   "sage",
                                          "coral", "ballad",  "verse", "marin",
                                          "cedar", NULL };
    const cJSON *voice = cJSON_GetObjectItemCaseSensitive(s->m.root, "voice");
    if (voice == NULL)
        mock_meter_wrong(&s->m, "voice", "missing_required_parameter",
                         "Missing required parameter: 'voice'.");
    else if (!cJSON_IsString(voice))
        mock_meter_type(&s->m, "voice", voice, "a string");
    else
        s->voice = mock_choice_read(&s->m, "voice", voices, 0);
}

static void read_request(struct speech *s)
{
    static const char *const formats[] = { "mp3", "opus", "aac", "flac",
                                           "wav", "pcm",  NULL };
    static const char *const streams[] = { "audio", "sse", NULL };
    bool first = strncmp(s->m.model, "tts-1", 5) == 0;
    if (lim_price_find(s->m.model) != NULL && strstr(s->m.model, "tts") == NULL)
        mock_meter_wrong(&s->m, "model", "invalid_value",
                         "Invalid value: '%s'. Supported values are: 'tts-1', "
                         "'tts-1-hd', and 'gpt-4o-mini-tts'.",
                         s->m.model);
    s->input = mock_choice_text(&s->m, "input", INPUT_MAX);
    read_voice(s);
    s->format = (enum mock_sound_format)mock_choice_read(
        &s->m, "response_format", formats, MOCK_SOUND_MP3);
    mock_choice_number(&s->m, "speed", 0.25, 4, &s->speed);
    s->events = mock_choice_read(&s->m, "stream_format", streams, 0) == 1;
    if (s->events && first)
        mock_meter_wrong(&s->m, "stream_format", "unsupported_value",
                         "Unsupported value: 'stream_format' does not support "
                         "'sse' with this model.");
    s->m.completion_tokens = 0;
}

static struct mock_sound sound_of(const struct speech *s)
{
    struct mock_sound sound = { .draw = lim_rng_mix(s->voice) };
    int64_t ms = mock_jsontext_characters(s->input) * CHARACTER_MS;
    for (const char *c = s->input; *c != '\0'; c++)
        sound.draw = lim_rng_mix(sound.draw ^ (unsigned char)*c);
    sound.samples = (int64_t)((double)(ms * MOCK_SOUND_RATE / 1000) / s->speed);
    if (sound.samples < SAMPLES_MIN)
        sound.samples = SAMPLES_MIN;
    if (sound.samples > SAMPLES_MAX)
        sound.samples = SAMPLES_MAX;
    return sound;
}

/* All of the sound in one event, and one that ends it. */
static void write_events(struct mock_text *b, const struct speech *s,
                         const struct mock_sound *sound)
{
    struct mock_text file = { 0 };
    int64_t in = lim_estimate_text(mock_jsontext_characters(s->input));
    int64_t out = (sound->samples + TOKEN_SAMPLES - 1) / TOKEN_SAMPLES;
    mock_sound_add(&file, sound, s->format);
    mock_text_puts(b, "data: {\"type\":\"speech.audio.delta\",\"audio\":\"");
    if (!file.failed)
        mock_base64_add(b, (const unsigned char *)file.data, file.length);
    mock_text_printf(b,
                     "\"}\n\ndata: {\"type\":\"speech.audio.done\",\"usage\":"
                     "{\"input_tokens\":%" PRId64 ",\"output_tokens\":%" PRId64
                     ",\"total_tokens\":%" PRId64 "}}\n\n",
                     in, out, in + out);
    b->failed = b->failed || file.failed;
    mock_text_fini(&file);
}

static void write_answer(struct mock_visit *v, const struct speech *s)
{
    struct mock_sound sound = sound_of(s);
    if (s->events) {
        v->a->type = "text/event-stream; charset=utf-8";
        write_events(&v->a->body, s, &sound);
    } else {
        v->a->type = mock_sound_type(s->format);
        mock_sound_add(&v->a->body, &sound, s->format);
    }
}

void mock_speech_post(struct mock_visit *v)
{
    struct speech s = { .speed = 1 };
    if (mock_meter_open(v, &s.m, NULL)) {
        read_request(&s);
        if (mock_meter_admit(v, &s.m) != NULL)
            write_answer(v, &s);
    }
    mock_meter_fini(&s.m);
}
