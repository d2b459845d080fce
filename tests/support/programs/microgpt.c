/* A program that trains and samples as microgpt does, with gradients derived by hand and a
 * generator of its own. It reads input.txt and prints what such programs print; the tests run it
 * as it is. Mistakes are compiled in by -D, one each: see the switches below. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The generator, and what is printed. */
#ifndef SEED
#define SEED 1
#endif
#ifndef STEPS
#define STEPS 1000
#endif
#ifndef EVERY
#define EVERY 1
#endif
#ifndef REAL
#define REAL double
#endif
#ifndef DRAW
#define DRAW normal() * STD
#endif

/* Each of these may be compiled wrong. */
#ifndef STD
#define STD 0.08
#endif
#ifndef SHUFFLED
#define SHUFFLED 1
#endif
#ifndef POSITIONS /* how much of the positional embedding is added */
#define POSITIONS 1
#endif
#ifndef RESIDUAL
#define RESIDUAL 1
#endif
#ifndef SCALE
#define SCALE sqrt(D)
#endif
#ifndef ALONG /* how much of a norm's gradient comes from its scale */
#define ALONG 1
#endif
#ifndef PASSES /* where a ReLU lets gradients through */
#define PASSES(x) ((x) > 0)
#endif
#ifndef CACHED /* how much of the gradient reaches earlier keys and values */
#define CACHED 1
#endif
#ifndef QUERY
#define QUERY dq
#define KEY dk[p]
#endif
#ifndef TAKEN /* what the printed loss is divided by */
#define TAKEN n
#endif
#ifndef MEAN /* what a document's gradient is divided by */
#define MEAN n
#endif
#ifndef FLOOR
#define FLOOR 0
#endif
#ifndef POSITIONS_OF
#define POSITIONS_OF(length) ((length) + 1)
#endif
#ifndef BETA1
#define BETA1 0.85
#endif
#ifndef BETA2
#define BETA2 0.99
#endif
#ifndef RATE
#define RATE (0.01 * (1 - (double)step / STEPS))
#endif
#ifndef CORRECTION
#define CORRECTION(beta) (1 - pow(beta, step + 1))
#endif
#ifndef ROOT
#define ROOT(v) (sqrt(v) + 1e-8)
#endif
#ifndef DECAY
#define DECAY 0
#endif
#ifndef KEPT /* how much of the gradient is still there at the next step */
#define KEPT 0
#endif
#ifndef ZEROED /* parameters that begin at 0 */
#define ZEROED(i) 0
#endif

typedef REAL real;

enum { E = 16, H = 4, D = E / H, B = 16, F = 4 * E, MAX_VOCAB = 257 };

/* xorshift64*, and normal deviates by Box and Muller. */
static uint64_t state;

static real uniform(void) {
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return ((state * 2685821657736338717u) >> 11) * 0x1p-53;
}

static real normal(void) {
    real radius = sqrt(-2 * log(1 - uniform()));
    return radius * cos(6.283185307179586 * uniform());
}

static char **docs;
static int num_docs, vocab, bos, token_of[256];
static unsigned char char_of[256];

static void read_docs(const char *path) {
    FILE *file = fopen(path, "r");
    char line[4096];
    int seen[256] = {0};
    if (!file) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    while (fgets(line, sizeof line, file)) {
        size_t length = strlen(line);
        while (length && (line[length - 1] == '\n' || line[length - 1] == '\r' || line[length - 1] == ' '))
            line[--length] = 0;
        if (!length) continue;
        docs = realloc(docs, (num_docs + 1) * sizeof *docs);
        docs[num_docs++] = strdup(line);
        for (size_t i = 0; i < length; i++) seen[(unsigned char)line[i]] = 1;
    }
    fclose(file);
    for (int c = 0; c < 256; c++)
        if (seen[c]) token_of[c] = vocab, char_of[vocab++] = c;
    bos = vocab++;
    for (int i = num_docs - 1; SHUFFLED && i > 0; i--) {
        int j = (int)(uniform() * (i + 1));
        char *other = docs[i];
        docs[i] = docs[j], docs[j] = other;
    }
}

/* All parameters in one array, their gradients and moments in others of the same layout. */
static int num_params, WTE, WPE, HEAD, WQ, WK, WV, WO, FC1, FC2;
static real *w, *g, *m, *v;

static int take(int rows, int columns) {
    num_params += rows * columns;
    return num_params - rows * columns;
}

