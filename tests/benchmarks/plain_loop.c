/* Training steps of microgpt in plain loops over arrays, in the canonical order of operations.

   A yardstick for speed that is right to the last bit: every sum, forward and backward, is
   taken in the order of the scalar program, whose gradients accumulate in the reverse of a
   depth-first walk from the loss. What that order comes to is said where it is used.

       cc -O2 -ffp-contract=off -fno-builtin-pow plain_loop.c -lm

   Without -fno-builtin-pow the compiler writes pow(x, 2.0) as a product and pow(x, -1.0) as a
   quotient, which can differ in the last bit from the library's pow, which is what Python's
   ** calls. A fused multiply-add rounds once where Python rounds twice, hence the other flag.

       plain_loop INPUT

   INPUT holds 8-byte numbers in native byte order (`plain_loop.run`); the losses, a
   checksum of the weights, and the time that a step takes go to standard output. */

#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A matrix [nout][nin], row by row, and its gradient. */
typedef struct {
    int64_t nout, nin;
    double *w, *dw;
} Matrix;

/* What a layer keeps of each position for the way back, and the gradients of its keys and
   values, which later positions add to. Attention is [position][head][cached position]. */
typedef struct {
    Matrix wq, wk, wv, wo, fc1, fc2;
    double *x, *attn_square, *attn_scale, *attn_norm;
    double *q, *k, *v, *exps, *denominators, *inverses, *attention, *heads;
    double *residual, *mlp_square, *mlp_scale, *mlp_norm, *hidden, *active;
    double *dk, *dv;
} Layer;

typedef struct {
    int64_t length;
    int64_t *tokens;
} Document;

static int64_t n_embd, n_head, n_layer, block_size, vocab_size, num_params;
static int64_t num_steps, steps_to_run, num_documents;
static int64_t head_dim;
static double learning_rate, beta1, beta2, eps;

static double *weights, *gradients, *moment1, *moment2;
static Matrix wte, wpe, lm_head;
static Layer *layers;
static Document *documents;

/* By position: the embedding and its norm, the output of the last layer, the loss's softmax. */
static double *embedding, *input_square, *input_scale, *output;
static double *logits, *exps, *denominators, *inverses, *probabilities;

/* Gradients at one position. */
static double *dx, *dnorm, *dhidden, *dheads, *dq, *dattention, *dlogits, *dembedding;

static double reciprocal_n_embd, score_scale;

static void fail(const char *what) {
    fprintf(stderr, "plain_loop: %s\n", what);
    exit(1);
}

static void *allocate(int64_t count, size_t size) {
    void *memory = calloc((size_t)(count > 0 ? count : 1), size);
    if (memory == NULL)
        fail("out of memory");
    return memory;
}

static double *doubles(int64_t count) { return allocate(count, sizeof(double)); }

static void zero(double *x, int64_t count) { memset(x, 0, (size_t)count * sizeof(double)); }

/* ---- forward ---- */

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void linear(double *y, const Matrix *m, const double *x) {
    for (int64_t o = 0; o < m->nout; o++)
        y[o] = dot(m->w + o * m->nin, x, m->nin);
}

static void rmsnorm(double *y, const double *x, double *square, double *scale) {
    *square = dot(x, x, n_embd) * reciprocal_n_embd + 1e-5;
    *scale = pow(*square, -0.5);
    for (int64_t i = 0; i < n_embd; i++)
        y[i] = x[i] * *scale;
}

/* Exponentials `e` of the `x`, their sum, its inverse, and the probabilities `p`. */
static void softmax(double *p, double *e, double *sum, double *inverse, const double *x,
                    int64_t n) {
    double highest = x[0];
    for (int64_t i = 1; i < n; i++)
        if (x[i] > highest)
            highest = x[i];
    *sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        e[i] = exp(x[i] - highest);
        *sum += e[i];
    }
    *inverse = pow(*sum, -1.0);
    for (int64_t i = 0; i < n; i++)
        p[i] = e[i] * *inverse;
}

