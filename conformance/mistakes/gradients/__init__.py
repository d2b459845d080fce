"""Mistakes in differentiation, and in how numbers are computed and printed."""
