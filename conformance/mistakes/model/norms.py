"""Mistakes in the norm."""

from __future__ import annotations

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector
from reference.value import Value

from ..mistake import Patch, mistake
from ..parts import detached, mean_square, rmsnorm_with, root_below, single, with_gradient_of


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
    return {"rmsnorm": rmsnorm_with(lambda mean: detached((mean + 1e-5) ** -0.5))}


@mistake(
    "The gradient of the norm's scale is not divided by the length",
    what="The part of the gradient that goes through the scale is n times too large.",
    why="The `/ n` of the mean was forgotten when its gradient was derived by hand.",
    mend="The gradient is `s * g - x * s**3 * sum(g * x) / n` with the scale s.",
    level=Level.LAYERS,
    languages=("written by hand",),
)
def rms_gradient_not_averaged() -> Patch:
    def rmsnorm(x: Vector) -> Vector:
        scale = (mean_square(x) + 1e-5) ** -0.5
        steep = with_gradient_of(scale, scale * len(x))
        return [xi * steep for xi in x]

    return {"rmsnorm": rmsnorm}


@mistake(
    "The norm adds 1e-6",
    what="1e-6 is added to the mean square in place of 1e-5.",
    why="It is the default of other models and libraries (LLaMA's first, T5's).",
    mend="Add 1e-5 under the root.",
    level=Level.LAYERS,
    languages=("any",),
)
def rms_epsilon_1e_6() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + 1e-6) ** -0.5)}


@mistake(
    "The norm adds 1e-8",
    what="1e-8 is added to the mean square in place of 1e-5.",
    why="Adam's epsilon was taken, or a library's default.",
    mend="Add 1e-5 under the root.",
    level=Level.LAYERS,
    languages=("any",),
    twins={
        "rms-epsilon-missing": "In single precision the two are one, but for zeros: ask for the "
        "norm of zeros (case layers/rmsnorm-zeros); without epsilon it is NaN.",
    },
)
def rms_epsilon_1e_8() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + 1e-8) ** -0.5)}


@mistake(
    "The norm adds nothing under the root",
    what="Numbers are divided by their root mean square alone; zeros become NaN.",
    why="Epsilon is taken for a detail.",
    mend="Add 1e-5 under the root.",
    level=Level.LAYERS,
    languages=("any",),
)
def rms_epsilon_missing() -> Patch:
    return {"rmsnorm": rmsnorm_with(root_below)}


@mistake(
    "The norm adds epsilon outside of the root",
    what="Numbers are divided by the root of the mean square plus 1e-5.",
    why="Adam's epsilon stands outside of its root, and the two are confused.",
    mend="Add 1e-5 to the mean square, then take the root.",
    level=Level.LAYERS,
    languages=("any",),
)
def rms_epsilon_outside_the_root() -> Patch:
    def scale(mean: Value) -> Value:
        root = root_below(mean) ** -1
        return (root + 1e-5) ** -1

    return {"rmsnorm": rmsnorm_with(scale)}


@mistake(
    "The norm takes epsilon for a floor",
    what="The mean square is used as it is, or 1e-5 where it is less.",
    why="Some libraries clamp in place of adding.",
    mend="Add 1e-5 to the mean square, whatever that is.",
    level=Level.LAYERS,
    languages=("any",),
    twins={
        "rms-epsilon-missing": "Ask for the norm of numbers of about 1e-3 (case "
        "layers/rmsnorm-small): with a floor they are divided by a constant.",
    },
)
def rms_epsilon_as_a_floor() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: ((mean - 1e-5).relu() + 1e-5) ** -0.5)}


@mistake(
    "The norm's epsilon is a literal in single precision",
    what="1e-5 is off by 2.5e-8 of itself: what `1e-5f` stands for.",
    why="A suffix or a type makes the literal single, and the conversion to double is silent.",
    mend="Write the literal in double precision: `1e-5`.",
    level=Level.LAYERS,
    languages=("C", "C++", "C#", "Java", "Rust", "GLSL"),
    only_in_double=True,
)
def rms_epsilon_in_single_precision() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + single(1e-5)) ** -0.5)}


@mistake(
    "The norm takes the sum for the mean",
    what="Numbers are divided by the root of the sum of their squares, so by their length.",
    why="It is normalising a vector, as geometry has it.",
    mend="Divide the sum of squares by how many there are.",
    level=Level.LAYERS,
    languages=("any",),
)
def rms_of_the_sum() -> Patch:
    return {"rmsnorm": lambda x: _scaled(x, (reference.model.dot(x, x) + 1e-5) ** -0.5)}


@mistake(
    "The norm takes no root",
    what="Numbers are divided by their mean square.",
    why="The root was forgotten, or the exponent is -1 in place of -0.5.",
    mend="Multiply by (mean square + 1e-5) ** -0.5.",
    level=Level.LAYERS,
    languages=("any",),
)
def rms_without_a_root() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + 1e-5) ** -1)}


@mistake(
    "The norm is LayerNorm",
    what="The mean is subtracted before numbers are divided by their deviation.",
    why="It is what GPT-2 has, and what libraries call a norm.",
    mend="Do not subtract the mean: divide by the root mean square alone.",
    level=Level.LAYERS,
    languages=("PyTorch", "TensorFlow", "JAX", "any"),
)
def layer_norm() -> Patch:
    def rmsnorm(x: Vector) -> Vector:
        mean = reference.model.total(x) / len(x)
        centred = [xi - mean for xi in x]
        return _scaled(centred, (mean_square(centred) + 1e-5) ** -0.5)

    return {"rmsnorm": rmsnorm}


def _scaled(x: Vector, scale: Value) -> Vector:
    return [xi * scale for xi in x]
