"""Fuzzing: whatever comes from outside is read, or refused in words, and never taken for right.

`python -m tests.fuzz` runs the targets of `targets.py`. A new one is a `Target` in a module here
and a line in that list: what reads reports or baselines has its place there, too.
"""
