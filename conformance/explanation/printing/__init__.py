"""A smallest case as the source of a test in the port's own language."""

from .rendering import printed

__all__ = ["printed"]