static void make_params(void) {
    WTE = take(vocab, E), WPE = take(B, E), HEAD = take(vocab, E);
    WQ = take(E, E), WK = take(E, E), WV = take(E, E), WO = take(E, E);
    FC1 = take(F, E), FC2 = take(E, F);
    w = calloc(num_params, sizeof *w), g = calloc(num_params, sizeof *g);
    m = calloc(num_params, sizeof *m), v = calloc(num_params, sizeof *v);
    for (int i = 0; i < num_params; i++) w[i] = ZEROED(i) ? 0 : DRAW;
}

static void linear(real *y, int at, const real *x, int out, int in) {
    for (int o = 0; o < out; o++) {
        y[o] = 0;
        for (int i = 0; i < in; i++) y[o] += w[at + o * in + i] * x[i];
    }
}

static void linear_back(real *dx, int at, const real *dy, const real *x, int out, int in) {
    for (int o = 0; o < out; o++)
        for (int i = 0; i < in; i++) {
            g[at + o * in + i] += dy[o] * x[i];
            dx[i] += dy[o] * w[at + o * in + i];
        }
}

static void rmsnorm(real *y, const real *x) {
    real sum = 0;
    for (int i = 0; i < E; i++) sum += x[i] * x[i];
    for (int i = 0; i < E; i++) y[i] = x[i] / sqrt(sum / E + 1e-5);
}

static void rmsnorm_back(real *dx, const real *dy, const real *x) {
    real sum = 0, along = 0;
    for (int i = 0; i < E; i++) sum += x[i] * x[i], along += dy[i] * x[i];
    real scale = 1 / sqrt(sum / E + 1e-5);
    for (int i = 0; i < E; i++) dx[i] += scale * (dy[i] - ALONG * x[i] * along * scale * scale / E);
}

static void softmax(real *p, const real *x, int n) {
    real highest = x[0], sum = 0;
    for (int i = 1; i < n; i++) highest = x[i] > highest ? x[i] : highest;
    for (int i = 0; i < n; i++) sum += p[i] = exp(x[i] - highest);
    for (int i = 0; i < n; i++) p[i] /= sum;
}

/* What each position computed, kept for the way back. */
static struct {
    real embedding[E], x[E], normed[E], q[E], k[E], v[E], weights[H][B], heads[E];
    real middle[E], normed2[E], hidden[F], active[F], out[E], logits[MAX_VOCAB];
} at[B];

static void forward(int token, int position) {
    real y[E];
    for (int i = 0; i < E; i++)
        at[position].embedding[i] = w[WTE + token * E + i] + POSITIONS * w[WPE + position * E + i];
    rmsnorm(at[position].x, at[position].embedding);
    rmsnorm(at[position].normed, at[position].x);
    linear(at[position].q, WQ, at[position].normed, E, E);
    linear(at[position].k, WK, at[position].normed, E, E);
    linear(at[position].v, WV, at[position].normed, E, E);
    for (int h = 0; h < H; h++) {
        real scores[B];
        for (int t = 0; t <= position; t++) {
            scores[t] = 0;
            for (int j = h * D; j < (h + 1) * D; j++) scores[t] += at[position].q[j] * at[t].k[j];
            scores[t] /= SCALE;
        }
        softmax(at[position].weights[h], scores, position + 1);
        for (int j = h * D; j < (h + 1) * D; j++) {
            at[position].heads[j] = 0;
            for (int t = 0; t <= position; t++)
                at[position].heads[j] += at[position].weights[h][t] * at[t].v[j];
        }
    }
    linear(y, WO, at[position].heads, E, E);
    for (int i = 0; i < E; i++) at[position].middle[i] = y[i] + RESIDUAL * at[position].x[i];
    rmsnorm(at[position].normed2, at[position].middle);
    linear(at[position].hidden, FC1, at[position].normed2, F, E);
    for (int i = 0; i < F; i++) at[position].active[i] = fmax(0, at[position].hidden[i]);
    linear(y, FC2, at[position].active, E, F);
    for (int i = 0; i < E; i++) at[position].out[i] = y[i] + at[position].middle[i];
    linear(at[position].logits, HEAD, at[position].out, vocab, E);
}

