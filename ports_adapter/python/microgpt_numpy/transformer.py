"""The transformer: embeddings, blocks, logits; forward, and backward by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import block
from .array import Array, Tensors
from .layers import linear, linear_vjp, rmsnorm, rmsnorm_vjp
from .model import Network, Shapes, lookup_vjp


@dataclass(frozen=True)
class Transformer(Network):
    """A decoder-only transformer.

    Without `layer_names` it has one layer with one head, whose weights are called `attn_wq` and
    not `layer0.attn_wq`. Where it is `tied`, `wte` gives the logits, too, and there is no
    `lm_head`.
    """

    layer_names: bool = True
    tied: bool = False

    def __post_init__(self) -> None:
        """Refuse more than one layer or head where the names have no place for it.

        Raises:
            ValueError: there is more than one, or no layer.
        """
        if not self.layer_names and (self.sizes.n_layer, self.sizes.n_head) != (1, 1):
            raise ValueError("expected one layer with one head")

    def positions(self, tokens: Sequence[int]) -> int:
        """How many tokens of a document are read."""
        return self.sizes.positions(tokens)

    def weight_shapes(self, vocab_size: int) -> Shapes:
        """Every weight's name and shape `(nout, nin)`, in the program's order."""
        n = self.sizes.n_embd
        embeddings = {"wte": (vocab_size, n), "wpe": (self.sizes.block_size, n)}
        output = {} if self.tied else {"lm_head": (vocab_size, n)}
        layers: Shapes = {}
        for layer in range(self.sizes.n_layer):
            prefix = self._prefix(layer)
            for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
                layers[prefix + name] = (n, n)
            layers[prefix + "mlp_fc1"] = (4 * n, n)
            layers[prefix + "mlp_fc2"] = (n, 4 * n)
        return embeddings | (output | layers if self.layer_names else layers | output)

    def forward(self, weights: Tensors, inputs: Sequence[int]) -> Tensors:
        """All nodes by name, in the order they are computed; the last one is `logits`."""
        embedding = weights["wte"][inputs] + weights["wpe"][: len(inputs)]
        x = rmsnorm(embedding)
        nodes = {"embedding": embedding, "input_norm": x}
        for layer in range(self.sizes.n_layer):
            of_layer = self._of_layer(weights, layer)
            block_nodes = block.forward(x, of_layer, self.sizes.n_head, self.activation)
            nodes |= self._with_prefix(block_nodes, layer)
            x = block_nodes["mlp_residual"]
        return nodes | {"logits": linear(x, weights["wte" if self.tied else "lm_head"])}

    def vjp(
        self, weights: Tensors, inputs: Sequence[int], nodes: Tensors, logits_grad: Array
    ) -> tuple[Tensors, Tensors]:
        """Gradients by every weight, and by every node that `forward` gave."""
        output = weights["wte" if self.tied else "lm_head"]
        last = nodes[self._stream(self.sizes.n_layer)]
        stream_grad, output_grad = linear_vjp(last, output, logits_grad)
        grads: Tensors = {}
        node_grads: Tensors = {"logits": logits_grad}
        for layer in reversed(range(self.sizes.n_layer)):
            stream_grad, block_grads, block_node_grads = block.backward(
                nodes[self._stream(layer)],
                self._of_layer(weights, layer),
                self.activation,
                self._of_layer(nodes, layer),
                stream_grad,
            )
            grads |= self._with_prefix(block_grads, layer)
            node_grads |= self._with_prefix(block_node_grads, layer)
        node_grads["input_norm"] = stream_grad
        node_grads["embedding"] = rmsnorm_vjp(nodes["embedding"], stream_grad)
        grads |= self._embedding_grads(weights, inputs, node_grads["embedding"], output_grad)
        return grads, node_grads

    def _embedding_grads(
        self, weights: Tensors, inputs: Sequence[int], embedding_grad: Array, output_grad: Array
    ) -> Tensors:
        """Gradients by `wte` and `wpe`, and by `lm_head`; of a tied one both uses add up."""
        wte_grad = lookup_vjp(weights["wte"], inputs, embedding_grad)
        wpe_grad = np.zeros_like(weights["wpe"])
        wpe_grad[: len(inputs)] = embedding_grad
        if self.tied:
            return {"wte": wte_grad + output_grad, "wpe": wpe_grad}
        return {"wte": wte_grad, "wpe": wpe_grad, "lm_head": output_grad}

    def _prefix(self, layer: int) -> str:
        """What the names of a layer begin with."""
        return f"layer{layer}." if self.layer_names else ""

    def _stream(self, layer: int) -> str:
        """Name of the node that enters a layer, or that leaves the last one."""
        return f"{self._prefix(layer - 1)}mlp_residual" if layer else "input_norm"

    def _of_layer(self, tensors: Tensors, layer: int) -> Tensors:
        """The tensors of one layer, by their names within it; all, if names say no layer."""
        prefix = self._prefix(layer)
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    def _with_prefix(self, tensors: Tensors, layer: int) -> Tensors:
        """The reverse of `_of_layer`."""
        return {self._prefix(layer) + name: tensor for name, tensor in tensors.items()}
