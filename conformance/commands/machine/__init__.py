"""Examining the machine: what the suite needs, protection from ports, toolchains."""

from .checkup import checkup
from .examination import examine
from .finding import Finding, Part, State

__all__ = ["Finding", "Part", "State", "checkup", "examine"]
