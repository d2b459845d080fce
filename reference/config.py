"""Configurations and profiles: what a run of the program depends on besides its corpus."""

from __future__ import annotations

from dataclasses import dataclass

from .activation import ACTIVATIONS


class InvalidConfig(ValueError):
    """Sizes that do not fit together; the message says which and what would fit."""


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes and hyperparameters of one model and its training; the defaults are microgpt's.

    `block_size` is the largest number of positions, `activation` one of `ACTIVATIONS`;
    where the model is `tied`, `wte` is the output projection too. `init_std` is the standard
    deviation of the initial weights; the learning rate decays linearly to 0 over `num_steps`.
    """

    n_embd: int = 16
    n_head: int = 4
    n_layer: int = 1
    block_size: int = 16
    activation: str = "relu"
    tied: bool = False
    init_std: float = 0.08
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
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise InvalidConfig(f"activation is {self.activation!r}; it must be one of {known}")
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
        return self.learning_rate * (1 - step / self.num_steps)

    def shapes(self, vocab_size: int) -> dict[str, tuple[int, int]]:
        """Every weight's (rows, columns), in the order in which they are drawn."""
        width = self.n_embd
        shapes = {
            "wte": (vocab_size, width),
            "wpe": (self.block_size, width),
        }
        if not self.tied:
            shapes["lm_head"] = (vocab_size, width)
        for layer in range(self.n_layer):
            for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
                shapes[f"layer{layer}.{name}"] = (width, width)
            shapes[f"layer{layer}.mlp_fc1"] = (4 * width, width)
            shapes[f"layer{layer}.mlp_fc2"] = (width, 4 * width)
        return shapes


@dataclass(frozen=True, slots=True)
class Profile:
    """A named program: the configuration and seed that its source publishes."""

    name: str
    config: Config
    seed: int


MICROGPT = Profile(name="microgpt", config=Config(), seed=42)

PROFILES = {profile.name: profile for profile in (MICROGPT,)}
