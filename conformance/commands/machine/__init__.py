"""What this machine has for the suite: protection from ports, toolchains, data."""

from .checkup import checkup
from .examination import examine
from .finding import Finding, Part, State

__all__ = ["Finding", "Part", "State", "checkup", "examine"]
