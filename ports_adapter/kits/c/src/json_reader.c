#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

enum { DEPTH = 64 }; /* deeper than any message: a reader that calls itself must stop somewhere */

typedef struct {
    const char *at;
    const char *end;
    int depth;
    Arena *arena;
} Reader;

static bool read_value(Reader *reader, Json *value);

const Json *json_read(const char *text, size_t length, Arena *arena) {
    Reader reader = {text, text + length, 0, arena};
    Json *value = arena_take(arena, 1, sizeof *value);
    return read_value(&reader, value) && reader.at == reader.end ? value : NULL;
}

/* The next character; NUL at the end. */
static char peek(const Reader *reader) {
    return reader->at < reader->end ? *reader->at : '\0';
}

/* Where a character stands among others; NULL if it does not, or is NUL. */
static const char *place_of(char character, const char *others) {
    return character != '\0' ? strchr(others, character) : NULL;
}

static void skip_space(Reader *reader) {
    while (place_of(peek(reader), " \t\n\r")) reader->at++;
}

/* Moves on behind a character, not NUL, if it is the next one. */
static bool accept(Reader *reader, char wanted) {
    bool found = peek(reader) == wanted;
    reader->at += found;
    return found;
}

static bool accept_word(Reader *reader, const char *word) {
    size_t length = strlen(word);
    bool found = (size_t)(reader->end - reader->at) >= length && !memcmp(reader->at, word, length);
    if (found) reader->at += length;
    return found;
}

static bool accept_digits(Reader *reader) {
    const char *start = reader->at;
    while (place_of(peek(reader), "0123456789")) reader->at++;
    return reader->at > start;
}

/* `strtod` takes more than JSON does, such as 0x1p3 and inf: the form is checked before. */
static bool read_number(Reader *reader, Json *value) {
    const char *start = reader->at;
    accept(reader, '-');
    if (!accept(reader, '0') && !accept_digits(reader)) return false;
    if (accept(reader, '.') && !accept_digits(reader)) return false;
    if (accept(reader, 'e') || accept(reader, 'E')) {
        if (!accept(reader, '+')) accept(reader, '-');
        if (!accept_digits(reader)) return false;
    }
    value->type = JSON_NUMBER;
    value->number = strtod(start, NULL);
    return true;
}

static bool read_hex(Reader *reader, int32_t *unit) {
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = place_of(peek(reader), digits);
        if (digit == NULL) return false;
        *unit = *unit << 4 | ((digit - digits) & 0xf);
        reader->at++;
    }
    return true;
}

/* What stands behind a backslash; -1 if nothing that may. Beyond the basic plane it is a pair. */
static int32_t read_escape(Reader *reader) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (accept(reader, 'u')) {
        int32_t high, low;
        if (!read_hex(reader, &high)) return -1;
        if (high < 0xd800 || high >= 0xe000) return high;
        if (high >= 0xdc00 || !accept_word(reader, "\\u") || !read_hex(reader, &low)) return -1;
        if (low < 0xdc00 || low >= 0xe000) return -1;
        return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    const char *letter = place_of(peek(reader), letters);
    if (letter == NULL) return -1;
    reader->at++;
    return meanings[letter - letters];
}

static bool read_string(Reader *reader, Json *value) {
    if (!accept(reader, '"')) return false;
    /* No character gets longer by being read: up to the closing quote, there is room enough. */
    const char *close = reader->at;
    while (close < reader->end && *close != '"') close += *close == '\\' ? 2 : 1;
    if (close >= reader->end) return false;
    char *text = arena_take(reader->arena, (size_t)(close - reader->at), 1);
    size_t length = 0;
    while (!accept(reader, '"')) {
        bool plain = *reader->at != '\\';
        if (!plain) reader->at++;
        int32_t code_point = plain ? utf8_next(&reader->at, reader->end) : read_escape(reader);
        if (code_point < 0 || (plain && code_point < 0x20)) return false;
        length += utf8_put(code_point, text + length);
    }
    value->type = JSON_STRING;
    value->text = text;
    value->length = length;
    return true;
}

/* A list with room for one more: twice as long when it is full. */
static Json *with_room(Reader *reader, Json *list, size_t length) {
    if (length & (length - 1)) return list; /* only a power of two, or none at all, is full */
    Json *longer = arena_take(reader->arena, length ? 2 * length : 1, sizeof *list);
    return length ? memcpy(longer, list, length * sizeof *list) : longer;
}

static bool read_items(Reader *reader, Json *value, JsonType type) {
    char closing = type == JSON_OBJECT ? '}' : ']';
    Json *items = NULL, *names = NULL;
    size_t length = 0;
    reader->at++;
    skip_space(reader);
    bool ended = accept(reader, closing);
    while (!ended) {
        items = with_room(reader, items, length);
        if (type == JSON_OBJECT) {
            names = with_room(reader, names, length);
            skip_space(reader);
            if (!read_string(reader, &names[length])) return false;
            skip_space(reader);
            if (!accept(reader, ':')) return false;
        }
        if (!read_value(reader, &items[length++])) return false;
        ended = accept(reader, closing);
        if (!ended && !accept(reader, ',')) return false;
    }
    *value = (Json){.type = type, .length = length, .items = items, .names = names};
    return true;
}

static Json boolean(bool is_true) {
    return (Json){.type = JSON_BOOLEAN, .boolean = is_true};
}

static bool read_word(Reader *reader, Json *value, const char *word, Json meaning) {
    *value = meaning;
    return accept_word(reader, word);
}

/* Reads a value and the white space on both its sides. */
static bool read_value(Reader *reader, Json *value) {
    if (reader->depth == DEPTH) return false;
    reader->depth++;
    skip_space(reader);
    bool right;
    switch (peek(reader)) {
    case '{': right = read_items(reader, value, JSON_OBJECT); break;
    case '[': right = read_items(reader, value, JSON_ARRAY); break;
    case '"': right = read_string(reader, value); break;
    case 'n': right = read_word(reader, value, "null", (Json){.type = JSON_NULL}); break;
    case 't': right = read_word(reader, value, "true", boolean(true)); break;
    case 'f': right = read_word(reader, value, "false", boolean(false)); break;
    default: right = read_number(reader, value);
    }
    skip_space(reader);
    reader->depth--;
    return right;
}

bool json_is(const Json *value, JsonType type) {
    return value != NULL && value->type == type;
}

bool json_equals(const Json *string, const char *text) {
    size_t length = strlen(text);
    return json_is(string, JSON_STRING) && string->length == length
           && !memcmp(string->text, text, length);
}

const Json *json_get(const Json *object, const char *name) {
    for (size_t i = json_is(object, JSON_OBJECT) ? object->length : 0; i-- > 0;)
        if (json_equals(&object->names[i], name)) return &object->items[i];
    return NULL;
}
