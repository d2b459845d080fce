"""Serve the protocol over stdin and stdout: `python -m microgpt_numpy [--float32]`."""

import sys

import numpy as np

from .server import serve

serve(sys.stdin.buffer, sys.stdout, np.float32 if "--float32" in sys.argv[1:] else np.float64)
