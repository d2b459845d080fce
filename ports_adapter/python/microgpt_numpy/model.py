"""The whole model: embeddings, blocks, logits; forward, and backward by hand.

The nodes that `forward` names are what `backward` needs, and what the protocol calls
intermediates: nothing is computed for show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import block
from .layers import (
    Array,
    Tensors,
    cross_entropy,
    cross_entropy_vjp,
    linear,
    linear_vjp,
    rmsnorm,
    rmsnorm_vjp,
)


@dataclass(frozen=True)
class Sizes:
    """The model's shape; the vocabulary's size is the number of rows of `wte`."""

    n_embd: int
    n_head: int
    n_layer: int
    block_size: int

    def positions(self, tokens: Sequence[int]) -> int:
        """How many tokens of a document are read: all but the last, within the block."""
        return min(self.block_size, len(tokens) - 1)

    def weight_shapes(self, vocab_size: int) -> dict[str, tuple[int, int]]:
        """Every weight's name and shape `(nout, nin)`, in the program's order."""
        n = self.n_embd
        shapes = {"wte": (vocab_size, n), "wpe": (self.block_size, n), "lm_head": (vocab_size, n)}
        for layer in range(self.n_layer):
            for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
                shapes[f"layer{layer}.{name}"] = (n, n)
            shapes[f"layer{layer}.mlp_fc1"] = (4 * n, n)
            shapes[f"layer{layer}.mlp_fc2"] = (n, 4 * n)
        return shapes


class Backward(NamedTuple):
    """The mean loss, in nats, what it is made of, and its gradients by every weight and node."""

    loss: float
    losses: Array
    logits: Array
    grads: Tensors
    node_grads: Tensors


def forward(weights: Tensors, sizes: Sizes, inputs: Sequence[int]) -> Tensors:
    """All nodes by name, in the order they are computed; the last one is `logits`.

    `inputs` are the tokens read. Nodes are `[positions][features]`, attention's scores and
    weights `[position][head][position seen]`.
    """
    embedding = weights["wte"][inputs] + weights["wpe"][: len(inputs)]
    x = rmsnorm(embedding)
    nodes = {"embedding": embedding, "input_norm": x}
    for layer in range(sizes.n_layer):
        block_nodes = block.forward(x, _of_layer(weights, layer), sizes.n_head)
        nodes |= _with_prefix(block_nodes, layer)
        x = block_nodes["mlp_residual"]
    return nodes | {"logits": linear(x, weights["lm_head"])}


def backward(weights: Tensors, sizes: Sizes, tokens: Sequence[int]) -> Backward:
    """Loss of predicting each next token of a document, and all its gradients."""
    n = sizes.positions(tokens)
    inputs, targets = tokens[:n], tokens[1 : n + 1]
    nodes = forward(weights, sizes, inputs)
    losses = cross_entropy(nodes["logits"], targets)

    logits_grad = cross_entropy_vjp(nodes["logits"], targets) / n
    node_grads: Tensors = {"logits": logits_grad}
    last = nodes[_stream(sizes.n_layer)]
    stream_grad, lm_head_grad = linear_vjp(last, weights["lm_head"], logits_grad)
    grads = {"lm_head": lm_head_grad}
    for layer in reversed(range(sizes.n_layer)):
        stream_grad, block_grads, block_node_grads = block.backward(
            nodes[_stream(layer)],
            _of_layer(weights, layer),
            _of_layer(nodes, layer),
            stream_grad,
        )
        grads |= _with_prefix(block_grads, layer)
        node_grads |= _with_prefix(block_node_grads, layer)
    node_grads["input_norm"] = stream_grad
    node_grads["embedding"] = rmsnorm_vjp(nodes["embedding"], stream_grad)
    grads |= _embedding_grads(weights, inputs, node_grads["embedding"])

    return Backward(
        float(losses.mean()),
        losses,
        nodes["logits"],
        {name: grads[name] for name in weights},
        {name: node_grads[name] for name in nodes},
    )


def _embedding_grads(weights: Tensors, inputs: Sequence[int], embedding_grad: Array) -> Tensors:
    """Gradients by `wte` and `wpe`; rows that were not read keep 0."""
    wte_grad = np.zeros_like(weights["wte"])
    # Not `wte_grad[inputs] += ...`: that would count a repeated token once.
    np.add.at(wte_grad, inputs, embedding_grad)
    wpe_grad = np.zeros_like(weights["wpe"])
    wpe_grad[: len(inputs)] = embedding_grad
    return {"wte": wte_grad, "wpe": wpe_grad}


def _stream(layer: int) -> str:
    """Name of the node that enters a layer, or that leaves the last one."""
    return f"layer{layer - 1}.mlp_residual" if layer else "input_norm"


def _of_layer(tensors: Tensors, layer: int) -> Tensors:
    """The tensors of one layer, by their names within it."""
    prefix = f"layer{layer}."
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _with_prefix(tensors: Tensors, layer: int) -> Tensors:
    """The reverse of `_of_layer`."""
    return {f"layer{layer}.{name}": tensor for name, tensor in tensors.items()}
