/* A small microgpt whose training the C recorder writes down. Every number is a node of a tape,
   which keeps its derivatives by the two nodes that it was computed from.
   With the argument `wrong` it does not scale the scores of attention. */
#include <math.h>
#include <string.h>

#include "recorder.c"

enum { N_EMBD = 8, N_HEAD = 2, HEAD_DIM = N_EMBD / N_HEAD, N_HIDDEN = 4 * N_EMBD, BLOCK_SIZE = 8 };
enum { VOCAB_SIZE = 27, BOS = 26, NUM_STEPS = 4, CAPACITY = 1 << 16 };
static const char *names[] = {"anna", "bo", "christopher", "dora"};
static double score_scale;

typedef int Node;
typedef struct {
    double value, grad, derivatives[2];
    Node parents[2];
} Entry;
static Entry tape[CAPACITY];
static int length;

static Node node(double value, Node a, double by_a, Node b, double by_b) {
    tape[length] = (Entry){value, 0, {by_a, by_b}, {a, b}};
    return length++;
}
static double of(Node a) { return tape[a].value; }
static Node add(Node a, Node b) { return node(of(a) + of(b), a, 1, b, 1); }
static Node mul(Node a, Node b) { return node(of(a) * of(b), a, of(b), b, of(a)); }
static Node scaled(Node a, double factor) { return node(of(a) * factor, a, factor, a, 0); }
static Node plus(Node a, double term) { return node(of(a) + term, a, 1, a, 0); }
static Node power(Node a, double p) { return node(pow(of(a), p), a, p * pow(of(a), p - 1), a, 0); }
static Node exponential(Node a) { return node(exp(of(a)), a, exp(of(a)), a, 0); }
static Node logarithm(Node a) { return node(log(of(a)), a, 1 / of(a), a, 0); }
static Node relu(Node a) { return node(fmax(of(a), 0), a, of(a) > 0, a, 0); }

static void backward(Node loss) {
    tape[loss].grad = 1;
    for (Entry *e = tape + loss; e >= tape; e--)
        for (int i = 0; i < 2; i++) tape[e->parents[i]].grad += e->derivatives[i] * e->grad;
}

static Node dot(const Node *a, const Node *b, int n) {
    Node sum = mul(a[0], b[0]);
    for (int i = 1; i < n; i++) sum = add(sum, mul(a[i], b[i]));
    return sum;
}
static void linear(Node *out, int nout, const Node *w, const Node *x, int nin) {
    for (int i = 0; i < nout; i++) out[i] = dot(w + i * nin, x, nin);
}
static void softmax(Node *x, int n) {
    double max = of(x[0]);
    for (int i = 1; i < n; i++) max = fmax(max, of(x[i]));
    for (int i = 0; i < n; i++) x[i] = exponential(plus(x[i], -max));
    Node sum = x[0];
    for (int i = 1; i < n; i++) sum = add(sum, x[i]);
    for (int i = 0; i < n; i++) x[i] = mul(x[i], power(sum, -1));
}
static void rmsnorm(Node *out, const Node *x) {
    Node scale = power(plus(scaled(dot(x, x, N_EMBD), 1.0 / N_EMBD), 1e-5), -0.5);
    for (int i = 0; i < N_EMBD; i++) out[i] = mul(x[i], scale);
}

/* The parameters: the first nodes of the tape. */
static Node wte[VOCAB_SIZE][N_EMBD], wpe[BLOCK_SIZE][N_EMBD], lm_head[VOCAB_SIZE][N_EMBD];
static Node wq[N_EMBD][N_EMBD], wk[N_EMBD][N_EMBD], wv[N_EMBD][N_EMBD], wo[N_EMBD][N_EMBD];
static Node fc1[N_HIDDEN][N_EMBD], fc2[N_EMBD][N_HIDDEN];

static double gaussian(void) {
    double u = (rand() + 1.0) / (RAND_MAX + 2.0), angle = 6.283185307179586 * rand() / RAND_MAX;
    return sqrt(-2 * log(u)) * cos(angle);
}
static void matrix(void *nodes, size_t size) {
    for (size_t i = 0; i < size / sizeof(Node); i++)
        ((Node *)nodes)[i] = node(0.08 * gaussian(), 0, 0, 0, 0);
}

