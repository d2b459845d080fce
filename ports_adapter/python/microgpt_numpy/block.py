"""One transformer block: attention and a perceptron, each on a residual branch.

Nodes, weights and gradients go by their names without the layer's prefix: `attn_norm`, `attn_wq`.
"""

from .activations import Activation
from .array import Array, Tensors
from .attention import attention, attention_vjp
from .layers import Mlp, linear, linear_vjp, mlp, mlp_vjp, rmsnorm, rmsnorm_vjp


def forward(x: Array, weights: Tensors, n_head: int, activation: Activation) -> Tensors:
    """All nodes of the block in the order they are computed; the last one is its output.

    `x` is the residual stream `[positions][n_embd]`.
    """
    attn_norm = rmsnorm(x)
    q = linear(attn_norm, weights["attn_wq"])
    k = linear(attn_norm, weights["attn_wk"])
    v = linear(attn_norm, weights["attn_wv"])
    attended = attention(q, k, v, n_head)
    attn_out = linear(attended.output, weights["attn_wo"])
    attn_residual = attn_out + x
    mlp_norm = rmsnorm(attn_residual)
    perceptron = mlp(mlp_norm, weights["mlp_fc1"], weights["mlp_fc2"], activation)
    return {
        "attn_norm": attn_norm,
        "q": q,
        "k": k,
        "v": v,
        "attn_scores": attended.scores,
        "attn_weights": attended.weights,
        "attn_heads": attended.output,
        "attn_out": attn_out,
        "attn_residual": attn_residual,
        "mlp_norm": mlp_norm,
        "mlp_hidden": perceptron.hidden,
        "mlp_activation": perceptron.activation,
        "mlp_out": perceptron.output,
        "mlp_residual": perceptron.output + attn_residual,
    }


def backward(
    x: Array, weights: Tensors, activation: Activation, nodes: Tensors, output_grad: Array
) -> tuple[Array, Tensors, Tensors]:
    """Gradients by `x`, by every weight, and by every node that `forward` gave.

    A sum hands its gradient to both terms unchanged. So the gradient of a residual stream is
    what comes down the stream plus what comes back from the branch that reads it.
    """
    residual_grad, weight_grads, node_grads = _mlp_half(weights, activation, nodes, output_grad)
    x_grad, more_weight_grads, more_node_grads = _attention_half(x, weights, nodes, residual_grad)
    return x_grad, weight_grads | more_weight_grads, node_grads | more_node_grads


def _mlp_half(
    weights: Tensors, activation: Activation, nodes: Tensors, output_grad: Array
) -> tuple[Array, Tensors, Tensors]:
    """Back from `mlp_residual` to `attn_residual`."""
    grads = mlp_vjp(
        nodes["mlp_norm"],
        weights["mlp_fc1"],
        weights["mlp_fc2"],
        activation,
        Mlp(nodes["mlp_hidden"], nodes["mlp_activation"], nodes["mlp_out"]),
        output_grad,
    )
    residual_grad = output_grad + rmsnorm_vjp(nodes["attn_residual"], grads.x)
    node_grads = {
        "mlp_residual": output_grad,
        "mlp_out": output_grad,
        "mlp_activation": grads.activation,
        "mlp_hidden": grads.hidden,
        "mlp_norm": grads.x,
        "attn_residual": residual_grad,
    }
    return residual_grad, {"mlp_fc1": grads.fc1, "mlp_fc2": grads.fc2}, node_grads


def _attention_half(
    x: Array, weights: Tensors, nodes: Tensors, residual_grad: Array
) -> tuple[Array, Tensors, Tensors]:
    """Back from `attn_residual` to the block's input."""
    heads_grad, wo_grad = linear_vjp(nodes["attn_heads"], weights["attn_wo"], residual_grad)
    grads = attention_vjp(nodes["q"], nodes["k"], nodes["v"], nodes["attn_weights"], heads_grad)
    by_q, wq_grad = linear_vjp(nodes["attn_norm"], weights["attn_wq"], grads.q)
    by_k, wk_grad = linear_vjp(nodes["attn_norm"], weights["attn_wk"], grads.k)
    by_v, wv_grad = linear_vjp(nodes["attn_norm"], weights["attn_wv"], grads.v)
    norm_grad = by_q + by_k + by_v
    weight_grads = {"attn_wq": wq_grad, "attn_wk": wk_grad, "attn_wv": wv_grad, "attn_wo": wo_grad}
    node_grads = {
        "attn_out": residual_grad,
        "attn_heads": heads_grad,
        "attn_weights": grads.weights,
        "attn_scores": grads.scores,
        "v": grads.v,
        "k": grads.k,
        "q": grads.q,
        "attn_norm": norm_grad,
    }
    return residual_grad + rmsnorm_vjp(x, norm_grad), weight_grads, node_grads
