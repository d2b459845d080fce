"""Where the boxes and lines of the program's data flow are drawn."""

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.anatomy.levels import Level

from .flow import LOSS, UPDATES, Flow, Half, State, edges

WIDTH, HEIGHT = 118, 58
COLUMN, ROW = 148, 74
MARGIN = 28
ACROSS = 6 * COLUMN + WIDTH + 2 * MARGIN

ATTENTION = {
    "attn_norm": (0, 1), "q": (1, 0), "k": (1, 1), "v": (1, 2), "attn_scores": (2, 0.5),
    "attn_weights": (3, 0.5), "attn_heads": (4, 1), "attn_out": (5, 1), "attn_residual": (6, 1),
}  # fmt: skip
"""Column and row of each box of a layer; the MLP's run back from right to left."""
MLP = {
    "mlp_norm": (6, 3.4), "mlp_hidden": (5, 3.4), "mlp_activation": (4, 3.4),
    "mlp_out": (3, 3.4), "mlp_residual": (2, 3.4),
}  # fmt: skip
IN_LAYER = ATTENTION | MLP
LAYER_HEIGHT = 4.4 * ROW + 90
HEAD = 70
"""From the top of a layer's frame to its first row."""

TITLES = {
    "input_norm": "norm", "attn_norm": "norm", "attn_scores": "scores", "attn_weights": "weights",
    "attn_heads": "heads", "attn_out": "out", "attn_residual": "+ residual", "mlp_norm": "norm",
    "mlp_hidden": "hidden", "mlp_activation": "activation", "mlp_out": "out",
    "mlp_residual": "+ residual", LOSS: "softmax, loss",
}  # fmt: skip
LOOKS = {
    State.FIRST: ("first", "✗", "first wrong: look here"),
    State.TAINTED: ("tainted", "~", "tainted: computed from what is wrong first"),
    State.WRONG: ("wrong", "✗", "wrong as well, or failed at a place that is not known"),
    State.RIGHT: ("right", "✓", "right"),
    State.UNASKED: ("unasked", "–", "not judged"),
}
"""The CSS class of a state, its sign, which does without color, and what it means."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box, its upper left corner, and its halves: a value and its gradient, or one state."""

    name: str
    title: str
    x: float
    y: float
    parts: tuple[tuple[str, State], ...]

    @property
    def is_first(self) -> bool:
        """Whether this is the place to look at."""
        return any(state is State.FIRST for _, state in self.parts)

    @property
    def words(self) -> str:
        """What is shown when a pointer rests on the box."""
        halves = (f"{label} {state}".strip() for label, state in self.parts)
        return f"{self.name}: {', '.join(halves)}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line from box to box; `css` says whether something wrong goes along it, and which way."""

    path: str
    css: str = ""
    label: str = ""
    label_at: tuple[float, float] = (0, 0)


@dataclass(frozen=True, slots=True)
class Drawing:
    """All boxes and lines; `frames` has the upper end of each layer's frame."""

    height: float
    boxes: list[Box]
    lines: list[Line]
    frames: list[float]
    width: float = ACROSS
    frame_height: float = LAYER_HEIGHT
    looks = LOOKS


def drawing_of(flow: Flow) -> Drawing:
    """The data flow, laid out: the layers below each other, what is around them at both ends."""
    layers = [MARGIN + HEIGHT + 44 + n * (LAYER_HEIGHT + 40) for n in range(flow.n_layer)]
    last = layers[-1] + LAYER_HEIGHT + 44
    places = {"embedding": _at(1, MARGIN), "input_norm": _at(2, MARGIN)}
    for number, top in enumerate(layers):
        for name, (column, row) in IN_LAYER.items():
            places[f"layer{number}.{name}"] = _at(column, top + HEAD + row * ROW)
    places |= {"logits": _at(0, last), LOSS: _at(1, last)}
    around = list(flow.around)
    outside = dict(zip(around, [_at(0, MARGIN), _at(5, MARGIN), _at(6, MARGIN)], strict=False))
    outside |= dict(zip(around[3:], [_at(c, last) for c in (3, 4, 5, 6)], strict=True))
    boxes = [_box(flow, name, *place) for name, place in places.items()]
    boxes += [
        Box(level.value, level.value, *place, (("", flow.around[level]),))
        for level, place in outside.items()
    ]
    lines = [_line(flow, places, source, target) for source, target in edges(flow.n_layer)]
    lines += _lines_around(flow, places, outside)
    return Drawing(last + HEIGHT + MARGIN, boxes, lines, layers)


def _at(column: float, y: float) -> tuple[float, float]:
    return MARGIN + column * COLUMN, y