/* Adds the gradients of the mean loss, and gives that. */
static real train_on(const int *tokens, int n) {
    static real dk[B][E], dv[B][E];
    real loss = 0;
    memset(dk, 0, sizeof dk), memset(dv, 0, sizeof dv);
    for (int t = 0; t < n; t++) forward(tokens[t], t);
    for (int p = n - 1; p >= 0; p--) {
        real probs[MAX_VOCAB], dout[E] = {0}, dactive[F] = {0}, dhidden[F], dnormed2[E] = {0};
        real dmiddle[E], dheads[E] = {0}, dq[E] = {0}, dnormed[E] = {0}, dx[E], dembedding[E] = {0};
        softmax(probs, at[p].logits, vocab);
        loss -= log(probs[tokens[p + 1]] + FLOOR) / TAKEN;
        probs[tokens[p + 1]] -= 1;
        for (int i = 0; i < vocab; i++) probs[i] /= MEAN;
        linear_back(dout, HEAD, probs, at[p].out, vocab, E);
        linear_back(dactive, FC2, dout, at[p].active, E, F);
        for (int i = 0; i < F; i++) dhidden[i] = PASSES(at[p].hidden[i]) ? dactive[i] : 0;
        linear_back(dnormed2, FC1, dhidden, at[p].normed2, F, E);
        memcpy(dmiddle, dout, sizeof dmiddle);
        rmsnorm_back(dmiddle, dnormed2, at[p].middle);
        linear_back(dheads, WO, dmiddle, at[p].heads, E, E);
        for (int i = 0; i < E; i++) dx[i] = RESIDUAL * dmiddle[i];
        for (int h = 0; h < H; h++) {
            real dweights[B], mean = 0;
            for (int t = 0; t <= p; t++) {
                dweights[t] = 0;
                for (int j = h * D; j < (h + 1) * D; j++) {
                    dweights[t] += dheads[j] * at[t].v[j];
                    dv[t][j] += (t == p ? 1 : CACHED) * dheads[j] * at[p].weights[h][t];
                }
                mean += dweights[t] * at[p].weights[h][t];
            }
            for (int t = 0; t <= p; t++) {
                real dscore = at[p].weights[h][t] * (dweights[t] - mean) / SCALE;
                for (int j = h * D; j < (h + 1) * D; j++) {
                    dq[j] += dscore * at[t].k[j];
                    dk[t][j] += (t == p ? 1 : CACHED) * dscore * at[p].q[j];
                }
            }
        }
        /* Later positions have been here already, so this one's key and value are complete. */
        linear_back(dnormed, WQ, QUERY, at[p].normed, E, E);
        linear_back(dnormed, WK, KEY, at[p].normed, E, E);
        linear_back(dnormed, WV, dv[p], at[p].normed, E, E);
        rmsnorm_back(dx, dnormed, at[p].x);
        rmsnorm_back(dembedding, dx, at[p].embedding);
        for (int i = 0; i < E; i++) {
            g[WTE + tokens[p] * E + i] += dembedding[i];
            g[WPE + p * E + i] += POSITIONS * dembedding[i];
        }
    }
    return loss;
}

static void adam(int step) {
    for (int i = 0; i < num_params; i++) {
        m[i] = BETA1 * m[i] + (1 - BETA1) * g[i];
        v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] * g[i];
        w[i] -= RATE * (m[i] / CORRECTION(BETA1)) / ROOT(v[i] / CORRECTION(BETA2));
        w[i] -= RATE * DECAY * w[i];
        g[i] *= KEPT;
    }
}

int main(void) {
    state = 0x9e3779b97f4a7c15u * (SEED + 1);
    read_docs("input.txt");
    make_params();
    printf("num docs: %d\nvocab size: %d\nnum params: %d\n", num_docs, vocab, num_params);
    for (int step = 0; step < STEPS; step++) {
        const char *doc = docs[step % num_docs];
        int length = (int)strlen(doc), n = POSITIONS_OF(length) < B ? POSITIONS_OF(length) : B, tokens[B + 1];
        for (int t = 0; t <= n; t++)
            tokens[t] = t == 0 || t > length ? bos : token_of[(unsigned char)doc[t - 1]];
        real loss = train_on(tokens, n);
        adam(step);
        if ((step + 1) % EVERY == 0) printf("step %4d / %4d | loss %.4f\r", step + 1, STEPS, loss);
    }
    printf("\n--- samples ---\n");
    for (int s = 0; s < 20; s++) {
        printf("sample %2d: ", s + 1);
        for (int position = 0, token = bos; position < B; position++) {
            real probs[MAX_VOCAB], threshold;
            forward(token, position);
            for (int i = 0; i < vocab; i++) at[position].logits[i] /= 0.5;
            softmax(probs, at[position].logits, vocab);
            threshold = uniform();
            for (token = 0; token < vocab - 1 && threshold >= probs[token]; token++)
                threshold -= probs[token];
            if (token == bos) break;
            putchar(char_of[token]);
        }
        putchar('\n');
    }
    return 0;
}
