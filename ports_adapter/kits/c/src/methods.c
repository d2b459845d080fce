/* What the port offers: a method is a function that writes its result, and a line in METHODS. */

#include "methods.h"

#include "tokenizer.h"
#include "utf8.h"

static MethodFunction initialize, tokenize, shutdown;

const Method METHODS[] = {
    {"initialize", initialize},
    {"tokenize", tokenize},
    /* The next method goes here. */
    {"shutdown", shutdown},
};
const size_t METHOD_COUNT = sizeof METHODS / sizeof *METHODS;

/* Who the port is, and what it offers. */
static const char *initialize(const Json *params, Writer *result, Arena *arena) {
    (void)params, (void)arena;
    json_open(result, '{');
    json_name(result, "protocol_version");
    json_number(result, 1);
    json_name(result, "name");
    json_text(result, "my port");
    json_name(result, "language");
    json_text(result, "C");
    json_name(result, "precision");
    json_text(result, "float64");
    json_name(result, "methods");
    json_open(result, '[');
    for (size_t i = 0; i < METHOD_COUNT; i++) json_text(result, METHODS[i].name);
    json_close(result, ']');
    json_name(result, "profiles");
    json_open(result, '[');
    json_text(result, "microgpt");
    json_close(result, ']');
    json_close(result, '}');
    return NULL;
}

/* A corpus into tokens. */
static const char *tokenize(const Json *params, Writer *result, Arena *arena) {
    const Json *text = json_get(params, "text");
    if (!json_is(text, JSON_STRING)) return "text must be a string";
    Documents documents = documents_of(text->text, text->length, arena);
    Tokenizer tokenizer = tokenizer_of(&documents, arena);

    json_open(result, '{');
    json_name(result, "characters");
    json_open(result, '[');
    for (int i = 0; i < tokenizer.bos; i++) {
        char bytes[4];
        json_string(result, bytes, utf8_put(tokenizer.characters[i], bytes));
    }
    json_close(result, ']');
    json_name(result, "vocab_size");
    json_number(result, tokenizer.vocab_size);
    json_name(result, "tokens");
    json_open(result, '[');
    for (size_t i = 0; i < documents.count; i++) {
        const Document *document = &documents.list[i];
        json_open(result, '[');
        json_number(result, tokenizer.bos);
        for (size_t j = 0; j < document->length; j++)
            json_number(result, tokenizer.tokens[document->characters[j]]);
        json_number(result, tokenizer.bos);
        json_close(result, ']');
    }
    json_close(result, ']');
    json_close(result, '}');
    return NULL;
}

/* Goodbye: the server ends after this answer. */
static const char *shutdown(const Json *params, Writer *result, Arena *arena) {
    (void)params, (void)arena;
    json_open(result, '{');
    json_close(result, '}');
    return NULL;
}