static void attention_forward(Layer *l, int64_t p) {
    const double *q = l->q + p * n_embd;
    double *heads = l->heads + p * n_embd;
    for (int64_t h = 0; h < n_head; h++) {
        int64_t start = h * head_dim, at = (p * n_head + h) * block_size;
        double *weight = l->attention + at; /* the scores, until they become weights */
        for (int64_t t = 0; t <= p; t++)
            weight[t] = dot(q + start, l->k + t * n_embd + start, head_dim) * score_scale;
        softmax(weight, l->exps + at, &l->denominators[p * n_head + h],
                &l->inverses[p * n_head + h], weight, p + 1);
        for (int64_t j = start; j < start + head_dim; j++) {
            double sum = 0.0;
            for (int64_t t = 0; t <= p; t++)
                sum += weight[t] * l->v[t * n_embd + j];
            heads[j] = sum;
        }
    }
}

static void layer_forward(Layer *l, double *out, int64_t p) {
    double *x = l->x + p * n_embd, *residual = l->residual + p * n_embd;
    double *attn_norm = l->attn_norm + p * n_embd, *mlp_norm = l->mlp_norm + p * n_embd;
    double *hidden = l->hidden + p * 4 * n_embd, *active = l->active + p * 4 * n_embd;

    rmsnorm(attn_norm, x, &l->attn_square[p], &l->attn_scale[p]);
    linear(l->q + p * n_embd, &l->wq, attn_norm);
    linear(l->k + p * n_embd, &l->wk, attn_norm);
    linear(l->v + p * n_embd, &l->wv, attn_norm);
    attention_forward(l, p);
    linear(residual, &l->wo, l->heads + p * n_embd);
    for (int64_t i = 0; i < n_embd; i++)
        residual[i] += x[i];

    rmsnorm(mlp_norm, residual, &l->mlp_square[p], &l->mlp_scale[p]);
    linear(hidden, &l->fc1, mlp_norm);
    for (int64_t i = 0; i < 4 * n_embd; i++)
        active[i] = hidden[i] > 0.0 ? hidden[i] : 0.0;
    linear(out, &l->fc2, active);
    for (int64_t i = 0; i < n_embd; i++)
        out[i] += residual[i];
}

/* The input of layer `l` at position `p`, which is the output of the layer before. */
static double *layer_input(int64_t l, int64_t p) {
    return (l < n_layer ? layers[l].x : output) + p * n_embd;
}

/* The loss of one position. */
static double forward(int64_t token, int64_t target, int64_t p) {
    double *x = embedding + p * n_embd;
    for (int64_t i = 0; i < n_embd; i++)
        x[i] = wte.w[token * n_embd + i] + wpe.w[p * n_embd + i];
    rmsnorm(layer_input(0, p), x, &input_square[p], &input_scale[p]);
    for (int64_t l = 0; l < n_layer; l++)
        layer_forward(&layers[l], layer_input(l + 1, p), p);
    linear(logits, &lm_head, layer_input(n_layer, p));
    double *probability = probabilities + p * vocab_size;
    softmax(probability, exps + p * vocab_size, &denominators[p], &inverses[p], logits,
            vocab_size);
    return -log(probability[target]);
}

/* ---- backward ---- */

/* Through one row of a linear layer. */
static void row_backward(double *dinput, const Matrix *m, int64_t o, const double *x, double dy) {
    const double *w = m->w + o * m->nin;
    double *dw = m->dw + o * m->nin;
    for (int64_t i = 0; i < m->nin; i++) {
        dw[i] += x[i] * dy;
        dinput[i] += w[i] * dy;
    }
}

/* Rows are visited in ascending order, so the input's gradient takes them in descending order. */
static void linear_backward(double *dinput, const Matrix *m, const double *x, const double *dy) {
    for (int64_t o = m->nout - 1; o >= 0; o--)
        row_backward(dinput, m, o, x, dy[o]);
}

/* The input is a factor of its norm, and both factors of its own square. */
static void rmsnorm_backward(double *dinput, const double *dy, const double *x, double square,
                             double scale) {
    double dscale = 0.0;
    for (int64_t i = n_embd - 1; i >= 0; i--) {
        dinput[i] += scale * dy[i];
        dscale += x[i] * dy[i];
    }
    double dsquare = -0.5 * pow(square, -1.5) * dscale * reciprocal_n_embd;
    for (int64_t i = 0; i < n_embd; i++) {
        dinput[i] += x[i] * dsquare;
        dinput[i] += x[i] * dsquare;
    }
}

