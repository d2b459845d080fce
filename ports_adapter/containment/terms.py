"""On what terms a program that is not ours runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .limits import BuildLimits, Limits
from .sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Terms:
    """What a program may take, see and write to.

    `limits` is how much it may take, `listed` are names of environment variables that it gets
    besides the usual ones, `sandbox` says whether it runs inside bubblewrap, and `writable` what
    it may write to there besides the folder that it runs in.
    """

    limits: Limits = field(default_factory=Limits)
    listed: tuple[str, ...] = ()
    sandbox: Sandbox = Sandbox.AUTO
    writable: tuple[Path, ...] = ()

    @property
    def is_build(self) -> bool:
        """Whether it is a build, which may reach the network and write where it wants."""
        return isinstance(self.limits, BuildLimits)
