#include "tokenizer.h"

#include <stdbool.h>

#include "utf8.h"

/* Whether Python's `strip` takes it away: Unicode's white space, and four separators of ASCII. */
static bool is_stripped(int32_t c) {
    return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0
           || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029
           || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* A line ends with LF, CRLF or CR. That CRLF makes a blank line more does not matter. */
static bool ends_line(int32_t c) {
    return c == '\n' || c == '\r';
}

static Document stripped(const int32_t *line, size_t length) {
    size_t start = 0;
    while (start < length && is_stripped(line[start])) start++;
    while (length > start && is_stripped(line[length - 1])) length--;
    return (Document){line + start, length - start};
}

Documents documents_of(const char *text, size_t length, Arena *arena) {
    int32_t *characters = arena_take(arena, length, sizeof *characters);
    size_t count = 0, lines = 1;
    for (const char *at = text; at < text + length; count++) {
        characters[count] = utf8_next(&at, text + length);
        lines += ends_line(characters[count]);
    }

    Document *list = arena_take(arena, lines, sizeof *list);
    size_t documents = 0, start = 0;
    for (size_t i = 0; i <= count; i++) {
        if (i < count && !ends_line(characters[i])) continue;
        Document document = stripped(characters + start, i - start);
        if (document.length > 0) list[documents++] = document;
        start = i + 1;
    }
    return (Documents){list, documents};
}

/* Marks the code points that occur, then numbers them in their order: nothing has to be sorted. */
Tokenizer tokenizer_of(const Documents *documents, Arena *arena) {
    int *tokens = arena_take(arena, CODE_POINTS, sizeof *tokens);
    int count = 0;
    for (size_t i = 0; i < documents->count; i++) {
        const Document *document = &documents->list[i];
        for (size_t j = 0; j < document->length; j++) {
            int *token = &tokens[document->characters[j]];
            count += *token == 0;
            *token = 1;
        }
    }

    int32_t *characters = arena_take(arena, (size_t)count, sizeof *characters);
    int token = 0;
    for (int32_t c = 0; c < CODE_POINTS; c++)
        if (tokens[c]) {
            characters[token] = c;
            tokens[c] = token++;
        }
    return (Tokenizer){characters, tokens, count, count + 1};
}
