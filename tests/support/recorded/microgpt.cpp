// A small microgpt in single precision whose training the C++ recorder writes down. Every number is
// a node of a tape, which keeps its derivatives by the two nodes that it was computed from.
// With the argument `wrong` it does not normalize the embeddings.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>
#include <vector>

#include "recorder.cpp"

constexpr int n_embd = 8, n_head = 2, head_dim = n_embd / n_head, block_size = 8;
constexpr int vocab_size = 27, bos = 26, num_steps = 4;
const float score_scale = 1 / std::sqrt(float(head_dim));
const std::string names[] = {"anna", "bo", "christopher", "dora"};

struct Entry {
    float value, grad;
    int a, b;
    float by_a, by_b;
};
std::vector<Entry> tape;

struct Value {
    int index;
    Value(float value, int a = 0, float by_a = 0, int b = 0, float by_b = 0) : index(tape.size()) {
        tape.push_back({value, 0, a, b, by_a, by_b});
    }
    float value() const { return tape[index].value; }
};
using Vector = std::vector<Value>;
using Matrix = std::vector<Vector>;

Value operator+(Value a, Value b) { return {a.value() + b.value(), a.index, 1, b.index, 1}; }
Value operator*(Value a, Value b) {
    return {a.value() * b.value(), a.index, b.value(), b.index, a.value()};
}
Value pow(Value a, float p) {
    return {std::pow(a.value(), p), a.index, p * std::pow(a.value(), p - 1)};
}
Value exp(Value a) { return {std::exp(a.value()), a.index, std::exp(a.value())}; }
Value log(Value a) { return {std::log(a.value()), a.index, 1 / a.value()}; }
Value relu(Value a) { return {std::max(a.value(), 0.0f), a.index, a.value() > 0 ? 1.0f : 0.0f}; }

void backward(Value loss) {
    tape[loss.index].grad = 1;
    for (int i = loss.index; i >= 0; i--) {
        Entry entry = tape[i];
        tape[entry.a].grad += entry.by_a * entry.grad;
        tape[entry.b].grad += entry.by_b * entry.grad;
    }
}

Value sum(const Vector &xs) {
    Value total = xs[0];
    for (size_t i = 1; i < xs.size(); i++) total = total + xs[i];
    return total;
}
Vector operator+(Vector a, const Vector &b) {
    for (size_t i = 0; i < a.size(); i++) a[i] = a[i] + b[i];
    return a;
}
Vector operator*(Vector a, Value factor) {
    for (Value &x : a) x = x * factor;
    return a;
}
Value dot(const Value *a, const Value *b, int n) {
    Value total = a[0] * b[0];
    for (int i = 1; i < n; i++) total = total + a[i] * b[i];
    return total;
}
Vector linear(const Matrix &w, const Vector &x) {
    Vector out;
    for (const Vector &row : w) out.push_back(dot(row.data(), x.data(), x.size()));
    return out;
}
Vector softmax(Vector x) {
    float max = x[0].value();
    for (Value logit : x) max = std::max(max, logit.value());
    for (Value &logit : x) logit = exp(logit + -max);
    return x * pow(sum(x), -1);
}
Vector rmsnorm(const Vector &x) {
    return x * pow(dot(x.data(), x.data(), n_embd) * (1.0f / n_embd) + 1e-5f, -0.5f);
}

std::mt19937 generator(42);
Matrix matrix(int rows, int columns) {
    std::normal_distribution<float> normal(0, 0.08f);
    Matrix made(rows);
    for (Vector &row : made)
        for (int i = 0; i < columns; i++) row.push_back(normal(generator));
    return made;
}

struct Model {
    Matrix wte = matrix(vocab_size, n_embd), wpe = matrix(block_size, n_embd);
    Matrix wq = matrix(n_embd, n_embd), wk = matrix(n_embd, n_embd);
    Matrix wv = matrix(n_embd, n_embd), wo = matrix(n_embd, n_embd);
    Matrix fc1 = matrix(4 * n_embd, n_embd), fc2 = matrix(n_embd, 4 * n_embd);
    Matrix lm_head = matrix(vocab_size, n_embd);
    bool is_wrong;

    Value loss(const std::vector<int> &tokens) const {
        Matrix keys, values;
        Vector losses;
        for (size_t pos = 0; pos < block_size && pos + 1 < tokens.size(); pos++) {
            Vector x = wte[tokens[pos]] + wpe[pos];
            if (!is_wrong) x = rmsnorm(x);
            Vector y = rmsnorm(x), q = linear(wq, y), heads;
            keys.push_back(linear(wk, y));
            values.push_back(linear(wv, y));
            for (int head = 0; head < n_embd; head += head_dim) {
                Vector scores;
                for (const Vector &key : keys)
                    scores.push_back(dot(&q[head], &key[head], head_dim) * score_scale);
                Vector weights = softmax(scores);
                for (int i = head; i < head + head_dim; i++) {
                    Vector terms;
                    for (size_t t = 0; t <= pos; t++) terms.push_back(weights[t] * values[t][i]);
                    heads.push_back(sum(terms));
                }
            }
            x = x + linear(wo, heads);
            Vector hidden = linear(fc1, rmsnorm(x));
            std::transform(hidden.begin(), hidden.end(), hidden.begin(), relu);
            x = x + linear(fc2, hidden);
            losses.push_back(log(softmax(linear(lm_head, x))[tokens[pos + 1]]) * -1.0f);
        }
        return sum(losses) * (1.0f / losses.size());
    }
};

int main(int argc, char **argv) {
    Model model;
    model.is_wrong = argc > 1 && std::string(argv[1]) == "wrong";
    const size_t n = tape.size();  // the first nodes of the tape are the parameters
    std::vector<float> weights, grads(n), m(n), v(n);
    for (const Entry &entry : tape) weights.push_back(entry.value);
    record("trace", 1, "n_layer", 1, "n_embd", n_embd, "n_head", n_head, "block_size", block_size,
           "vocab", vocab_size, "num_steps", num_steps, "weights", weights);
    for (int step = 0; step < num_steps; step++) {
        std::vector<int> tokens{bos};
        for (char letter : names[step]) tokens.push_back(letter - 'a');
        tokens.push_back(bos);
        Value loss = model.loss(tokens);
        backward(loss);
        for (size_t i = 0; i < n; i++) grads[i] = tape[i].grad;
        if (is_recorded(step))
            record("step", step, "tokens", tokens, "loss", loss.value(), "grads", grads);
        std::cout << "step " << step + 1 << " loss " << loss.value() << "\n";
        const float rate = 0.01f * (1 - float(step) / num_steps);
        for (size_t i = 0; i < n; i++) {
            m[i] = 0.85f * m[i] + 0.15f * grads[i];
            v[i] = 0.99f * v[i] + 0.01f * grads[i] * grads[i];
            float m_hat = m[i] / (1 - std::pow(0.85f, step + 1));
            float v_hat = v[i] / (1 - std::pow(0.99f, step + 1));
            weights[i] -= rate * m_hat / (std::sqrt(v_hat) + 1e-8f);
            tape[i] = {weights[i], 0, 0, 0, 0, 0};
        }
        if (is_recorded(step)) record("step", step, "m", m, "v", v, "weights", weights);
        tape.resize(n, tape[0]);
    }
}
