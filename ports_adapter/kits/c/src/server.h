/* JSON-RPC 2.0, one message a line: reads a request, calls its method, writes the answer. */

#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>
#include <stdio.h>

#include "arena.h"
#include "json.h"

/* Writes its result and returns NULL, or says what is wrong with the params. `params` is NULL if
 * there are none. What it takes from the arena is given back after the answer. */
typedef const char *MethodFunction(const Json *params, Writer *result, Arena *arena);

typedef struct {
    const char *name;
    MethodFunction *run;
} Method;

/* Answers line after line, until `shutdown` or the end of input; gives the exit code. */
int serve(const Method *methods, size_t count, FILE *input, FILE *output);

#endif
