"""What a run's cases are about: a program that the sources publish, or a variation of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from golden.build import build_trace
from golden.goldens import COLD, load_trace
from golden.trace import Trace
from ports_adapter.messages import METHODS
from reference.config import Config
from reference.corpus import embedded_corpus
from reference.profiles import MICROGPT, STAGES, Profile
from reference.variation import InvalidVariation, profile_named, varied

FEWEST_STEPS = 20


@dataclass(frozen=True, slots=True)
class JudgedProgram:
    """A profile, and the configuration of it that is asked about."""

    profile: Profile
    config: Config

    @classmethod
    def of(cls, name: str = MICROGPT.name, settings: Sequence[str] = ()) -> JudgedProgram:
        """A profile by its name, with settings changed.

        Raises:
            InvalidVariation: there is no such profile or setting.
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
        """The profile's."""
        return self.profile.name

    @property
    def is_published(self) -> bool:
        """Whether it is the profile as it was published."""
        return self.config == self.profile.config

    @property
    def activation(self) -> str:
        """The activation that is asked for in place of the profile's own, or nothing."""
        own = self.profile.config.activation
        return "" if self.config.activation == own else self.config.activation

    @property
    def has_other_sizes(self) -> bool:
        """Whether anything but the activation is not as published."""
        published = self.profile.config
        return self.config != replace(published, activation=self.config.activation)

    @property
    def trace(self) -> Trace:
        """Its golden trace, or of a variation one that is made now.

        Raises:
            UnreadableGolden: the golden trace is missing or damaged.
        """
        return load_trace(self.name) if self.is_published else _varied_trace(self)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that a port of it has, in the order in which they are written."""
        return methods_of(self.config)


PUBLISHED = JudgedProgram(MICROGPT, MICROGPT.config)


@cache
def _varied_trace(judged_program: JudgedProgram) -> Trace:
    return build_trace(judged_program.profile, embedded_corpus(), judged_program.config, cold=COLD)


def methods_of(config: Config) -> tuple[str, ...]:
    """The methods that a port of a program has, in the order in which they are written."""
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
    """The stage that a learner takes next, if there is one."""
    names = [stage.name for stage in STAGES]
    if name not in names or name == names[-1]:
        return None
    return STAGES[names.index(name) + 1]
