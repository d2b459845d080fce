/* Code points to bytes and back. */

#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { CODE_POINTS = 0x110000 };

/* Reads the code point at `*at` and moves on behind it; -1 where there is no UTF-8. */
int32_t utf8_next(const char **at, const char *end);

/* Writes a code point, and says how many bytes it took: up to four. */
size_t utf8_put(int32_t code_point, char *bytes);

#endif
