"""Reads a port's answers from a file, for a port that the suite cannot run."""
