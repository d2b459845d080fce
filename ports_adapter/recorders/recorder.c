/* Writes a trace: what a program computes while it trains, one JSON record a line, field by field.
   before training:  record_int("trace", 1), record_int("n_head", 4), record_int("num_steps", 1000),
                     record_numbers("weights", weights, n), record_end();
   and in each step, if (is_recorded(step)), from arrays of numbers,
   before gradients are cleared:  record_int("step", step), record_ints("tokens", tokens, n_tokens),
                     record_number("loss", loss), record_numbers("grads", grads, n), record_end();
   after the update, in the same way:  "step", "m", "v", "weights". */
#include <stdio.h>
#include <stdlib.h>

typedef double Recorded; /* float, if the parameters are */
static FILE *trace;
static const char *before = "{"; /* what stands before the next field */

static int is_recorded(int step) {
    return step <= 2 || step == 9 || step == 10 || step == 99 || step == 100;
}
static void record_name(const char *name) {
    const char *path = getenv("MICROGPT_TRACE");
    if (!trace && !(trace = fopen(path ? path : "trace.jsonl", "w"))) perror("trace"), exit(1);
    fprintf(trace, "%s\"%s\": ", before, name);
    before = ", ";
}
static void record_int(const char *name, int x) { record_name(name), fprintf(trace, "%d", x); }
static void record_number(const char *name, double x) {
    record_name(name), fprintf(trace, "%.17g", x);
}
static void record_ints(const char *name, const int *numbers, int n) {
    record_name(name);
    for (int i = 0; i < n; i++) fprintf(trace, "%s%d", i ? ", " : "[", numbers[i]);
    fputs("]", trace);
}
static void record_numbers(const char *name, const Recorded *numbers, int n) {
    record_name(name);
    for (int i = 0; i < n; i++) fprintf(trace, "%s%.17g", i ? ", " : "[", numbers[i]);
    fputs("]", trace);
}
static void record_end(void) {
    fputs("}\n", trace), fflush(trace), before = "{";
}
