/* Memory for one request: taken piece by piece, given back all at once. */

#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

typedef struct Block Block;

/* Begins as `Arena arena = {0}`. */
typedef struct {
    Block *newest;
} Arena;

/* `count` things of `size` bytes, all zero. A program without memory has nothing to answer: it
 * ends. */
void *arena_take(Arena *arena, size_t count, size_t size);

/* Gives everything back; the arena can be used again. */
void arena_clear(Arena *arena);

#endif
