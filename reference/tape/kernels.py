"""Kernels: functions that Numba compiles, kept on disk beside the tapes.

Numba itself looks at a kernel's own file alone, and would run an old one when another file
changes that it calls. So they are kept, as tapes are, under the checksum of all source here.
"""

from __future__ import annotations

import contextlib
from types import FunctionType
from typing import Any

import numba

from .cache import KERNELS, folder


def compiled(function: Any, **callees: Any) -> Any:
    """A kernel: compiled at its first call, or loaded if it was before; nothing is fused.

    Args:
        function: as it stands in plain Python.
        callees: kernels in place of the plain functions that it calls by these names.
    """
    if callees:
        own = function
        function = FunctionType(own.__code__, own.__globals__ | callees, own.__name__)
        function.__module__, function.__qualname__ = own.__module__, own.__qualname__
    kernel = numba.njit(error_model="numpy", nogil=True)(function)
    settings: Any = numba.config
    usual, settings.CACHE_DIR = settings.CACHE_DIR, str(folder(KERNELS))
    try:
        with contextlib.suppress(RuntimeError):  # nothing can be kept: it is compiled every time
            kernel.enable_caching()
    finally:
        settings.CACHE_DIR = usual
    return kernel
