"""Prints a smallest case as a test in the port's own language."""

from .test_source import printed

__all__ = ["printed"]