def _box(flow: Flow, name: str, x: float, y: float) -> Box:
    halves: tuple[tuple[str, Half], ...] = (("value", "forward"), ("grad", "backward"))
    parts = [(label, flow.inside[name, half]) for label, half in halves[: 1 if name == LOSS else 2]]
    plain = name.rpartition(".")[2]
    return Box(name, TITLES.get(plain, plain), x, y, tuple(parts))


_BAD = (State.FIRST, State.TAINTED)


def _taint(flow: Flow, source: str, target: str) -> str:
    """Whether wrong numbers run along a line, forward or back."""
    ends = [flow.inside.get((name, "forward")) for name in (source, target)]
    if ends[0] in _BAD and ends[1] is State.TAINTED:
        return "tainted"
    ends = [flow.inside.get((name, "backward")) for name in (target, source)]
    return "returned" if ends[0] in _BAD and ends[1] is State.TAINTED else ""


def _line(flow: Flow, places: dict[str, tuple[float, float]], source: str, target: str) -> Line:
    start, end = places[source], places[target]
    return Line(_path(source, target, start, end), _taint(flow, source, target))


def _path(source: str, target: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    """The way between two boxes; straight ahead where they stand beside each other."""
    (x1, y1), (x2, y2) = start, end
    half, plain = WIDTH / 2, target.rpartition(".")[2]
    if plain in ("attn_norm", "logits"):
        return _descend(source, x1, y1, x2 + half, y2)
    if plain == "attn_residual" and not source.endswith("attn_out"):
        rail = y2 - ROW - HEAD + 40
        return _corners((MARGIN + half, rail), (x2 + half, rail), (x2 + half, y2))
    if plain == "mlp_residual" and source.endswith("attn_residual"):
        rail, side = y2 + HEIGHT + 22, x1 + WIDTH + 10
        middle = y1 + HEIGHT / 2
        return _corners(
            (x1 + WIDTH, middle), (side, middle), (side, rail), (x2 + half, rail),
            (x2 + half, y2 + HEIGHT),
        )  # fmt: skip
    if plain == "mlp_norm":
        return _corners((x1 + half, y1 + HEIGHT), (x2 + half, y2))
    y1, y2 = y1 + HEIGHT / 2, y2 + HEIGHT / 2
    x1, x2 = (x1 + WIDTH, x2) if x1 < x2 else (x1, x2 + WIDTH)
    middle = (x1 + x2) / 2
    if plain == "attn_heads" and source.endswith(".v"):
        near = x2 - COLUMN + WIDTH
        return f"M{x1:g} {y1:g}H{near:g}C{(near + x2) / 2:g} {y1:g} {near:g} {y2:g} {x2:g} {y2:g}"
    return f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"


def _descend(source: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """From the end of a layer, or of the input, down to what begins below it on the left."""
    if source.endswith("mlp_residual"):
        middle = y1 + HEIGHT / 2
        return _corners((x1, middle), (x2, middle), (x2, y2))
    rail = y1 + HEIGHT + 20
    return _corners((x1 + WIDTH / 2, y1 + HEIGHT), (x1 + WIDTH / 2, rail), (x2, rail), (x2, y2))


def _corners(*points: tuple[float, float]) -> str:
    """A line along right angles, each a little rounded."""
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = _towards(corner, before), _towards(corner, after)
        path.append(f"L{into}Q{corner[0]:g} {corner[1]:g} {out}")
    return "".join(path) + f"L{points[-1][0]:g} {points[-1][1]:g}"


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> str:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    reach = 8 / (abs(dx) + abs(dy) or 1)
    return f"{corner[0] + dx * reach:g} {corner[1] + dy * reach:g}"


def _lines_around(
    flow: Flow, places: dict[str, tuple[float, float]], outside: dict[Level, tuple[float, float]]
) -> Iterator[Line]:
    """Tokens go into the embedding, gradients into the update."""
    tokens = flow.around[Level.TOKENIZER] in (*_BAD, State.WRONG)
    tokenizer, embedding = outside[Level.TOKENIZER], places["embedding"]
    yield Line(_path("tokenizer", "embedding", tokenizer, embedding), "tainted" if tokens else "")
    bad = any(s in _BAD for (_, half), s in flow.inside.items() if half == "backward")
    update = next(place for level, place in outside.items() if level in UPDATES)
    loss = places[LOSS]
    middle = (loss[0] + WIDTH + update[0]) / 2, update[1] + HEIGHT / 2 - 8
    css = "gradients tainted" if bad else "gradients"
    yield Line(_path(LOSS, "update", loss, update), css, "gradients", middle)
