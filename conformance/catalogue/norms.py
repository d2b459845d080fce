"""Mistakes in the norm."""

from __future__ import annotations

from reference.value import Value

from ..levels import Level
from .mistake import Patch, mistake
from .parts import rmsnorm_with


@mistake(
    "The norm's scale is a constant to the gradient",
    what="The gradient flows through the numbers that are scaled, not through the scale.",
    why="The scale is taken as a plain number before it is multiplied in, which detaches it.",
    mend="Keep the scale a node of the graph; by hand, subtract from the gradient its projection "
    "onto the output.",
    level=Level.LAYERS,
    languages=("any", "written by hand"),
)
def rms_scale_detached() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: Value((mean + 1e-5).data ** -0.5))}
