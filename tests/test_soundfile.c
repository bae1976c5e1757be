/* How long sound files are, as their heads tell. */

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "mockserver/sound.h"
#include "mockserver/soundfile.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void lengths_are_read_from_wav_files(void)
{
#define HEAD "RIFF\xff\xff\xff\xffWAVE"
#define FORMAT "fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
    static const struct {
        const char *bytes;
        size_t length;
        int64_t ms;
    } rows[] = {
#define ROW(text, ms) { text, sizeof(text) - 1, ms }
        ROW("", -1),
        ROW("RIFF", -1),
        ROW(HEAD, -1),
        ROW(HEAD FORMAT, -1),
        ROW(HEAD "data\2\0\0\0ab", -1),
        ROW(HEAD FORMAT "data\x20\0\0\0"
                        "0123456789abcdef0123456789abcdef",
            2),
        ROW(HEAD FORMAT "data\xff\xff\xff\xff"
                        "0123456789abcdef",
            1),
        ROW(HEAD FORMAT "data\0\0\0\0"
                        "0123456789abcdef",
            1),
        ROW(HEAD "LIST\3\0\0\0abc\0" FORMAT "data\x10\0\0\0"
                 "0123456789abcdef",
            1),
        ROW(HEAD "LIST\xf0\0\0\0abc\0" FORMAT "data\x10\0\0\0", -1),
        ROW(HEAD "fmt \4\0\0\0\1\0\1\0"
                 "data\x10\0\0\0"
                 "0123456789abcdef",
            -1),
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *copy = malloc(rows[i].length + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        memcpy(copy + 1, rows[i].bytes, rows[i].length);
        int64_t ms = mock_soundfile_ms(copy + 1, rows[i].length);
        CU_ASSERT_EQUAL(ms, rows[i].ms);
        free(copy);
    }
}

/* Frames of mp3 and aac are filled up; Opus has 20 ms each. */
static void what_is_made_is_heard_as_long(void)
{
    static const int64_t samples[] = { 4800, 12000, 24000, 480000 };
    for (int format = 0; format < MOCK_SOUND_PCM; format++) {
        for (size_t i = 0; i < COUNT(samples); i++) {
            const struct mock_sound s = { .samples = samples[i], .draw = 7 };
            struct mock_text t = { 0 };
            mock_sound_add(&t, &s, (enum mock_sound_format)format);
            CU_ASSERT_FALSE_FATAL(t.failed);
            int64_t wanted = samples[i] / 24;
            int64_t ms = mock_soundfile_ms(t.data, t.length);
            CU_ASSERT_TRUE(ms >= wanted && ms < wanted + 45);
            for (size_t n = 0; n < 400 && n < t.length; n++) {
                char *copy = malloc(n + 1);
                CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
                memcpy(copy + 1, t.data, n);
                CU_ASSERT_TRUE(mock_soundfile_ms(copy + 1, n) <= ms);
                free(copy);
            }
            mock_text_fini(&t);
        }
    }
}

/* By hand, after the formats' descriptions. */
static void heads_of_others_tell_a_length(void)
{
    struct row {
        const char *bytes;
        size_t length;
        int64_t ms;
    };
    /* MPEG 1, 128 kbit/s, 44.1 kHz: 417 bytes, 1152 samples */
    static char mp3[10 + 3 + 3 * 417] = "ID3\4\0\0\0\0\0\3abc";
    static char vorbis[28 + 30 + 14] = "OggS";
    for (int i = 0; i < 3; i++)
        memcpy(mp3 + 13 + i * 417, "\xff\xfb\x90\x64", 4);
    memcpy(vorbis + 28, "\x01vorbis\0\0\0\0\1\x44\xac\0\0", 16);
    memcpy(vorbis + 58, "OggS\0\4\x88\x58\1\0\0\0\0\0", 14);
    const struct row rows[] = {
        { mp3, sizeof mp3, 3 * 1152 * 1000 / 44100 },
        { mp3, sizeof mp3 - 1, 2 * 1152 * 1000 / 44100 },
        { mp3, 20, -1 },
        { vorbis, sizeof vorbis, 2000 },
        { "OggS", 4, -1 },
        { "fLaC", 4, -1 },
        { "\xff\xf1\x58\x40\0\0\xfc", 7, -1 },
        { "", 0, -1 },
        { "hello, world", 12, -1 },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        CU_ASSERT_EQUAL(mock_soundfile_ms(rows[i].bytes, rows[i].length),
                        rows[i].ms);
}

CU_TestInfo soundfile_tests[] = {
    { "lengths are read from WAV files", lengths_are_read_from_wav_files },
    { "what is made is heard as long", what_is_made_is_heard_as_long },
    { "heads of others tell a length", heads_of_others_tell_a_length },
    CU_TEST_INFO_NULL
};
