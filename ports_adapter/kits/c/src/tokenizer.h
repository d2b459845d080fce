/* From a corpus to tokens. */

#ifndef TOKENIZER_H
#define TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* A character is a code point: a byte would be a part of one. */
typedef struct {
    const int32_t *characters;
    size_t length;
} Document;

typedef struct {
    const Document *list;
    size_t count;
} Documents;

/* A token is a character's place among all characters, sorted; BOS comes after them all. */
typedef struct {
    const int32_t *characters; /* by token */
    const int *tokens;         /* by code point */
    int bos;
    int vocab_size;
} Tokenizer;

/* The documents of a corpus, which is UTF-8: its lines, stripped of white space, without the blank
 * ones. */
Documents documents_of(const char *text, size_t length, Arena *arena);

Tokenizer tokenizer_of(const Documents *documents, Arena *arena);

#endif
