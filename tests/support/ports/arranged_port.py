"""The canonical program as a port that keeps its weights otherwise.

python -m tests.support.ports.arranged_port transposed | per-head | fused | flat
"""

import sys
from collections.abc import Callable
from itertools import chain
from typing import Any

import msgspec

from conformance.mistakes import patched_port as oracle_port
from ports_adapter.messages import InitializeResult, StepParams

Tensors = dict[str, Any]

N_EMBD, N_HEAD, BLOCK_SIZE = 16, 4, 16
HEAD_DIM = N_EMBD // N_HEAD
LAYER = ("attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2")
NAMES = ("wte", "wpe", "lm_head", *(f"layer0.{name}" for name in LAYER))


def transposed(matrix: Any) -> Any:
    return [list(column) for column in zip(*matrix, strict=True)]


def swap(tensors: Tensors) -> Tensors:
    """Every matrix but the embeddings is [nin][nout]; this is its own inverse."""
    kept = ("wte", "wpe")
    return {name: t if name in kept else transposed(t) for name, t in tensors.items()}


def split(tensors: Tensors) -> Tensors:
    """`blocks.0.q` is [head][nin][head_dim]; the heads of `attn_wo` are matrices of their own."""
    port = dict(tensors)
    for part in "qkv":
        rows = port.pop(f"layer0.attn_w{part}")
        heads = [rows[h * HEAD_DIM : (h + 1) * HEAD_DIM] for h in range(N_HEAD)]
        port[f"blocks.0.{part}"] = [transposed(head) for head in heads]
    rows = port.pop("layer0.attn_wo")
    for h in range(N_HEAD):
        port[f"blocks.0.out{h}"] = [row[h * HEAD_DIM : (h + 1) * HEAD_DIM] for row in rows]
    return port


def unsplit(port: Tensors) -> Tensors:
    tensors = dict(port)
    for part in "qkv":
        heads = tensors.pop(f"blocks.0.{part}")
        tensors[f"layer0.attn_w{part}"] = [row for head in heads for row in transposed(head)]
    parts = [tensors.pop(f"blocks.0.out{h}") for h in range(N_HEAD)]
    tensors["layer0.attn_wo"] = [[*chain(*rows)] for rows in zip(*parts, strict=True)]
    return tensors


def fuse(tensors: Tensors) -> Tensors:
    """Queries, keys and values are one matrix, `c_attn`, [nin][3 n_embd]."""
    port = dict(tensors)
    rows = [row for part in "qkv" for row in port.pop(f"layer0.attn_w{part}")]
    return port | {"h0.c_attn": transposed(rows)}


def unfuse(port: Tensors) -> Tensors:
    tensors = dict(port)
    rows = transposed(tensors.pop("h0.c_attn"))
    for place, part in enumerate("qkv"):
        tensors[f"layer0.attn_w{part}"] = rows[place * N_EMBD : (place + 1) * N_EMBD]
    return tensors


def flatten(tensors: Tensors) -> Tensors:
    """All weights are one vector, `theta`."""
    return {"theta": [number for name in NAMES for row in tensors[name] for number in row]}


def unflatten(port: Tensors) -> Tensors:
    numbers = iter(port["theta"])
    vocab_size = (len(port["theta"]) - N_EMBD * (BLOCK_SIZE + 12 * N_EMBD)) // (2 * N_EMBD)
    shapes = [(vocab_size, N_EMBD), (BLOCK_SIZE, N_EMBD), (vocab_size, N_EMBD)]
    shapes += [(N_EMBD, N_EMBD)] * 4 + [(4 * N_EMBD, N_EMBD), (N_EMBD, 4 * N_EMBD)]
    return {
        name: [[next(numbers) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in zip(NAMES, shapes, strict=True)
    }


WAYS: dict[str, tuple[Callable[[Tensors], Tensors], Callable[[Tensors], Tensors]]] = {
    "transposed": (swap, swap),
    "per-head": (split, unsplit),
    "fused": (fuse, unfuse),
    "flat": (flatten, unflatten),
}
FIELDS = ("weights", "m", "v", "grads")


def main() -> None:
    to_port, to_ours = WAYS[sys.argv.pop(1)]
    answer, introduction = oracle_port.answer, oracle_port.introduction

    def arranged(content: Any) -> Any:
        content = msgspec.to_builtins(content)
        return content | {f: to_port(content[f]) for f in FIELDS if f in content}

    def introduced() -> InitializeResult:
        offer = introduction()
        offer.other_sizes = False
        return offer

    def answered(request: dict[str, Any]) -> dict[str, Any]:
        params = request["params"]
        if "weights" not in params:
            return answer(request)
        for name in FIELDS:
            if name in params:
                ours = to_ours(params[name])
                params[name] = {tensor: ours[tensor] for tensor in NAMES}
        return {"result": arranged(answer(request)["result"])}

    def announced(step: StepParams) -> None:
        oracle_port.send({"method": "step", "params": arranged(step)})

    oracle_port.introduction = introduced
    oracle_port.answer = answered
    oracle_port.announce = announced
    oracle_port.main()


if __name__ == "__main__":
    main()
