"""Prints a smallest case as a test in the port's own language."""
