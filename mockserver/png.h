#ifndef MOCK_PNG_H
#define MOCK_PNG_H

#include <stdint.h>

#include "mockserver/text.h"

/*
 * Adds a picture as a PNG file of 1180 bytes: 64 x 64 pixels in a palette of
 * four colours, an ornament whose halves mirror each other.  The same `draw`
 * gives the same bytes.
 */
void mock_png_add(struct mock_text *out, uint64_t draw);

#endif
