"""The program that a run's cases are about: a published one, or a variation of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

from golden.build import build_trace
from golden.goldens import COLD, load_trace
from golden.trace import Trace
from ports_adapter.messages import METHODS
from reference.config import Config
from reference.corpus import embedded_corpus
from reference.profiles import MICROGPT, STAGES, Profile
from reference.variation import InvalidVariation, profile_named, varied

FEWEST_STEPS = 20
"""Some cases start from late training steps, so shorter training cannot be judged."""


@dataclass(frozen=True, slots=True)
class JudgedProgram:
    """A profile, with the configuration that the cases are about."""

    profile: Profile
    config: Config

    @classmethod
    def of(cls, name: str = MICROGPT.name, settings: Sequence[str] = ()) -> Self:
        """The program of a profile, with settings such as `n_embd=32` changed.

        Raises:
            InvalidVariation: there is no such profile or setting, or too few training steps.
            InvalidConfig: the settings do not fit together.
        """
        profile = profile_named(name)
        config = varied(profile, settings)
        if config.num_steps < FEWEST_STEPS:
            raise InvalidVariation(
                f"num_steps is {config.num_steps}; the cases take {FEWEST_STEPS} or more"
            )
        return cls(profile, config)

    @property
    def name(self) -> str:
        """The name of the profile."""
        return self.profile.name

    @property
    def is_published(self) -> bool:
        """Whether no setting differs from the published profile."""
        return self.config == self.profile.config

    @property
    def activation(self) -> str:
        """The activation, if it is not the profile's; otherwise an empty string."""
        published = self.profile.config.activation
        return "" if self.config.activation == published else self.config.activation

    @property
    def has_other_sizes(self) -> bool:
        """Whether any setting but the activation differs from the published profile."""
        published = self.profile.config
        return self.config != replace(published, activation=self.config.activation)

    @property
    def trace(self) -> Trace:
        """The golden trace of the program; for a variation, a trace that is built now.

        Raises:
            UnreadableGolden: the golden trace is missing or damaged.
        """
        return load_trace(self.name) if self.is_published else _varied_trace(self)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that a port of this program has, in the order in which people write them."""
        return methods_of(self.config)


PUBLISHED = JudgedProgram(MICROGPT, MICROGPT.config)


@cache
def _varied_trace(judged_program: JudgedProgram) -> Trace:
    return build_trace(judged_program.profile, embedded_corpus(), judged_program.config, cold=COLD)


def methods_of(config: Config) -> tuple[str, ...]:
    """The methods that a port of a program has, in the order in which people write them."""
    lacking: set[str] = set()
    if config.model in ("counts", "mlp"):
        lacking |= {"rmsnorm", "attention"}
    if config.gradient == "none":
        lacking |= {"linear", "softmax", "mlp", "cross_entropy", "forward", "backward"}
    if config.gradient != "autograd":
        lacking.add("evaluate")
    lacking |= {"adam", "sgd"} - {config.optimizer}
    return tuple(name for name in METHODS if name not in lacking)


def stage_after(name: str) -> Profile | None:
    """The stage of the study guide after this one; None after the last, or if it is no stage."""
    names = [stage.name for stage in STAGES]
    if name not in names or name == names[-1]:
        return None
    return STAGES[names.index(name) + 1]
