"""Mistakes in the initial weights."""

import random
from collections.abc import Callable, Iterable

from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Weights

from ..mistake import Patch, mistake_at
from ..patch_of_function import given_to, in_place_of

mistake = mistake_at(Level.REPLICATE)

Shapes = dict[str, tuple[int, int]]


def _drawn(
    order: Callable[[Shapes], Iterable[str]] = list,
    draw: Callable[[random.Random, str, Config], float] = lambda g, _n, c: g.gauss(0, c.init_std),
) -> Patch:
    """Initial weights drawn in another order, or from another distribution."""

    def initial_weights(config: Config, vocab_size: int, generator: random.Random) -> Weights:
        shapes = config.shapes(vocab_size)
        drawn = {}
        for name in order(shapes):
            rows, columns = shapes[name]
            drawn[name] = [
                [draw(generator, name, config) for _ in range(columns)] for _ in range(rows)
            ]
        return {name: drawn[name] for name in shapes}

    return {"initial_weights": initial_weights}


@mistake(
    "Weights are drawn in alphabetical order of their names",
    what="The matrices get each other's random numbers.",
    why="The matrices are in a map sorted by key and are drawn in its order.",
    mend="Draw wte, wpe, lm_head, then layer by layer, whatever the map's order.",
    languages=("Rust BTreeMap", "C++ map", "Java TreeMap", "JAX", "Go"),
)
def weights_drawn_by_name() -> Patch:
    return _drawn(sorted)


@mistake(
    "Weights are drawn in the order of a hash map",
    what="The matrices get each other's random numbers, in an order that may change from run to "
    "run.",
    why="The matrices are in an unordered map and are drawn or flattened in its order.",
    mend="Keep the names in a list, and draw in its order.",
    languages=("Rust HashMap", "Go map", "C++ unordered_map", "Java HashMap", "Perl", "Lua"),
)
def weights_drawn_in_hash_order() -> Patch:
    return _drawn(lambda shapes: sorted(shapes, key=lambda name: sum(name.encode()) * 7919 % 31))


@mistake(
    "lm_head is drawn last",
    what="The layers get the random numbers of lm_head, and lm_head gets those after them.",
    why="It is used last, and an earlier stage of the program draws it last.",
    mend="Draw lm_head after wpe and before the layers.",
)
def lm_head_drawn_last() -> Patch:
    return _drawn(lambda shapes: sorted(shapes, key=lambda name: name == "lm_head"))


@mistake(
    "Matrices are drawn column by column",
    what="Each matrix has the right random numbers in the wrong order.",
    why="Matrices are stored transposed, or the language fills columns first.",
    mend="Draw row by row, with the shape [nout][nin].",
    languages=("Julia", "Fortran", "R", "MATLAB", "any"),
)
@in_place_of("initial_weights")
def matrices_drawn_by_columns(config: Config, vocab_size: int, generator: random.Random) -> Weights:
    weights = {}
    for name, (rows, columns) in config.shapes(vocab_size).items():
        drawn = [[generator.gauss(0, config.init_std) for _ in range(rows)] for _ in range(columns)]
        weights[name] = [list(row) for row in zip(*drawn, strict=True)]
    return weights


@mistake(
    "The initial standard deviation is 0.02",
    what="All weights start four times too small: 0.02 instead of 0.08.",
    why="GPT-2 and an early revision of the program use 0.02.",
    mend="Use 0.08, as published; a port reads the standard deviation from the question.",
)
def initial_deviation_of_0_02() -> Patch:
    return _drawn(draw=lambda generator, _name, _config: generator.gauss(0, 0.02))


@mistake(
    "Initial weights are uniform",
    what="Weights are uniform between -std and std instead of normally distributed.",
    why="The language has no function for normal numbers, or the library's default is uniform.",
    mend="Draw from a normal distribution, as `random.gauss` does.",
    languages=("C", "Rust", "Lua", "JavaScript", "PyTorch"),
)
@given_to(_drawn, "draw")
def initial_weights_uniform(generator: random.Random, _name: str, config: Config) -> float:
    return (2 * generator.random() - 1) * config.init_std


@mistake(
    "Output matrices start at 0",
    what="attn_wo and mlp_fc2 start at 0; the generator continues as if they had been drawn.",
    why="An early revision of the program does this.",
    mend="Draw every matrix with the same standard deviation.",
)
@given_to(_drawn, "draw")
def output_matrices_start_at_0(generator: random.Random, name: str, config: Config) -> float:
    is_zero = name.endswith(("attn_wo", "mlp_fc2"))
    return generator.gauss(0, 0.0 if is_zero else config.init_std)


@mistake(
    "The initial standard deviation depends on the matrix",
    what="Weights are drawn with 1 / sqrt(number of inputs) as standard deviation.",
    why="It is the default of most libraries.",
    mend="Use the question's standard deviation for every matrix.",
    languages=("PyTorch", "Keras", "JAX", "any"),
)
@given_to(_drawn, "draw")
def initial_deviation_by_size(generator: random.Random, name: str, config: Config) -> float:
    nin = config.n_embd * (4 if name.endswith("mlp_fc2") else 1)
    return generator.gauss(0, nin**-0.5)
