"""Lines, dots and areas over two axes, as an SVG that needs no script and no style sheet.

Its colors have a contrast of at least 3:1 on a light and on a dark ground. Dashes, shapes and
names tell apart what is drawn, without its color.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 570, 14, 312
LEGEND_ROW = 21
TICKS = 6
"""The most on an axis."""

Point = tuple[float, float]


class Shape(StrEnum):
    """How the points of a series are drawn; an area's points go around it."""

    LINE = "line"
    DOTS = "dots"
    CROSSES = "crosses"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Series:
    """Named points and how they are drawn; `dash` and `width` are in the units of SVG.

    A point that is not finite leaves a gap.
    """

    name: str
    points: Sequence[Point]
    color: str
    dash: str = ""
    width: float = 2
    shape: Shape = Shape.LINE


@dataclass(frozen=True, slots=True)
class Drawn:
    """The paths of a series and of its sample in the legend, which is at the height `key_y`."""

    series: Series
    path: str
    key: str
    key_y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart for `line_chart.svg.j2`; ticks are a coordinate and a label each."""

    title: str
    across_title: str
    up_title: str
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    drawn: list[Drawn]
    box: tuple[int, int, int, int] = (LEFT, RIGHT, TOP, BOTTOM)
    size: tuple[int, int] = (WIDTH, HEIGHT)


def line_chart(
    title: str, series: Sequence[Series], across: str, up: str, *, is_log: bool = False
) -> Chart:
    """A chart of series, in the order in which they are painted.

    Args:
        title: what the chart shows, for those who do not see it.
        series: those without points are left out.
        across: the title of the horizontal axis.
        up: the title of the vertical axis.
        is_log: whether the vertical axis is logarithmic; all its values are then positive.
    """
    runs = {one.name: _runs(one, is_log=is_log) for one in series}
    points = [p for parts in runs.values() for part in parts for p in part] or [(0.0, 0.0)]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    rows = _ticks(min(y for _, y in points), max(y for _, y in points), least=float(is_log))

    def place(x: float, y: float) -> Point:
        right, down = (x - first) / ((last - first) or 1), (rows[-1] - y) / (rows[-1] - rows[0])
        return round(LEFT + (RIGHT - LEFT) * right, 1), round(TOP + (BOTTOM - TOP) * down, 1)

    placed = {name: [[place(*p) for p in part] for part in parts] for name, parts in runs.items()}
    shown = [one for one in series if placed[one.name]]
    heights = _spread([placed[one.name][-1][-1][1] for one in shown])
    return Chart(
        title=title,
        across_title=across,
        up_title=up,
        across=[(place(x, 0)[0], f"{x:g}") for x in _ticks(first, last) if first <= x <= last],
        up=[(place(0, y)[1], _power(y) if is_log else f"{y:g}") for y in rows],
        drawn=[
            Drawn(one, _path(one.shape, placed[one.name]), _path(one.shape, _key(one.shape, y)), y)
            for one, y in zip(shown, heights, strict=True)
        ],
    )


def _runs(series: Series, *, is_log: bool) -> list[list[Point]]:
    """The stretches of points without a gap, in the units of the axes."""
    return [
        [(x, math.log10(y) if is_log else y) for x, y in run]
        for is_finite, run in groupby(series.points, lambda p: all(map(math.isfinite, p)))
        if is_finite
    ]


def _ticks(low: float, high: float, least: float = 0.0) -> list[float]:
    """Round numbers from at most `low` to at least `high`, `least` apart or more."""
    span = (high - low) or abs(high) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / TICKS))
    step = max(least, next(unit * n for n in (1, 2, 5, 10, 20) if span / (unit * n) < TICKS))
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]


def _power(exponent: float) -> str:
    return f"{10**exponent:,g}" if -4 <= exponent <= 4 else f"1e{exponent:g}"


def _spread(wanted: Sequence[float]) -> list[float]:
    """Where the legend's rows are: below each other, as near as can be to what they name."""
    rows: dict[int, float] = {}
    lowest: float = TOP + 6 - LEGEND_ROW
    for n in sorted(range(len(wanted)), key=lambda n: wanted[n]):
        rows[n] = lowest = max(wanted[n], lowest + LEGEND_ROW)
    over = max(0.0, lowest - BOTTOM)
    return [rows[n] - over for n in range(len(wanted))]


def _key(shape: Shape, y: float) -> list[list[Point]]:
    """The points of a series's sample in the legend."""
    left, right = RIGHT + 14, RIGHT + 40
    if shape is Shape.AREA:
        return [[(left, y - 6), (right, y - 6), (right, y + 6), (left, y + 6)]]
    return [[(left, y), (right, y)] if shape is Shape.LINE else [((left + right) / 2, y)]]


def _path(shape: Shape, runs: Sequence[Sequence[Point]]) -> str:
    """The path of placed points; a line of no length makes a dot, since its ends are round."""
    match shape:
        case Shape.LINE:
            return "".join(f"M{_joined(run)}h0" for run in runs)
        case Shape.AREA:
            return "".join(f"M{_joined(run)}Z" for run in runs)
        case Shape.DOTS:
            return "".join(f"M{x:g} {y:g}h0" for run in runs for x, y in run)
        case Shape.CROSSES:
            return "".join(f"M{x - 3:g} {y - 3:g}l6 6m0-6l-6 6" for run in runs for x, y in run)


def _joined(run: Sequence[Point]) -> str:
    return " ".join(f"{x:g} {y:g}" for x, y in run)
