"""The terms of a program: its limits, environment, sandbox and writable folders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .limits import BuildLimits, Limits
from .sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Terms:
    """What a program may use, read and write.

    Attributes:
        limits: how much it may use.
        listed: names of environment variables that it gets besides the usual ones.
        sandbox: whether it runs inside bubblewrap.
        writable: folders that it may write to in a sandbox, besides the one that it runs in.
        given: environment variables that the suite sets for it.
    """

    limits: Limits = field(default_factory=Limits)
    listed: tuple[str, ...] = ()
    sandbox: Sandbox = Sandbox.AUTO
    writable: tuple[Path, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_build(self) -> bool:
        """Whether it is a build, which runs without a sandbox."""
        return isinstance(self.limits, BuildLimits)
