#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void put(Writer *writer, const char *bytes, size_t length) {
    if (length > writer->room - writer->length) {
        size_t room = 2 * (writer->room + length);
        char *longer = realloc(writer->bytes, room);
        if (longer == NULL) {
            fprintf(stderr, "out of memory\n");
            exit(EXIT_FAILURE);
        }
        writer->bytes = longer;
        writer->room = room;
    }
    if (length) memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

/* Sets a comma, unless nothing stands before, or what is just opened or named. */
static void separate(Writer *writer) {
    char last = writer->length > 0 ? writer->bytes[writer->length - 1] : '{';
    if (!memchr("{[:", last, 3)) put(writer, ",", 1);
}

void json_open(Writer *writer, char bracket) {
    separate(writer);
    put(writer, &bracket, 1);
}

void json_close(Writer *writer, char bracket) {
    put(writer, &bracket, 1);
}

void json_name(Writer *writer, const char *name) {
    json_text(writer, name);
    put(writer, ":", 1);
}

void json_string(Writer *writer, const char *text, size_t length) {
    separate(writer);
    put(writer, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        char escape[8];
        if (byte < 0x20)
            put(writer, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", byte));
        else {
            if (byte == '"' || byte == '\\') put(writer, "\\", 1);
            put(writer, &text[i], 1);
        }
    }
    put(writer, "\"", 1);
}

void json_text(Writer *writer, const char *text) {
    json_string(writer, text, strlen(text));
}

/* 17 digits are enough to read the very same number back. JSON has no NaN and no infinities: the
 * protocol writes them as strings. */
void json_number(Writer *writer, double number) {
    if (isnan(number)) {
        json_text(writer, "NaN");
    } else if (isinf(number)) {
        json_text(writer, number > 0 ? "Infinity" : "-Infinity");
    } else {
        char digits[32];
        separate(writer);
        put(writer, digits, (size_t)snprintf(digits, sizeof digits, "%.17g", number));
    }
}

void json_bool(Writer *writer, bool boolean) {
    separate(writer);
    put(writer, boolean ? "true" : "false", boolean ? 4 : 5);
}

void json_null(Writer *writer) {
    separate(writer);
    put(writer, "null", 4);
}
