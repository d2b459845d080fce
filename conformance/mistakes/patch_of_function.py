"""Decorators that turn a wrong function into the patch that puts it into the program."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from .mistake import Patch
from .patching import owners

Decorator = Callable[[Callable[..., Any]], Callable[[], Patch]]


def in_place_of(name: str) -> Decorator:
    """The decorated function replaces the part of the program with this name of a `Patch`."""
    return lambda function: wraps(function)(lambda: {name: function})


def around(name: str) -> Decorator:
    """The same, but the function takes the part that it replaces as its first argument."""

    def decorator(function: Callable[..., Any]) -> Callable[[], Patch]:
        @wraps(function)
        def patch() -> Patch:
            owner, attribute = owners(name)[0]
            original = getattr(owner, attribute)
            return {name: lambda *given, **named: function(original, *given, **named)}

        return patch

    return decorator


def given_to(patch_with: Callable[..., Patch], part: str = "") -> Decorator:
    """The decorated function goes to `patch_with`, which makes the patch; as `part`, if named."""
    return lambda function: wraps(function)(
        lambda: patch_with(**{part: function}) if part else patch_with(function)
    )