/* From `dheads` to `dq`, and what this position adds to the keys and values that it saw.

   Scores and weights are visited from the first cached position to the last, a head's
   dimensions in ascending order; the sum of exponentials comes before the quotients. */
static void attention_backward(Layer *l, int64_t p) {
    const double *q = l->q + p * n_embd;
    for (int64_t h = 0; h < n_head; h++) {
        int64_t start = h * head_dim, at = (p * n_head + h) * block_size;
        const double *weight = l->attention + at, *e = l->exps + at;
        double inverse = l->inverses[p * n_head + h];
        double dinverse = -1.0 * pow(l->denominators[p * n_head + h], -2.0);

        zero(dattention, p + 1);
        for (int64_t j = start + head_dim - 1; j >= start; j--)
            for (int64_t t = p; t >= 0; t--) {
                dattention[t] += l->v[t * n_embd + j] * dheads[j];
                l->dv[t * n_embd + j] += weight[t] * dheads[j];
            }
        double ddenominator = 0.0;
        for (int64_t t = p; t >= 0; t--)
            ddenominator += dinverse * (e[t] * dattention[t]);
        for (int64_t t = p; t >= 0; t--) {
            double de = inverse * dattention[t] + ddenominator;
            double dscore = score_scale * (e[t] * de);
            for (int64_t j = start; j < start + head_dim; j++) {
                dq[j] += l->k[t * n_embd + j] * dscore;
                l->dk[t * n_embd + j] += q[j] * dscore;
            }
        }
    }
}

/* From the gradients of one position's queries, keys and values to `dnorm`.

   Heads are visited one after the other. A head's first score needs all its queries; its own
   keys come after them, with the last score, and its own values last. At position 0 the first
   score is also the last, and queries alternate with keys: no matter, for the weight there is
   1 whatever the score, and the gradient of the queries exactly 0. */
static void projections_backward(Layer *l, int64_t p) {
    const double *x = l->attn_norm + p * n_embd;
    const double *dk = l->dk + p * n_embd, *dv = l->dv + p * n_embd;
    for (int64_t h = n_head - 1; h >= 0; h--) {
        int64_t start = h * head_dim, last = start + head_dim - 1;
        for (int64_t j = last; j >= start; j--)
            row_backward(dnorm, &l->wv, j, x, dv[j]);
        for (int64_t j = last; j >= start; j--)
            row_backward(dnorm, &l->wk, j, x, dk[j]);
        for (int64_t j = last; j >= start; j--)
            row_backward(dnorm, &l->wq, j, x, dq[j]);
    }
}

/* `dx` goes from the gradient of the layer's output to that of its input. The residual
   connection is the last to use its input, so its share, which `dx` holds, comes first. */
static void layer_backward(Layer *l, int64_t p) {
    const double *hidden = l->hidden + p * 4 * n_embd;
    zero(dhidden, 4 * n_embd);
    linear_backward(dhidden, &l->fc2, l->active + p * 4 * n_embd, dx);
    for (int64_t i = 0; i < 4 * n_embd; i++)
        dhidden[i] *= hidden[i] > 0.0 ? 1.0 : 0.0;
    zero(dnorm, n_embd);
    linear_backward(dnorm, &l->fc1, l->mlp_norm + p * n_embd, dhidden);
    rmsnorm_backward(dx, dnorm, l->residual + p * n_embd, l->mlp_square[p], l->mlp_scale[p]);

    zero(dheads, n_embd);
    linear_backward(dheads, &l->wo, l->heads + p * n_embd, dx);
    zero(dq, n_embd);
    attention_backward(l, p);
    zero(dnorm, n_embd);
    projections_backward(l, p);
    rmsnorm_backward(dx, dnorm, l->x + p * n_embd, l->attn_square[p], l->attn_scale[p]);
}

/* Backward through one position, whose loss has the gradient `dloss`.

   The target's exponential and its row of `lm_head` are visited first, as the numerator of
   the probability; the others follow in ascending order, with the denominator. */
