#include "utf8.h"

/* How many bytes a first byte announces; -1 if none can begin with it. */
static int bytes_after(unsigned char lead) {
    if (lead < 0x80) return 0;
    if (lead < 0xc0 || lead >= 0xf8) return -1;
    return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

int32_t utf8_next(const char **at, const char *end) {
    const unsigned char *bytes = (const unsigned char *)*at;
    if (*at == end) return -1;
    int following = bytes_after(bytes[0]);
    if (following < 0 || end - *at <= following) return -1;
    int32_t code_point = following == 0 ? bytes[0] : bytes[0] & (0x3f >> following);
    for (int i = 1; i <= following; i++) {
        if ((bytes[i] & 0xc0) != 0x80) return -1;
        code_point = code_point << 6 | (bytes[i] & 0x3f);
    }
    /* One code point has one form, the shortest; halves of a surrogate pair have none. */
    static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (code_point < least[following] || code_point >= CODE_POINTS) return -1;
    if (code_point >= 0xd800 && code_point < 0xe000) return -1;
    *at += following + 1;
    return code_point;
}

size_t utf8_put(int32_t code_point, char *bytes) {
    if (code_point < 0x80) {
        bytes[0] = (char)code_point;
        return 1;
    }
    size_t following = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    static const int mark[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = following; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    bytes[0] = (char)(mark[following] | code_point);
    return following + 1;
}
