"""`python -m conformance`."""

from .cli import main

main()
