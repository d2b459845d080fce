"""A small GPT in NumPy that trains for four steps in single precision and writes a trace.

It calculates gradients by hand. With the argument `wrong`, it does not scale its attention scores.
"""

import sys

import numpy as np
from recorder_numpy import RECORDED_STEPS, record

Array = np.ndarray

is_wrong = sys.argv[1:] == ["wrong"]
documents = ["emma", "olivia", "ava", "maximilian"]
characters = sorted(set("".join(documents)))
bos = len(characters)
n_embd, n_head, block_size, num_steps = 8, 2, 8, 4
head_dim = n_embd // n_head
score_scale = np.float32(1 if is_wrong else head_dim**-0.5)

shapes = {
    "wte": (bos + 1, n_embd),
    "wpe": (block_size, n_embd),
    "wq": (n_embd, n_embd),
    "wk": (n_embd, n_embd),
    "wv": (n_embd, n_embd),
    "wo": (n_embd, n_embd),
    "fc1": (n_embd, 4 * n_embd),
    "fc2": (4 * n_embd, n_embd),
    "lm_head": (n_embd, bos + 1),
}
"""Matrices of linear layers are inputs by outputs."""


def rmsnorm(x: Array) -> tuple[Array, Array]:
    """The rows of `x` divided by their root mean square, and what each was multiplied by."""
    inverse = 1 / np.sqrt((x**2).mean(-1, keepdims=True) + np.float32(1e-5))
    return x * inverse, inverse


def rmsnorm_backward(dy: Array, y: Array, inverse: Array) -> Array:
    return inverse * (dy - y * (dy * y).mean(-1, keepdims=True))


def softmax(x: Array) -> Array:
    exps = np.exp(x - x.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


def split(x: Array) -> Array:
    """`[positions, n_embd]` as `[heads, positions, head_dim]`."""
    return x.reshape(-1, n_head, head_dim).swapaxes(0, 1)


def joined(heads: Array) -> Array:
    return heads.swapaxes(0, 1).reshape(-1, n_embd)


def loss_and_grads(w: dict[str, Array], tokens: list[int]) -> tuple[np.float32, dict[str, Array]]:
    """The mean loss of a document, and its gradients by the weights."""
    n = min(block_size, len(tokens) - 1)
    inputs, targets, positions = tokens[:n], tokens[1 : n + 1], np.arange(n)

    x0, inverse0 = rmsnorm(w["wte"][inputs] + w["wpe"][:n])
    x1, inverse1 = rmsnorm(x0)
    q, k, v = (split(x1 @ w[name]) for name in ("wq", "wk", "wv"))
    scores = q @ k.swapaxes(1, 2) * score_scale
    scores[:, positions[:, None] < positions] = -np.inf
    attention = softmax(scores)
    heads = joined(attention @ v)
    x2 = x0 + heads @ w["wo"]
    x3, inverse3 = rmsnorm(x2)
    hidden = np.maximum(x3 @ w["fc1"], 0)
    x4 = x2 + hidden @ w["fc2"]
    probabilities = softmax(x4 @ w["lm_head"])
    loss = -np.log(probabilities[positions, targets]).mean()

    g = {}
    dlogits = probabilities / np.float32(n)
    dlogits[positions, targets] -= np.float32(1) / np.float32(n)
    g["lm_head"] = x4.T @ dlogits
    dx2 = dx4 = dlogits @ w["lm_head"].T
    g["fc2"] = hidden.T @ dx4
    dhidden = (dx4 @ w["fc2"].T) * (hidden > 0)
    g["fc1"] = x3.T @ dhidden
    dx2 = dx2 + rmsnorm_backward(dhidden @ w["fc1"].T, x3, inverse3)
    g["wo"] = heads.T @ dx2
    dheads = split(dx2 @ w["wo"].T)
    dattention = dheads @ v.swapaxes(1, 2)
    dscores = attention * (dattention - (dattention * attention).sum(-1, keepdims=True))
    dscores *= score_scale
    dq, dk, dv = dscores @ k, dscores.swapaxes(1, 2) @ q, attention.swapaxes(1, 2) @ dheads
    dx1 = np.zeros_like(x1)
    for name, part in {"wq": dq, "wk": dk, "wv": dv}.items():
        g[name] = x1.T @ joined(part)
        dx1 += joined(part) @ w[name].T
    dx0 = rmsnorm_backward(dx2 + rmsnorm_backward(dx1, x1, inverse1), x0, inverse0)
    g["wte"], g["wpe"] = np.zeros_like(w["wte"]), np.zeros_like(w["wpe"])
    np.add.at(g["wte"], inputs, dx0)
    g["wpe"][:n] = dx0
    return loss, g


random = np.random.default_rng(42)
weights = {name: random.normal(0, 0.08, shape).astype("f") for name, shape in shapes.items()}
m = {name: np.zeros_like(weight) for name, weight in weights.items()}
v = {name: np.zeros_like(weight) for name, weight in weights.items()}

record(trace=1, n_head=n_head, num_steps=num_steps, weights=weights)
for step in range(num_steps):
    tokens = [bos, *map(characters.index, documents[step % len(documents)]), bos]
    loss, grads = loss_and_grads(weights, tokens)
    if step in RECORDED_STEPS:
        record(step=step, tokens=tokens, loss=loss, grads=grads)
    learning_rate = 0.01 * (1 - step / num_steps)
    for name, grad in grads.items():
        m[name] = 0.85 * m[name] + 0.15 * grad
        v[name] = 0.99 * v[name] + 0.01 * grad**2
        m_hat, v_hat = m[name] / (1 - 0.85 ** (step + 1)), v[name] / (1 - 0.99 ** (step + 1))
        weights[name] -= (learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8)).astype("f")
    if step in RECORDED_STEPS:
        record(step=step, m=m, v=v, weights=weights)
