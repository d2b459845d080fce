"""A small GPT that trains for four steps and writes a trace.

With the argument `wrong`, it does not scale its attention scores.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Sequence
from operator import mul

from recorder import RECORDED_STEPS, record

is_wrong = sys.argv[1:] == ["wrong"]
documents = ["emma", "olivia", "ava", "maximilian"]
characters = sorted(set("".join(documents)))
bos = len(characters)
n_embd, n_head, block_size, num_steps = 8, 2, 8, 4
head_dim = n_embd // n_head

tape: list[Value] = []
"""All values in the order in which they are computed: the parameters, then those of a step."""


class Value:
    """A number that remembers what it was computed from, with the slope of each."""

    def __init__(self, data: float, *parents: tuple[Value, float]) -> None:
        self.data, self.grad, self.parents = data, 0.0, parents
        tape.append(self)

    def __add__(self, other: Value) -> Value:
        return Value(self.data + other.data, (self, 1), (other, 1))

    def __mul__(self, other: Value) -> Value:
        return Value(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, k: float) -> Value:
        return Value(self.data**k, (self, k * self.data ** (k - 1)))

    def scaled(self, factor: float) -> Value:
        return Value(self.data * factor, (self, factor))

    def exp(self) -> Value:
        return Value(math.exp(self.data), (self, math.exp(self.data)))

    def log(self) -> Value:
        return Value(math.log(self.data), (self, 1 / self.data))

    def relu(self) -> Value:
        return Value(max(0, self.data), (self, float(self.data > 0)))

    def backward(self) -> None:
        self.grad = 1
        for node in reversed(tape):
            for parent, slope in node.parents:
                parent.grad += slope * node.grad


Vector = Sequence[Value]
Matrix = Sequence[Vector]


def total(xs: Vector) -> Value:
    return Value(sum(x.data for x in xs), *((x, 1) for x in xs))


def dot(xs: Vector, ys: Vector) -> Value:
    return total([*map(mul, xs, ys)])


def linear(w: Matrix, x: Vector) -> Vector:
    return [dot(row, x) for row in w]


def add(xs: Vector, ys: Vector) -> Vector:
    return [x + y for x, y in zip(xs, ys, strict=True)]


def rmsnorm(x: Vector) -> Vector:
    inverse = (dot(x, x).scaled(1 / len(x)) + Value(1e-5)) ** -0.5
    return [xi * inverse for xi in x]


def softmax(xs: Vector) -> Vector:
    highest = Value(-max(x.data for x in xs))
    exps = [(x + highest).exp() for x in xs]
    inverse = total(exps) ** -1
    return [e * inverse for e in exps]


def matrix(n_out: int, n_in: int) -> Matrix:
    return [[Value(random.gauss(0, 0.08)) for _ in range(n_in)] for _ in range(n_out)]


random.seed(42)
wte, wpe, lm_head = (matrix(rows, n_embd) for rows in (bos + 1, block_size, bos + 1))
wq, wk, wv, wo = (matrix(n_embd, n_embd) for _ in range(4))
fc1, fc2 = matrix(4 * n_embd, n_embd), matrix(n_embd, 4 * n_embd)
params = tape.copy()


def attention(q: Vector, keys: Matrix, values: Matrix) -> Vector:
    heads: list[Value] = []
    for start in range(0, n_embd, head_dim):
        part = slice(start, start + head_dim)
        scores = [dot(q[part], key[part]) for key in keys]
        weights = softmax(scores if is_wrong else [s.scaled(head_dim**-0.5) for s in scores])
        heads += [dot(weights, column) for column in zip(*(v[part] for v in values), strict=True)]
    return heads


def logits(token: int, position: int, keys: list[Vector], values: list[Vector]) -> Vector:
    x = rmsnorm(add(wte[token], wpe[position]))
    normed = rmsnorm(x)
    keys.append(linear(wk, normed))
    values.append(linear(wv, normed))
    x = add(x, linear(wo, attention(linear(wq, normed), keys, values)))
    x = add(x, linear(fc2, [h.relu() for h in linear(fc1, rmsnorm(x))]))
    return linear(lm_head, x)


def mean_loss(tokens: Sequence[int]) -> Value:
    keys: list[Vector] = []
    values: list[Vector] = []
    losses = []
    for position, target in enumerate(tokens[1 : block_size + 1]):
        probabilities = softmax(logits(tokens[position], position, keys, values))
        losses.append(probabilities[target].log())
    return total(losses).scaled(-1 / len(losses))


record(
    trace=1,
    n_layer=1,
    n_embd=n_embd,
    n_head=n_head,
    block_size=block_size,
    vocab="".join(characters),
    num_steps=num_steps,
    weights=[p.data for p in params],
)
m, v = [0.0] * len(params), [0.0] * len(params)
for step in range(num_steps):
    document = documents[step % len(documents)]
    tokens = [bos, *map(characters.index, document), bos]
    loss = mean_loss(tokens)
    loss.backward()
    if step in RECORDED_STEPS:
        grads = [p.grad for p in params]
        record(step=step, document=document, tokens=tokens, loss=loss.data, grads=grads)
    learning_rate = 0.01 * (1 - step / num_steps)
    for i, p in enumerate(params):
        m[i] = 0.85 * m[i] + 0.15 * p.grad
        v[i] = 0.99 * v[i] + 0.01 * p.grad**2
        m_hat, v_hat = m[i] / (1 - 0.85 ** (step + 1)), v[i] / (1 - 0.99 ** (step + 1))
        p.data -= learning_rate * m_hat / (v_hat**0.5 + 1e-8)
        p.grad = 0
    if step in RECORDED_STEPS:
        record(step=step, m=m, v=v, weights=[p.data for p in params])
    del tape[len(params) :]
