#pragma once
#include <nifti/nifti2_io.h>
// zlib, which libnifti is linked with, also packs pictures.
#include <zlib.h>
