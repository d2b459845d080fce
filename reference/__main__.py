"""`python -m reference`."""

from .cli import main

main()
