"""Mistakes in RMSNorm."""

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..parts import detached, mean_square, rmsnorm_with, root_below, single, with_gradient_of
from ..patch_of_function import in_place_of

mistake = mistake_at(Level.LAYERS)


@mistake(
    "The norm's scale is treated as a constant in the backward pass",
    what="The gradient is s * g, without the part that flows through the scale s.",
    why="The scale becomes a plain number before the multiplication, which detaches it.",
    mend="Keep the scale in the graph. By hand: dL/dx = s * g - s**3 / n * x * sum(x * g).",
    languages=("any", "written by hand"),
)
def rms_scale_detached() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: detached((mean + 1e-5) ** -0.5))}


@mistake(
    "The gradient through the norm's scale is not divided by n",
    what="The second term of the gradient is s**3 * x * sum(x * g), n times too large.",
    why="The `/ n` of the mean was forgotten when the gradient was derived by hand.",
    mend="Use dL/dx = s * g - s**3 / n * x * sum(x * g), with the scale s.",
    languages=("written by hand",),
)
@in_place_of("rmsnorm")
def rms_gradient_not_averaged(x: Vector) -> Vector:
    scale = (mean_square(x) + 1e-5) ** -0.5
    return _scaled(x, with_gradient_of(scale, scale * len(x)))


@mistake(
    "The norm's epsilon is 1e-6",
    what="1e-6 is added to the mean square instead of 1e-5.",
    why="It is the default of other models (the first LLaMA, T5) and of libraries.",
    mend="Add 1e-5 under the root.",
)
def rms_epsilon_1e_6() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + 1e-6) ** -0.5)}


@mistake(
    "The norm's epsilon is 1e-8",
    what="1e-8 is added to the mean square instead of 1e-5.",
    why="Adam's epsilon was used, or a library's default.",
    mend="Add 1e-5 under the root.",
    twins={
        "rms-epsilon-missing": "In single precision the two differ only for zeros: run case "
        "layers/rmsnorm-zeros. Without an epsilon the result is NaN.",
    },
)
def rms_epsilon_1e_8() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + 1e-8) ** -0.5)}


@mistake(
    "The norm has no epsilon",
    what="The scale is mean(x**2)**-0.5 instead of (mean(x**2) + 1e-5)**-0.5; zeros become NaN.",
    why="The epsilon looks like an unimportant detail.",
    mend="Add 1e-5 under the root.",
)
def rms_epsilon_missing() -> Patch:
    return {"rmsnorm": rmsnorm_with(root_below)}


@mistake(
    "The norm's epsilon is outside the root",
    what="The divisor is sqrt(mean(x**2)) + 1e-5 instead of sqrt(mean(x**2) + 1e-5).",
    why="Adam adds its epsilon outside the root, and the two are confused.",
    mend="Add 1e-5 to the mean square, then take the root.",
)
def rms_epsilon_outside_the_root() -> Patch:
    def scale(mean: Value) -> Value:
        root = root_below(mean) ** -1
        return (root + 1e-5) ** -1

    return {"rmsnorm": rmsnorm_with(scale)}


@mistake(
    "The norm uses its epsilon as a lower bound",
    what="The divisor is sqrt(max(mean(x**2), 1e-5)) instead of sqrt(mean(x**2) + 1e-5).",
    why="Some libraries clamp instead of adding.",
    mend="Always add 1e-5 to the mean square.",
    twins={
        "rms-epsilon-missing": "Use inputs of about 1e-3 (case layers/rmsnorm-small): a lower "
        "bound divides them by a constant.",
    },
)
def rms_epsilon_as_a_floor() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: ((mean - 1e-5).relu() + 1e-5) ** -0.5)}


@mistake(
    "The norm's epsilon is a single-precision literal",
    what="`1e-5f` differs from 1e-5 by a relative error of 2.5e-8.",
    why="A suffix or a type makes the literal single precision, and the conversion to double is "
    "silent.",
    mend="Write the literal in double precision: `1e-5`.",
    languages=("C", "C++", "C#", "Java", "Rust", "GLSL"),
    only_in_double=True,
)
def rms_epsilon_in_single_precision() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + single(1e-5)) ** -0.5)}


@mistake(
    "The norm uses the sum instead of the mean",
    what="The divisor is sqrt(sum(x**2) + 1e-5) instead of sqrt(mean(x**2) + 1e-5).",
    why="This is how a vector is normalized in geometry.",
    mend="Divide the sum of squares by the number of elements.",
)
@in_place_of("rmsnorm")
def rms_of_the_sum(x: Vector) -> Vector:
    return _scaled(x, (reference.model.dot(x, x) + 1e-5) ** -0.5)


@mistake(
    "The norm takes no root",
    what="The scale is 1 / (mean(x**2) + 1e-5) instead of (mean(x**2) + 1e-5)**-0.5.",
    why="The root was forgotten, or the exponent is -1 instead of -0.5.",
    mend="Multiply by (mean(x**2) + 1e-5)**-0.5.",
)
def rms_without_a_root() -> Patch:
    return {"rmsnorm": rmsnorm_with(lambda mean: (mean + 1e-5) ** -1)}


@mistake(
    "The norm is LayerNorm instead of RMSNorm",
    what="The mean is subtracted, and the result is divided by the standard deviation.",
    why="GPT-2 uses LayerNorm, and it is the usual norm of libraries.",
    mend="Do not subtract the mean; divide by the root mean square.",
    languages=("PyTorch", "TensorFlow", "JAX", "any"),
)
@in_place_of("rmsnorm")
def layer_norm(x: Vector) -> Vector:
    mean = reference.model.total(x) / len(x)
    centered = [xi - mean for xi in x]
    return _scaled(centered, (mean_square(centered) + 1e-5) ** -0.5)


def _scaled(x: Vector, scale: Value) -> Vector:
    return [xi * scale for xi in x]
