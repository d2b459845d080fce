"""The smallest question that still fails, found by shrinking."""

from .asking import Asker, GivenUp
from .searching import METHODS, SECONDS, Smallest, complexity, smallest

__all__ = ["METHODS", "SECONDS", "Asker", "GivenUp", "Smallest", "complexity", "smallest"]
