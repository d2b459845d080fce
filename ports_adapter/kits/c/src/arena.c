#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16 };

struct Block {
    Block *older;
    size_t used;
    size_t room;
    max_align_t bytes[];
};

static Block *new_block(size_t room, Block *older) {
    Block *block = room <= SIZE_MAX - sizeof(Block) ? malloc(sizeof(Block) + room) : NULL;
    if (block == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    *block = (Block){.older = older, .used = 0, .room = room};
    return block;
}

void *arena_take(Arena *arena, size_t count, size_t size) {
    const size_t unit = sizeof(max_align_t);
    /* A product that does not fit asks for more than there is. */
    size_t wanted = size != 0 && count > (SIZE_MAX - unit) / size ? SIZE_MAX : count * size;
    if (wanted != SIZE_MAX) wanted = (wanted + unit - 1) / unit * unit;
    if (arena->newest == NULL || wanted > arena->newest->room - arena->newest->used)
        arena->newest = new_block(wanted > ROOM ? wanted : ROOM, arena->newest);
    Block *block = arena->newest;
    void *piece = (char *)block->bytes + block->used;
    block->used += wanted;
    return memset(piece, 0, wanted);
}

void arena_clear(Arena *arena) {
    while (arena->newest != NULL) {
        Block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}
