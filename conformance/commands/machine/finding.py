"""A finding about a machine."""

from enum import StrEnum

from msgspec import Struct


class Part(StrEnum):
    """What a finding is about."""

    SUITE = "the suite"
    PROTECTION = "protection from ports"
    TOOLCHAINS = "toolchains"


class State(StrEnum):
    """The state of what was examined; the suite cannot run if something is broken."""

    GOOD = "good"
    LIMITED = "limited"
    MISSING = "missing"
    BROKEN = "broken"


class Finding(Struct, frozen=True):
    """One examined thing, its state, and advice if there is something to do."""

    part: Part
    name: str
    state: State
    detail: str
    advice: str = ""
