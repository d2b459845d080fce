"""Models of other sizes than the published ones, by the kind of model that they are."""

from __future__ import annotations

from typing import Any

LARGER_VOCABULARY = 45

_WITHOUT_HEADS = (
    (
        "larger-vocabulary",
        "a document before a model of more than 27 tokens",
        {"n_embd": 8, "block_size": 16, "init_std": 0.3},
    ),
    (
        "narrow",
        "a document before a model of width 6 and few positions",
        {"n_embd": 6, "block_size": 4, "init_std": 0.3},
    ),
)

_WITH_HEADS = (
    (
        "larger-vocabulary",
        "a document before a model of more than 27 tokens",
        {"n_embd": 8, "n_head": 2, "n_layer": 1, "block_size": 16, "init_std": 0.3},
    ),
    (
        "two-layers",
        "a document before a model of two layers",
        {"n_embd": 8, "n_head": 2, "n_layer": 2, "block_size": 8, "init_std": 0.3},
    ),
    (
        "one-head",
        "a document before a model with a single head",
        {"n_embd": 6, "n_head": 1, "n_layer": 1, "block_size": 4, "init_std": 0.3},
    ),
    (
        "deep-model",
        "a document before a model of eight layers, whose graph is deeper than some stacks",
        {"n_embd": 16, "n_head": 4, "n_layer": 8, "block_size": 2, "init_std": 0.15},
    ),
    (
        "heads-of-one",
        "a document before a model whose heads have one dimension",
        {"n_embd": 4, "n_head": 4, "n_layer": 1, "block_size": 16, "init_std": 0.3},
    ),
)

OTHER_SIZES: dict[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {
    "counts": (),
    "mlp": _WITHOUT_HEADS,
    "attention": _WITHOUT_HEADS,
    "gpt": _WITH_HEADS,
}
"""Models of other sizes; the weights are larger than initial ones, so that attention matters."""
