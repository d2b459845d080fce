"""Decorators that turn the function that does something wrong into the patch that brings it in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from .mistake import Patch
from .patching import owners

Decorator = Callable[[Callable[..., Any]], Callable[[], Patch]]


def in_place_of(name: str) -> Decorator:
    """The function stands in place of a part of the program, named as in a patch."""
    return lambda function: wraps(function)(lambda: {name: function})


def around(name: str) -> Decorator:
    """The function stands in place of such a part, and takes what stood there before it first."""

    def decorator(function: Callable[..., Any]) -> Callable[[], Patch]:
        @wraps(function)
        def patch() -> Patch:
            owner, attribute = owners(name)[0]
            original = getattr(owner, attribute)
            return {name: lambda *given, **named: function(original, *given, **named)}

        return patch

    return decorator


def given_to(patch_with: Callable[..., Patch], part: str = "") -> Decorator:
    """The patch is made by a function that takes this one, by keyword if a part is named."""
    return lambda function: wraps(function)(
        lambda: patch_with(**{part: function}) if part else patch_with(function)
    )
