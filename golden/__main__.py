"""`python -m golden`."""

from .cli import main

main()
