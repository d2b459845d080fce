"""Explains a failed run: the first wrong number, the known mistake, the smallest failing case."""
