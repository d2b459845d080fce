"""A smallest case as the source of a test in the port's own language."""

from .test_source import printed

__all__ = ["printed"]
