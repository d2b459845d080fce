/* The port: answers requests from standard input on standard output. */

#include <stdio.h>

#include "methods.h"
#include "server.h"

int main(void) {
    return serve(METHODS, METHOD_COUNT, stdin, stdout);
}
