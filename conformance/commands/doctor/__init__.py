"""What this machine has for the suite: protection from ports, toolchains, data."""

from .checkup import checkup
from .finding import Finding, Part, State
from .running import examine

__all__ = ["Finding", "Part", "State", "checkup", "examine"]