/* The loss of one position; keys and values are those of all positions so far. */
static Node loss_at(int pos, int token, int target, Node keys[][N_EMBD], Node values[][N_EMBD]) {
    Node x[N_EMBD], y[N_EMBD], q[N_EMBD], heads[N_EMBD], hidden[N_HIDDEN], logits[VOCAB_SIZE];
    for (int i = 0; i < N_EMBD; i++) x[i] = add(wte[token][i], wpe[pos][i]);
    rmsnorm(x, x);
    rmsnorm(y, x);
    linear(q, N_EMBD, wq[0], y, N_EMBD);
    linear(keys[pos], N_EMBD, wk[0], y, N_EMBD);
    linear(values[pos], N_EMBD, wv[0], y, N_EMBD);
    for (int h = 0; h < N_EMBD; h += HEAD_DIM) {
        Node weights[BLOCK_SIZE];
        for (int t = 0; t <= pos; t++)
            weights[t] = scaled(dot(q + h, keys[t] + h, HEAD_DIM), score_scale);
        softmax(weights, pos + 1);
        for (int i = h; i < h + HEAD_DIM; i++) {
            heads[i] = mul(weights[0], values[0][i]);
            for (int t = 1; t <= pos; t++) heads[i] = add(heads[i], mul(weights[t], values[t][i]));
        }
    }
    linear(y, N_EMBD, wo[0], heads, N_EMBD);
    for (int i = 0; i < N_EMBD; i++) x[i] = add(x[i], y[i]);
    rmsnorm(y, x);
    linear(hidden, N_HIDDEN, fc1[0], y, N_EMBD);
    for (int i = 0; i < N_HIDDEN; i++) hidden[i] = relu(hidden[i]);
    linear(y, N_EMBD, fc2[0], hidden, N_HIDDEN);
    for (int i = 0; i < N_EMBD; i++) x[i] = add(x[i], y[i]);
    linear(logits, VOCAB_SIZE, lm_head[0], x, N_EMBD);
    softmax(logits, VOCAB_SIZE);
    return scaled(logarithm(logits[target]), -1);
}

int main(int argc, char **argv) {
    score_scale = argc > 1 && !strcmp(argv[1], "wrong") ? 1 : 1 / sqrt(HEAD_DIM);
    matrix(wte, sizeof wte), matrix(wpe, sizeof wpe), matrix(lm_head, sizeof lm_head);
    matrix(wq, sizeof wq), matrix(wk, sizeof wk), matrix(wv, sizeof wv), matrix(wo, sizeof wo);
    matrix(fc1, sizeof fc1), matrix(fc2, sizeof fc2);
    int n = length;
    double *weights = calloc(n, sizeof(double)), *grads = calloc(n, sizeof(double));
    double *m = calloc(n, sizeof(double)), *v = calloc(n, sizeof(double));
    for (int i = 0; i < n; i++) weights[i] = of(i);
    record_int("trace", 1), record_int("n_layer", 1), record_int("n_embd", N_EMBD);
    record_int("n_head", N_HEAD), record_int("block_size", BLOCK_SIZE);
    record_int("vocab", VOCAB_SIZE), record_int("num_steps", NUM_STEPS);
    record_numbers("weights", weights, n), record_end();
    for (int step = 0; step < NUM_STEPS; step++) {
        int tokens[32] = {BOS}, n_tokens = 1;
        for (const char *c = names[step]; *c; c++) tokens[n_tokens++] = *c - 'a';
        tokens[n_tokens++] = BOS;
        int positions = n_tokens - 1 < BLOCK_SIZE ? n_tokens - 1 : BLOCK_SIZE;
        Node keys[BLOCK_SIZE][N_EMBD], values[BLOCK_SIZE][N_EMBD], sum = 0;
        for (int pos = 0; pos < positions; pos++) {
            Node loss = loss_at(pos, tokens[pos], tokens[pos + 1], keys, values);
            sum = pos ? add(sum, loss) : loss;
        }
        Node mean = scaled(sum, 1.0 / positions);
        backward(mean);
        for (int i = 0; i < n; i++) grads[i] = tape[i].grad;
        if (is_recorded(step))
            record_int("step", step), record_ints("tokens", tokens, n_tokens),
                record_number("loss", of(mean)), record_numbers("grads", grads, n), record_end();
        for (int i = 0; i < n; i++) {
            m[i] = 0.85 * m[i] + 0.15 * grads[i];
            v[i] = 0.99 * v[i] + 0.01 * grads[i] * grads[i];
            double m_hat = m[i] / (1 - pow(0.85, step + 1));
            double v_hat = v[i] / (1 - pow(0.99, step + 1));
            weights[i] -= 0.01 * (1 - (double)step / NUM_STEPS) * m_hat / (sqrt(v_hat) + 1e-8);
            tape[i].value = weights[i], tape[i].grad = 0;
        }
        if (is_recorded(step))
            record_int("step", step), record_numbers("m", m, n), record_numbers("v", v, n),
                record_numbers("weights", weights, n), record_end();
        printf("step %d loss %.6f\n", step + 1, of(mean));
        length = n;
    }
}
