#pragma once
#include <sixel.h>

// Macros with casts, which Swift does not see.
static const int csx_paletted = SIXEL_PIXELFORMAT_PAL8;
static const int csx_smallest = SIXEL_ENCODEPOLICY_SIZE;
