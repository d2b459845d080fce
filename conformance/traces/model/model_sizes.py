"""Finds the sizes of a traced model: from its first record, or from the shapes of its weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from msgspec import UNSET

from reference.config import Config, InvalidConfig
from reference.profiles import MICROGPT

from ..writing.raw_numbers import RawTensors, Shape
from ..writing.record_lines import BadTrace, Note
from ..writing.records import Head
from .tensor_names import layers_in, recognized

SIZES = ("n_layer", "n_embd", "n_head", "block_size")
HYPERPARAMETERS = {
    "num_steps": "num_steps",
    "learning_rate": "learning_rate",
    "beta1": "beta1",
    "beta2": "beta2",
    "eps": "eps_adam",
    "activation": "activation",
    "schedule": "schedule",
    "init_std": "init_std",
    "init_std_out": "init_std_out",
}
"""Fields of the first record, and of a configuration."""

OPTIONS: dict[str, Sequence[int]] = {
    "n_layer": range(1, 13),
    "n_embd": range(2, 513, 2),
    "block_size": [2**n for n in range(2, 11)],
}
"""The sizes that are tried where a trace does not tell them."""

LARGEST = 4096
"""Fewer tokens than so many are tried."""


@dataclass(frozen=True)
class ModelSizes:
    """The configuration of a model, and the number of its tokens."""

    config: Config
    vocab_size: int

    @cached_property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """The shapes of the matrices."""
        return self.config.shapes(self.vocab_size)

    @cached_property
    def num_weights(self) -> int:
        """How many weights the model has."""
        return sum(rows * columns for rows, columns in self.shapes.values())


def refuse_large_tokens(tokens: Sequence[int], sizes: ModelSizes, where: str) -> None:
    """Refuse tokens for which the model has no row: kernels do not check them.

    Raises:
        BadTrace: a token is too large.
    """
    largest = sizes.vocab_size - 1
    if max(tokens, default=0) > largest:
        raise BadTrace(f"{where}: there is a token {max(tokens)}; wte has rows for 0 to {largest}")


def sizes_of(
    head: Head, raw: RawTensors, tokens: Sequence[int], settings: dict[str, Any], note: Note
) -> ModelSizes:
    """The sizes that the first record states, completed by what the weights show.

    Args:
        head: the first record.
        raw: a set of weights.
        tokens: those of a document.
        settings: settings of the configuration that come before the record's.
        note: takes sentences about what was inferred.

    Raises:
        BadTrace: the weights contradict the record, or leave the sizes open.
    """
    stated = {name: getattr(head, name) for name in SIZES if getattr(head, name) is not UNSET}
    stated |= {
        ours: getattr(head, theirs)
        for theirs, ours in HYPERPARAMETERS.items()
        if getattr(head, theirs) is not UNSET
    }
    stated |= settings
    shown = _shown(raw)
    for name in SIZES:
        if name in stated and name in shown and stated[name] != shown[name]:
            raise BadTrace(
                f"the first record: {name} is {stated[name]}, but the shapes of the weights show "
                f"{shown[name]}"
            )
    vocab = vocab_size_of(head)
    if vocab is not None and "vocab_size" in shown and vocab != shown["vocab_size"]:
        raise BadTrace(
            f"the first record: vocab has {vocab} tokens, the special token included, but wte has "
            f"{shown['vocab_size']} rows"
        )
    known = {name: shown[name] for name in SIZES if name in shown} | stated
    vocab = shown.get("vocab_size", vocab)
    inferred = [name for name in shown if name not in stated and name != "vocab_size"]
    if inferred:
        listed = ", ".join(f"{name} {shown[name]}" for name in inferred)
        note(f"From the shapes of the weights: {listed}.")
    return _completed(known, vocab, tokens, raw.numbers.size, note)


def _weights(size: int) -> str:
    return "is 1 weight" if size == 1 else f"are {size} weights"


def vocab_size_of(head: Head) -> int | None:
    """The number of tokens, the special one included, if the first record tells it."""
    if head.vocab is UNSET:
        return None
    return head.vocab if isinstance(head.vocab, int) else len(head.vocab) + 1


def _completed(
    known: dict[str, Any], vocab: int | None, tokens: Sequence[int], size: int, note: Note
) -> ModelSizes:
    """The sizes known, completed by those of the published program or by the number of weights."""
    lacking = [name for name in OPTIONS if name not in known]
    found = list(_candidates(known, vocab, size))
    # The published special token is the last one, and begins every document.
    usual = [sizes for sizes in found if sizes.vocab_size == max(tokens) + 1 == tokens[0] + 1]
    found = usual if vocab is None and usual else found
    if not found and not lacking and vocab is not None:
        right = _sizes(known, vocab).num_weights
        raise BadTrace(
            f"the first record: there {_weights(size)}; the sizes stated make it {right}"
        )
    published = [s for s in found if all(_is_published(s, name) for name in lacking)]
    found = published[:1] or found
    if len(found) != 1:
        ask = " and ".join(
            f'"{name}"' for name in [*lacking, *(["vocab"] if vocab is None else [])]
        )
        why = "several models have" if found else "no known model has"
        raise BadTrace(f"the first record: {why} {size} weights; state {ask or 'the sizes'}")
    if lacking or vocab is None:
        words = [f"{name} {getattr(found[0].config, name)}" for name in lacking]
        words += [f"{found[0].vocab_size} tokens"] if vocab is None else []
        note(f"From the number of weights: {', '.join(words)}.")
    return found[0]


def _is_published(sizes: ModelSizes, name: str) -> bool:
    return bool(getattr(sizes.config, name) == getattr(MICROGPT.config, name))


def _candidates(known: dict[str, Any], vocab: int | None, size: int) -> Iterator[ModelSizes]:
    """The sizes that agree with what is known and give the number of weights."""
    options = {name: (known[name],) if name in known else OPTIONS[name] for name in OPTIONS}
    for n_layer, n_embd, block_size in product(*options.values()):
        # wte and lm_head have a row for each token, wpe for each position.
        left = size - block_size * n_embd - 12 * n_layer * n_embd**2
        tokens, rest = divmod(left, 2 * n_embd)
        if rest == 0 and 1 < tokens < LARGEST and vocab in (None, tokens):
            chosen = {"n_layer": n_layer, "n_embd": n_embd, "block_size": block_size}
            try:
                yield _sizes(known | chosen, tokens)
            except InvalidConfig as error:
                if "n_embd" in known:
                    raise BadTrace(f"the first record: {error}") from None


def _sizes(known: dict[str, Any], vocab: int) -> ModelSizes:
    if "n_head" not in known:
        usual, width = MICROGPT.config.n_head, known["n_embd"]
        known = known | {"n_head": usual if width % usual == 0 else 1}
    return ModelSizes(replace(MICROGPT.config, **known), vocab)


def _shown(raw: RawTensors) -> dict[str, int]:
    """What the names and shapes of matrices tell of the sizes."""
    shown: dict[str, int] = {}
    n_layer = layers_in(list(raw.shapes))
    for name, shape in raw.shapes.items():
        ours = recognized(name, 1)
        if len(shape) == 2 and ours in (("wte",), ("wpe",)):
            shown["n_embd"] = shape[1]
            shown["vocab_size" if ours == ("wte",) else "block_size"] = shape[0]
    if raw.shapes:
        shown["n_layer"] = n_layer or _layers_stacked(raw.shapes)
    return shown


def _layers_stacked(shapes: dict[str, Shape]) -> int:
    """The number of layers where the matrices of all layers are one tensor; 1 if they are not."""
    deep = [
        shape[0]
        for name, shape in shapes.items()
        if len(shape) == 3 and recognized(name, 1) == ("layer0.mlp_fc1",)
    ]
    return deep[0] if deep else 1
