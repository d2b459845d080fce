"""Converts the tensors of questions to a port's layout, and those of answers back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from .layout import OF_METHODS, Arrangement, Layout, Shape

BY_NAME = ("weights", "m", "v", "grads")
"""The fields with tensors by name."""

WITH_MATRICES = ("linear", "mlp")
"""The methods whose parameters and gradients are single matrices."""


@dataclass(frozen=True, slots=True)
class Arranger:
    """The layout of the tensors of one question and its answer."""

    method: str = ""
    arrangement: Arrangement = field(default_factory=Arrangement)

    @classmethod
    def of(cls, layout: Layout, method: str, params: Any) -> Self:
        """Apply a layout to a question."""
        if not layout.rules or not isinstance(params, msgspec.Struct):
            return cls()
        shapes: dict[str, Shape] = {}
        if method in WITH_MATRICES:
            shapes = _shapes({name: getattr(params, name, None) for name in OF_METHODS})
        elif weights := getattr(params, "weights", None):
            shapes = _shapes(weights)
        sizes = getattr(params, "sizes", None)
        return cls(method, layout.arrangement(shapes, sizes.n_head if sizes else 1))

    @property
    def has_rules(self) -> bool:
        """Whether the layout changes anything."""
        return bool(self.arrangement.tensors)

    def question(self, params: Any) -> Any:
        """A question's parameters in the port's layout."""
        if not self.has_rules:
            return params
        content = msgspec.to_builtins(params)
        if self.method in WITH_MATRICES:
            return self.arrangement.to_port(content)
        for name in BY_NAME:
            if name in content:
                content[name] = self.arrangement.to_port(content[name])
        return content

    def answer(self, content: Any, at: str) -> Any:
        """The content of an answer or a step in the suite's layout.

        Args:
            content: decoded JSON, which may be anything.
            at: its place in the message, a JSON Pointer.

        Raises:
            WrongAnswer: a tensor is missing or has the wrong shape.
        """
        if not isinstance(content, dict):
            return content
        return content | {
            name: self.arrangement.to_ours(content[name], f"{at}/{name}")
            for name in BY_NAME
            if isinstance(content.get(name), dict)
        }


AS_OURS = Arranger()


def _shapes(tensors: Mapping[str, Any]) -> dict[str, Shape]:
    return {name: (len(matrix), len(matrix[0])) for name, matrix in tensors.items() if matrix}