static void backward(int64_t token, int64_t target, int64_t p, double dloss) {
    const double *e = exps + p * vocab_size, *x = layer_input(n_layer, p);
    double dprobability = 1.0 / probabilities[p * vocab_size + target] * (-1.0 * dloss);
    double dinverse = e[target] * dprobability;
    double ddenominator = -1.0 * pow(denominators[p], -2.0) * dinverse;
    for (int64_t o = 0; o < vocab_size; o++)
        dlogits[o] = e[o] * ddenominator;
    dlogits[target] = e[target] * (inverses[p] * dprobability + ddenominator);

    zero(dx, n_embd);
    for (int64_t o = vocab_size - 1; o >= 0; o--)
        if (o != target)
            row_backward(dx, &lm_head, o, x, dlogits[o]);
    row_backward(dx, &lm_head, target, x, dlogits[target]);

    for (int64_t l = n_layer - 1; l >= 0; l--)
        layer_backward(&layers[l], p);

    zero(dembedding, n_embd);
    rmsnorm_backward(dembedding, dx, embedding + p * n_embd, input_square[p], input_scale[p]);
    for (int64_t i = 0; i < n_embd; i++) {
        wte.dw[token * n_embd + i] += dembedding[i];
        wpe.dw[p * n_embd + i] += dembedding[i];
    }
}

/* ---- training ---- */

static int64_t positions_of(const Document *document) {
    return document->length - 1 < block_size ? document->length - 1 : block_size;
}

/* Positions are visited in order, so gradients accumulate from the last to the first. */
static double evaluate(const Document *document) {
    const int64_t *tokens = document->tokens;
    int64_t n = positions_of(document);
    zero(gradients, num_params);
    for (int64_t l = 0; l < n_layer; l++) {
        zero(layers[l].dk, n * n_embd);
        zero(layers[l].dv, n * n_embd);
    }
    double sum = 0.0;
    for (int64_t p = 0; p < n; p++)
        sum += forward(tokens[p], tokens[p + 1], p);
    for (int64_t p = n - 1; p >= 0; p--)
        backward(tokens[p], tokens[p + 1], p, 1.0 / (double)n);
    return sum * (1.0 / (double)n);
}

static void adam(int64_t step) {
    double rate = learning_rate * (1.0 - (double)step / (double)num_steps);
    double correction1 = 1.0 - pow(beta1, (double)(step + 1));
    double correction2 = 1.0 - pow(beta2, (double)(step + 1));
    for (int64_t i = 0; i < num_params; i++) {
        double g = gradients[i];
        moment1[i] = beta1 * moment1[i] + (1.0 - beta1) * g;
        moment2[i] = beta2 * moment2[i] + (1.0 - beta2) * pow(g, 2.0);
        double m_hat = moment1[i] / correction1, v_hat = moment2[i] / correction2;
        weights[i] -= rate * m_hat / (pow(v_hat, 0.5) + eps);
    }
}

/* Multiply-adds of a step's dot products: matrices, attention and sums of squares. A product
   is one on the way forward and two on the way back, one for the gradient of each factor. */
static double multiply_adds(const Document *document) {
    double n = (double)positions_of(document), width = (double)n_embd;
    double seen = n * (n + 1.0) / 2.0; /* pairs of a position and one that it attends to */
    double layer = n * 12.0 * width * width + seen * 2.0 * width + n * 2.0 * width;
    double ends = n * (double)vocab_size * width + n * width;
    return 3.0 * ((double)n_layer * layer + ends);
}

/* ---- input and output ---- */

static void read_words(FILE *file, void *to, int64_t count) {
    if (fread(to, 8, (size_t)count, file) != (size_t)count)
        fail("the input is too short");
}

static Matrix take(int64_t *used, int64_t nout, int64_t nin) {
    Matrix m = {nout, nin, weights + *used, gradients + *used};
    *used += nout * nin;
    return m;
}

