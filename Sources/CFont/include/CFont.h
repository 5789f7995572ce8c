#pragma once
// The font of pictures: DejaVu Sans Mono, in the program so that pictures depend on no font of the machine, drawn by FreeType without hinting.
#include <stdint.h>

extern const unsigned char cfont_data[];
extern const unsigned int cfont_size;

/// Draws a character so that a line of text is so many pixels high. Not to be called from two threads at once.
/// Returns its coverage, one byte a pixel, row after row, until the next call; NULL where FreeType cannot.
/// left and top are where its bitmap begins, from the pen and up from the baseline; advance is how far the pen goes on.
const unsigned char *cfont_draw(uint32_t scalar, int pixels, int *width, int *height, int *left, int *top, int *advance);
/// Whether the font has the character.
int cfont_has(uint32_t scalar);
