"""Finds the smallest question that a port answers wrongly, by shrinking."""

from .repeated_questions import Asker, GivenUp
from .search import METHODS, SECONDS, Smallest, complexity, smallest

__all__ = ["METHODS", "SECONDS", "Asker", "GivenUp", "Smallest", "complexity", "smallest"]
