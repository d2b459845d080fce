"""The catalogue of known mistakes, and of honest variants that are none."""

from . import norms
from .mistake import MISTAKES, Mistake, Patch
from .patching import applied, apply

__all__ = ["MISTAKES", "Mistake", "Patch", "applied", "apply", "norms"]
