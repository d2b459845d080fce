"""The baseline of a port: a file with the cases that it is known to fail, and why."""

from .entries import BASELINE, BadBaseline, Baseline, Entry, read_baseline

__all__ = ["BASELINE", "BadBaseline", "Baseline", "Entry", "read_baseline"]
