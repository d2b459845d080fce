"""`python -m port` answers requests from standard input on standard output."""

import sys

from .methods import METHODS
from .server import serve

serve(METHODS, sys.stdin.buffer, sys.stdout)
