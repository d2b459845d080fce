"""Compares the parts of a trace with what follows from the state before them."""
