"""Judges a program by its trace: the records that it writes while it trains and samples."""
