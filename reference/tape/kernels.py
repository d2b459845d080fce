"""Kernels: functions that Numba compiles, and that are kept on disk beside the tapes.

Numba's cache checks only the file of a kernel, and would miss changes in the files that the
kernel calls. So kernels are kept, like tapes, under the checksum of all source files.
"""

from __future__ import annotations

import contextlib
from types import FunctionType
from typing import Any

import numba

from .cache import KERNELS, folder


def compiled(function: Any, **callees: Any) -> Any:
    """The kernel of a function: compiled at its first call, or loaded from disk.

    Products are not fused with sums.

    Args:
        function: a plain Python function.
        callees: kernels that replace the functions that it calls by these names.
    """
    if callees:
        own = function
        function = FunctionType(own.__code__, own.__globals__ | callees, own.__name__)
        function.__module__, function.__qualname__ = own.__module__, own.__qualname__
    kernel = numba.njit(error_model="numpy", nogil=True)(function)
    settings: Any = numba.config
    usual, settings.CACHE_DIR = settings.CACHE_DIR, str(folder(KERNELS))
    try:
        with contextlib.suppress(RuntimeError):  # nothing can be kept
            kernel.enable_caching()
    finally:
        settings.CACHE_DIR = usual
    return kernel
