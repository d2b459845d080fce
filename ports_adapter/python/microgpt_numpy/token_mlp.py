"""The perceptron on the current token alone; forward, and backward by hand."""

from collections.abc import Sequence

from .array import Array, Tensors
from .layers import Mlp, mlp, mlp_vjp
from .model import Network, Shapes, lookup_vjp


class TokenMlp(Network):
    """`mlp_fc2 @ activation(mlp_fc1 @ wte[token])`, whatever came before, at any position."""

    def weight_shapes(self, vocab_size: int) -> Shapes:
        """Every weight's name and shape `(nout, nin)`, in the program's order."""
        n = self.sizes.n_embd
        return {"wte": (vocab_size, n), "mlp_fc1": (4 * n, n), "mlp_fc2": (vocab_size, 4 * n)}

    def forward(self, weights: Tensors, inputs: Sequence[int]) -> Tensors:
        """All nodes by name, in the order they are computed; the last one is `logits`."""
        x = weights["wte"][inputs]
        nodes = mlp(x, weights["mlp_fc1"], weights["mlp_fc2"], self.activation)
        return {
            "mlp_hidden": nodes.hidden,
            "mlp_activation": nodes.activation,
            "logits": nodes.output,
        }

    def vjp(
        self, weights: Tensors, inputs: Sequence[int], nodes: Tensors, logits_grad: Array
    ) -> tuple[Tensors, Tensors]:
        """Gradients by every weight, and by every node that `forward` gave."""
        grads = mlp_vjp(
            weights["wte"][inputs],
            weights["mlp_fc1"],
            weights["mlp_fc2"],
            self.activation,
            Mlp(nodes["mlp_hidden"], nodes["mlp_activation"], nodes["logits"]),
            logits_grad,
        )
        wte_grad = lookup_vjp(weights["wte"], inputs, grads.x)
        return (
            {"wte": wte_grad, "mlp_fc1": grads.fc1, "mlp_fc2": grads.fc2},
            {
                "mlp_hidden": grads.hidden,
                "mlp_activation": grads.activation,
                "logits": logits_grad,
            },
        )
