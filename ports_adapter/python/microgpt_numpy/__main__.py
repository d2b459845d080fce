"""Serve the protocol over stdin and stdout: `python -m microgpt_numpy`."""

import sys

from .server import serve

serve(sys.stdin.buffer, sys.stdout)
