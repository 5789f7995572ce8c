#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>

// Locks of the open file instead of the process: macros that Swift's own C library module hides.
static const int lock_query = F_OFD_GETLK;
static const int lock_take = F_OFD_SETLK;