static void read_input(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail("the input cannot be opened");
    int64_t header[9];
    read_words(file, header, 9);
    n_embd = header[0], n_head = header[1], n_layer = header[2];
    block_size = header[3], vocab_size = header[4], num_params = header[5];
    num_steps = header[6], steps_to_run = header[7], num_documents = header[8];
    head_dim = n_embd / n_head;
    double rates[4];
    read_words(file, rates, 4);
    learning_rate = rates[0], beta1 = rates[1], beta2 = rates[2], eps = rates[3];

    weights = doubles(num_params);
    read_words(file, weights, num_params);
    documents = allocate(num_documents, sizeof(Document));
    for (int64_t d = 0; d < num_documents; d++) {
        read_words(file, &documents[d].length, 1);
        documents[d].tokens = allocate(documents[d].length, sizeof(int64_t));
        read_words(file, documents[d].tokens, documents[d].length);
    }
    fclose(file);
}

static void prepare(void) {
    gradients = doubles(num_params);
    moment1 = doubles(num_params);
    moment2 = doubles(num_params);
    layers = allocate(n_layer, sizeof(Layer));

    int64_t used = 0, rows = block_size * n_embd, scores = block_size * n_head;
    wte = take(&used, vocab_size, n_embd);
    wpe = take(&used, block_size, n_embd);
    lm_head = take(&used, vocab_size, n_embd);
    for (int64_t i = 0; i < n_layer; i++) {
        Layer *l = &layers[i];
        l->wq = take(&used, n_embd, n_embd);
        l->wk = take(&used, n_embd, n_embd);
        l->wv = take(&used, n_embd, n_embd);
        l->wo = take(&used, n_embd, n_embd);
        l->fc1 = take(&used, 4 * n_embd, n_embd);
        l->fc2 = take(&used, n_embd, 4 * n_embd);
        l->x = doubles(rows), l->residual = doubles(rows), l->heads = doubles(rows);
        l->attn_norm = doubles(rows), l->mlp_norm = doubles(rows);
        l->q = doubles(rows), l->k = doubles(rows), l->v = doubles(rows);
        l->dk = doubles(rows), l->dv = doubles(rows);
        l->hidden = doubles(4 * rows), l->active = doubles(4 * rows);
        l->attn_square = doubles(block_size), l->attn_scale = doubles(block_size);
        l->mlp_square = doubles(block_size), l->mlp_scale = doubles(block_size);
        l->denominators = doubles(scores), l->inverses = doubles(scores);
        l->exps = doubles(scores * block_size), l->attention = doubles(scores * block_size);
    }
    if (used != num_params)
        fail("the sizes do not add up to the number of parameters");

    embedding = doubles(rows), output = doubles(rows);
    input_square = doubles(block_size), input_scale = doubles(block_size);
    logits = doubles(vocab_size), exps = doubles(block_size * vocab_size);
    probabilities = doubles(block_size * vocab_size);
    denominators = doubles(block_size), inverses = doubles(block_size);
    dx = doubles(n_embd), dnorm = doubles(n_embd), dhidden = doubles(4 * n_embd);
    dheads = doubles(n_embd), dq = doubles(n_embd), dattention = doubles(block_size);
    dlogits = doubles(vocab_size), dembedding = doubles(n_embd);

    reciprocal_n_embd = pow((double)n_embd, -1.0);
    score_scale = pow(pow((double)head_dim, 0.5), -1.0);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static uint64_t fnv1a(const void *data, size_t size) {
    const unsigned char *bytes = data;
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

int main(int argc, char **argv) {
    if (argc != 2)
        fail("usage: plain_loop INPUT");
    read_input(argv[1]);
    prepare();

    double *losses = doubles(steps_to_run), products = 0.0, start = now();
    for (int64_t step = 0; step < steps_to_run; step++) {
        losses[step] = evaluate(&documents[step % num_documents]);
        adam(step);
    }
    double seconds = now() - start, sum = 0.0;
    for (int64_t step = 0; step < steps_to_run; step++) {
        printf("%a\n", losses[step]);
        products += multiply_adds(&documents[step % num_documents]);
    }
    for (int64_t i = 0; i < num_params; i++)
        sum += weights[i];
    printf("checksum %a %016llx\n", sum,
           (unsigned long long)fnv1a(weights, (size_t)num_params * sizeof(double)));
    printf("seconds_per_step %.9g\n", seconds / (double)steps_to_run);
    printf("multiply_adds_per_step %.17g\n", products / (double)steps_to_run);
    return 0;
}
