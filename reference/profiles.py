"""Profiles: the programs that the sources publish, each as what it changes of another.

`train0` to `train5` are stages: each adds one idea to the one before it, and the last is the
final program. The two earlier revisions are the final program with older parts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .config import Config


@dataclass(frozen=True, slots=True)
class Profile:
    """A named program: its configuration, its seed, and what it adds or has otherwise."""

    name: str
    about: str
    config: Config
    seed: int = 42


TRAIN0 = Profile(
    "train0",
    "counts which token follows which",
    Config(
        model="counts", gradient="none", optimizer="counting", schedule="constant",
        learning_rate=1.0, n_head=1, temperature=1.0,
    ),
)  # fmt: skip

TRAIN1 = Profile(
    "train1",
    "an MLP on the current token, its gradient by hand, gradient descent",
    replace(
        TRAIN0.config, model="mlp", gradient="by-hand", optimizer="sgd", schedule="linear",
        temperature=0.5,
    ),
)  # fmt: skip

TRAIN2 = Profile(
    "train2",
    "the gradient by automatic differentiation",
    replace(TRAIN1.config, gradient="autograd"),
)

TRAIN3 = Profile(
    "train3",
    "positions, attention with one head, norms and residuals",
    replace(TRAIN2.config, model="attention", learning_rate=0.1),
)

TRAIN4 = Profile(
    "train4",
    "several heads, and layers",
    replace(TRAIN3.config, model="gpt", n_head=4),
)

TRAIN5 = Profile(
    "train5",
    "Adam in place of gradient descent",
    replace(TRAIN4.config, optimizer="adam", learning_rate=0.01),
)

MICROGPT = Profile("microgpt", "the final program, which is train5", TRAIN5.config)

EARLY_REVISION = Profile(
    "early-revision",
    "squared ReLU, residual branches that begin at 0, cosine decay",
    replace(
        MICROGPT.config, block_size=8, activation="squared_relu", init_std=0.02, init_std_out=0.0,
        schedule="cosine", num_steps=500, beta1=0.9, beta2=0.95,
    ),
)  # fmt: skip

FIRST_REVISION = Profile(
    "first-revision",
    "two special tokens, the output projection tied to the embedding",
    replace(EARLY_REVISION.config, special_tokens="bos-eos", tied=True),
)

STAGES = (TRAIN0, TRAIN1, TRAIN2, TRAIN3, TRAIN4, TRAIN5)
"""In the order in which a learner takes them."""

PROFILES = {p.name: p for p in (*STAGES, FIRST_REVISION, EARLY_REVISION, MICROGPT)}
