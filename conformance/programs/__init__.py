"""Judges an unmodified program by what it prints, without a protocol.

The losses and samples of a program that uses CPython's random number generator are compared with
those of the oracle. The losses of any other program are compared with the oracle's losses over
many seeds, on corpora that make mistakes visible. Either is evidence, not proof.
"""
