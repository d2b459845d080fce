"""Programs as they are: judged by what they print, with evidence and no certificate.

A program that follows CPython's generator is compared with the oracle's run, number by number;
one with a generator of its own with the distribution of the oracle's losses over seeds, on
corpora that are chosen to make mistakes visible.
"""
