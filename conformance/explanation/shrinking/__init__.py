"""Finds the smallest question that a port answers wrongly, by shrinking."""
