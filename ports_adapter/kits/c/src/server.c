#define _POSIX_C_SOURCE 200809L /* getline */

#include "server.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

enum {
    PARSE_ERROR = -32700,
    INVALID_REQUEST = -32600,
    METHOD_NOT_FOUND = -32601,
    INVALID_PARAMS = -32602,
};

static void write_error(Writer *answer, int code, const char *message) {
    json_name(answer, "error");
    json_open(answer, '{');
    json_name(answer, "code");
    json_number(answer, code);
    json_name(answer, "message");
    json_text(answer, message);
    json_close(answer, '}');
}

/* A request's id, as it came: a number, a string, or null where it cannot be known. */
static void write_id(Writer *answer, const Json *id) {
    json_name(answer, "id");
    if (json_is(id, JSON_NUMBER))
        json_number(answer, id->number);
    else if (json_is(id, JSON_STRING))
        json_string(answer, id->text, id->length);
    else
        json_null(answer);
}

static const Method *find(const Method *methods, size_t count, const Json *name) {
    for (size_t i = 0; i < count; i++)
        if (json_equals(name, methods[i].name)) return &methods[i];
    return NULL;
}

/* Writes the result of a method, or the error that took its place. */
static void call(const Method *method, const Json *params, Writer *answer, Arena *arena) {
    size_t start = answer->length;
    json_name(answer, "result");
    const char *wrong = method->run(params, answer, arena);
    if (wrong != NULL) {
        answer->length = start;
        write_error(answer, INVALID_PARAMS, wrong);
    }
}

/* Writes the answer to a request, or nothing to a notification, which has no id. */
static void respond(const Method *methods, size_t count, const Json *request, Writer *answer,
                    Arena *arena) {
    const Json *name = json_get(request, "method");
    const Json *id = json_get(request, "id");
    bool valid = json_is(name, JSON_STRING);
    if (valid && id == NULL) return;

    json_open(answer, '{');
    json_name(answer, "jsonrpc");
    json_text(answer, "2.0");
    write_id(answer, id);
    const Method *method = find(methods, count, name);
    if (request == NULL)
        write_error(answer, PARSE_ERROR, "not a line of JSON");
    else if (!valid)
        write_error(answer, INVALID_REQUEST, "a request is an object with a method");
    else if (method == NULL)
        write_error(answer, METHOD_NOT_FOUND, "there is no such method");
    else
        call(method, json_get(request, "params"), answer, arena);
    json_close(answer, '}');
}

int serve(const Method *methods, size_t count, FILE *input, FILE *output) {
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    Arena arena = {0};
    Writer answer = {0};
    bool is_over = false;
    while (!is_over && (length = getline(&line, &room, input)) >= 0) {
        const Json *request = json_read(line, (size_t)length, &arena);
        answer.length = 0;
        respond(methods, count, request, &answer, &arena);
        if (answer.length > 0) {
            fwrite(answer.bytes, 1, answer.length, output);
            fputc('\n', output);
            fflush(output); /* whoever asked is waiting */
        }
        is_over = json_equals(json_get(request, "method"), "shutdown");
        arena_clear(&arena);
    }
    free(answer.bytes);
    free(line);
    return ferror(output) ? EXIT_FAILURE : EXIT_SUCCESS;
}
