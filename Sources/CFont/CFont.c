#include "CFont.h"

#include <ft2build.h>
#include FT_FREETYPE_H

static FT_Library library;
static FT_Face face;

static int open_font(void) {
    if (face != NULL) return 1;
    if (library == NULL && FT_Init_FreeType(&library) != 0) return 0;
    return FT_New_Memory_Face(library, cfont_data, (FT_Long)cfont_size, 0, &face) == 0;
}

int cfont_has(uint32_t scalar) { return open_font() && FT_Get_Char_Index(face, scalar) != 0; }

const unsigned char *cfont_draw(uint32_t scalar, int pixels, int *width, int *height, int *left, int *top, int *advance) {
    if (!open_font()) return NULL;
    if (FT_Set_Pixel_Sizes(face, 0, (FT_UInt)pixels) != 0) return NULL;
    if (FT_Load_Char(face, scalar, FT_LOAD_RENDER | FT_LOAD_NO_HINTING | FT_LOAD_TARGET_NORMAL) != 0) return NULL;
    FT_GlyphSlot slot = face->glyph;
    *width = (int)slot->bitmap.width;
    *height = (int)slot->bitmap.rows;
    *left = slot->bitmap_left;
    *top = slot->bitmap_top;
    *advance = (int)((slot->advance.x + 32) >> 6);
    // FreeType may pad its rows; a grey bitmap of a glyph has none beyond its width.
    if (slot->bitmap.pitch != (int)slot->bitmap.width) return slot->bitmap.width == 0 ? cfont_data : NULL;
    return slot->bitmap.width == 0 ? cfont_data : slot->bitmap.buffer;
}
