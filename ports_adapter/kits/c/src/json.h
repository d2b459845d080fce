/* JSON: a reader that takes nothing on trust, and a writer. */

#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

typedef enum {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} JsonType;

/* A value that was read; it lives as long as its arena. */
typedef struct Json {
    JsonType type;
    size_t length; /* of a string in bytes, of an array or object in items */
    union {
        bool boolean;
        double number;
        const char *text; /* of a string: UTF-8, in which a NUL may stand */
        struct {
            const struct Json *items; /* of an array, or the values of an object */
            const struct Json *names; /* of an object: strings */
        };
    };
} Json;

/* The value that a text holds, or NULL if the text is not exactly one JSON value. The byte after
 * the text must be a NUL. */
const Json *json_read(const char *text, size_t length, Arena *arena);

/* What an object has under a name; NULL if nothing, or if it is no object, or itself NULL. */
const Json *json_get(const Json *object, const char *name);

bool json_is(const Json *value, JsonType type); /* false for NULL */
bool json_equals(const Json *string, const char *text);

/* A text that grows as it is written. Begins as `Writer writer = {0}`. */
typedef struct {
    char *bytes;
    size_t length;
    size_t room;
} Writer;

/* An object is json_open(w, '{'), then for each item json_name and a value, then
 * json_close(w, '}'); an array likewise with brackets. Commas are set by themselves. */
void json_open(Writer *writer, char bracket);
void json_close(Writer *writer, char bracket);
void json_name(Writer *writer, const char *name);

void json_string(Writer *writer, const char *text, size_t length);
void json_text(Writer *writer, const char *text); /* up to its NUL */
void json_number(Writer *writer, double number);
void json_bool(Writer *writer, bool boolean);
void json_null(Writer *writer);

#endif
