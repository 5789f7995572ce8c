#pragma once
#include <sixel.h>

// A macro with casts, which Swift does not see.
static const int csx_paletted = SIXEL_PIXELFORMAT_PAL8;
