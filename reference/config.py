"""Configurations: what a run of the program depends on besides its corpus and its seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .activation import ACTIVATIONS
from .schedule import SCHEDULES

PARTS: Mapping[str, Sequence[str]] = {
    "special_tokens": ("bos", "bos-eos"),
    "model": ("counts", "mlp", "attention", "gpt"),
    "activation": tuple(ACTIVATIONS),
    "gradient": ("none", "by-hand", "autograd"),
    "optimizer": ("counting", "sgd", "adam"),
    "schedule": tuple(SCHEDULES),
}
"""What the program is composed of: a field of `Config` for each part, and which there are."""


class InvalidConfig(ValueError):
    """Sizes or parts that do not fit together; the message says which and what would fit."""


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes, parts and hyperparameters of one program; the defaults are microgpt's.

    `block_size` is the largest number of positions, of a model that knows positions, and of
    a sample. The parts are named in `PARTS`:

    - `special_tokens`: one at both ends of a document, after all characters, or two before
      them, one for each end;
    - `model`: a table of counts, an MLP on the current token alone, that with one attention
      head and positions, or the final architecture;
    - `activation`: what stands between the two matrices of the MLP;
    - `gradient`: how it is had;
    - `optimizer` and `schedule`: how weights are updated, and how the learning rate decays
      over `num_steps`.

    Where the model is `tied`, `wte` is the output projection too. `init_std` is the standard
    deviation of the initial weights, `init_std_out` that of `attn_wo` and `mlp_fc2` where it
    is another.
    """

    n_embd: int = 16
    n_head: int = 4
    n_layer: int = 1
    block_size: int = 16
    special_tokens: str = "bos"
    model: str = "gpt"
    activation: str = "relu"
    tied: bool = False
    init_std: float = 0.08
    init_std_out: float | None = None
    gradient: str = "autograd"
    optimizer: str = "adam"
    schedule: str = "linear"
    num_steps: int = 1000
    learning_rate: float = 0.01
    beta1: float = 0.85
    beta2: float = 0.99
    eps_adam: float = 1e-8
    temperature: float = 0.5
    num_samples: int = 20

    def __post_init__(self) -> None:
        for name in ("n_embd", "n_head", "n_layer", "block_size"):
            if getattr(self, name) < 1:
                raise InvalidConfig(f"{name} is {getattr(self, name)}; it must be 1 or more")
        for name in ("num_steps", "num_samples"):
            if getattr(self, name) < 0:
                raise InvalidConfig(f"{name} is {getattr(self, name)}; it must be 0 or more")
        for name, known in PARTS.items():
            if getattr(self, name) not in known:
                raise InvalidConfig(
                    f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(known)}"
                )
        if not self.temperature > 0:
            raise InvalidConfig(f"temperature is {self.temperature}; it must be above 0")
        if self.n_embd % self.n_head:
            raise InvalidConfig(
                f"n_head {self.n_head} does not divide n_embd {self.n_embd}; "
                "each head takes an equal share of the embedding"
            )

    @property
    def head_dim(self) -> int:
        """Dimensions of one attention head."""
        return self.n_embd // self.n_head

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of the 0-based `step`."""
        return self.learning_rate * SCHEDULES[self.schedule](step, self.num_steps)

    def positions(self, tokens: Sequence[int]) -> int:
        """How many positions of a document are learned from: one less than its tokens.

        A model that knows positions has weights for `block_size` of them.
        """
        last = len(tokens) - 1
        return min(self.block_size, last) if self.model in ("attention", "gpt") else last

    def end_after(self, bos: int) -> int:
        """The special token that ends a document which `bos` begins."""
        return bos + 1 if self.special_tokens == "bos-eos" else bos

    def at_layer(self, layer: int) -> str:
        """What the names of a layer's weights begin with."""
        return f"layer{layer}." if self.model == "gpt" else ""

    def shapes(self, vocab_size: int) -> dict[str, tuple[int, int]]:
        """Every weight's (rows, columns), in the order in which they are drawn."""
        width = self.n_embd
        embedding, output = {"wte": (vocab_size, width)}, {"lm_head": (vocab_size, width)}
        positions = {"wpe": (self.block_size, width)}
        match self.model:
            case "counts":
                return {"counts": (vocab_size, vocab_size)}
            case "mlp":
                hidden = 4 * width
                return embedding | {"mlp_fc1": (hidden, width), "mlp_fc2": (vocab_size, hidden)}
            case "attention":
                return embedding | positions | self._layer_shapes(0) | output
        shapes = embedding | positions | ({} if self.tied else output)
        for layer in range(self.n_layer):
            shapes |= self._layer_shapes(layer)
        return shapes

    def _layer_shapes(self, layer: int) -> dict[str, tuple[int, int]]:
        width, at = self.n_embd, self.at_layer(layer)
        attention = ("attn_wq", "attn_wk", "attn_wv", "attn_wo")
        return {at + name: (width, width) for name in attention} | {
            at + "mlp_fc1": (4 * width, width),
            at + "mlp_fc2": (width, 4 * width),
        }
