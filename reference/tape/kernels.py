"""Kernels: functions that Numba compiles, and that are kept on disk beside the tapes.

Numba is imported when the first kernel is called, since its import takes longer than many
commands. Its cache checks only the file of a kernel, and would miss changes in the files that
the kernel calls. So kernels are kept, like tapes, under the checksum of all source files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import Any

from .cache import KERNELS, folder


class Kernel:
    """A function that is compiled at its first call, or loaded from disk."""

    def __init__(self, function: Any, callees: dict[str, Kernel]) -> None:
        self.function = function
        self.callees = callees

    def __call__(self, *arguments: Any) -> Any:
        """Compute what the function computes."""
        return self.compiled(*arguments)

    @cached_property
    def compiled(self) -> Any:
        """What Numba makes of the function."""
        import numba

        kernel = numba.njit(error_model="numpy", nogil=True)(self._linked())
        settings: Any = numba.config
        usual, settings.CACHE_DIR = settings.CACHE_DIR, str(folder(KERNELS))
        try:
            with contextlib.suppress(RuntimeError):  # nothing can be kept
                kernel.enable_caching()
        finally:
            settings.CACHE_DIR = usual
        return kernel

    def _linked(self) -> Any:
        """The function with what Numba knows in place of the kernels that it calls."""
        own = self.function
        called = {
            name: found
            for name in own.__code__.co_names
            if isinstance(found := self.callees.get(name, own.__globals__.get(name)), _Late)
        }
        linked = {name: late.compiled for name, late in called.items()}
        function = FunctionType(own.__code__, own.__globals__ | linked, own.__name__)
        function.__module__, function.__qualname__ = own.__module__, own.__qualname__
        return function


class Intrinsic:
    """A function whose code is given by LLVM's builder; only kernels can call it."""

    def __init__(self, code: Callable[..., Any]) -> None:
        self.code = code

    @cached_property
    def compiled(self) -> Any:
        """What Numba calls an intrinsic."""
        from numba.extending import intrinsic

        return intrinsic(self.code)


_Late = (Kernel, Intrinsic)


def compiled(function: Any, **callees: Kernel) -> Any:
    """The kernel of a function. Products are not fused with sums.

    Args:
        function: a plain Python function.
        callees: kernels that replace the functions that it calls by these names.
    """
    return Kernel(function, callees)
