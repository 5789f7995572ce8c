#ifndef PREFETCH_H
#define PREFETCH_H

/// Asks for the cache line at `address`, which may lie anywhere, to be in the second-level cache soon. Swift has no word for this.
static inline __attribute__((always_inline)) void prefetch_for_reading(const void *address) { __builtin_prefetch(address, 0, 2); }

#endif
