"""What was found on a machine."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Part(StrEnum):
    """What a finding is about."""

    SUITE = "the suite"
    PROTECTION = "protection from ports"
    TOOLCHAINS = "toolchains"


class State(StrEnum):
    """How it is: as it should be, less than it could be, not there, or broken."""

    GOOD = "good"
    LIMITED = "limited"
    MISSING = "missing"
    BROKEN = "broken"


class Finding(Struct, frozen=True):
    """One thing: what it is, how it is, and what to do about it, if anything.

    Without what is `BROKEN` the suite cannot run.
    """

    part: Part
    name: str
    state: State
    detail: str
    advice: str = ""
