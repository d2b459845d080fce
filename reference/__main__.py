"""Runs the command line: `python -m reference`."""

from .cli import main

main()
