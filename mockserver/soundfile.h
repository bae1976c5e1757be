#ifndef MOCK_SOUNDFILE_H
#define MOCK_SOUNDFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The length of a sound file in ms, as its heads tell it, or -1: it is none
 * of these.
 *
 *   WAV         by its bytes a second, as far as its bytes are there
 *   FLAC        by the number of samples in its first block
 *   Ogg         Opus and Vorbis, by the position of the last page
 *   MP3, AAC    (ADTS) by their frames, one by one; an ID3 tag before them is
 *               skipped
 */
int64_t mock_soundfile_ms(const char *bytes, size_t length);

#endif
