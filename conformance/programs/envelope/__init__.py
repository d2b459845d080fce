"""Compares printed losses with the oracle's losses over many seeds."""
