"""Lines, dots and areas over two axes, as an SVG that needs no script and no style sheet.

Its colors have a contrast of at least 3:1 on a light and on a dark ground, and what is drawn is
told apart without them: by dashes, shapes and names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 14, 48
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
    """A series in the chart's coordinates: `lines` for a polyline each, or else a path.

    `key` is the path of its sample in the legend, beside its name at `key_y`.
    """

    series: Series
    lines: list[str]
    path: str
    key: str
    key_y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, ready for `line_chart.svg.j2`; ticks are a coordinate and a label each."""

    title: str
    across_title: str
    up_title: str
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    drawn: list[Drawn]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


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
    series = [one for one in series if any(map(_is_finite, one.points))]
    points = [point for one in series for point in one.points if _is_finite(point)] or [(0.0, 1.0)]
    first, last = _ends([x for x, _ in points])
    heights = _ends([math.log10(y) if is_log else y for _, y in points])
    rows = _decades(*heights) if is_log else _ticks(*heights)
    low, high = rows[0], rows[-1]

    def place(point: Point) -> Point:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (point[0] - first) / ((last - first) or 1)
        y = math.log10(point[1]) if is_log else point[1]
        return round(x, 1), round(TOP + (HEIGHT - TOP - BOTTOM) * (high - y) / (high - low), 1)

    placed = [[list(map(place, run)) for run in _runs(one.points)] for one in series]
    return Chart(
        title=title,
        across_title=across,
        up_title=up,
        across=[
            (place((x, points[0][1]))[0], f"{x:g}")
            for x in _ticks(first, last)
            if first <= x <= last
        ],
        up=[(place((first, 10**y if is_log else y))[1], _label(y, is_log=is_log)) for y in rows],
        drawn=[
            _drawn(one, runs, key_y)
            for one, runs, key_y in zip(
                series, placed, _spread([runs[-1][-1][1] for runs in placed]), strict=True
            )
        ],
    )


def _is_finite(point: Point) -> bool:
    return all(map(math.isfinite, point))


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from at most `low` to at least `high`."""
    span = (high - low) or abs(high) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / TICKS))
    step = next(unit * n for n in (1, 2, 5, 10, 20) if span / (unit * n) < TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Whole powers of ten from at most `low` to at least `high`; 0 is one of them."""
    first, last = math.floor(low), math.ceil(high)
    step = max(1, math.ceil((last - first) / (TICKS - 1)))
    return [float(n * step) for n in range(math.floor(first / step), math.ceil(last / step) + 1)]


def _label(value: float, *, is_log: bool) -> str:
    if not is_log:
        return f"{value:g}"
    return f"{10**value:,g}" if -4 <= value <= 4 else f"1e{value:g}"


def _runs(points: Sequence[Point]) -> Iterator[list[Point]]:
    """The stretches of points without a gap."""
    run: list[Point] = []
    for point in points:
        if _is_finite(point):
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _spread(wanted: Sequence[float]) -> list[float]:
    """Where the legend's rows are: as near as can be to what they name, below each other."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    rows: list[float] = []
    for n in order:
        rows.append(max(wanted[n], TOP + 6, rows[-1] + LEGEND_ROW if rows else 0))
    over = max(0.0, rows[-1] - (HEIGHT - BOTTOM)) if rows else 0.0
    return [rows[order.index(n)] - over for n in range(len(wanted))]


def _drawn(series: Series, runs: Sequence[Sequence[Point]], key_y: float) -> Drawn:
    x = WIDTH - RIGHT + 14
    points = [point for run in runs for point in run]
    match series.shape:
        case Shape.LINE:
            # A point by itself is a line from there to there, with round ends.
            ends = [[*run, *run] if len(run) == 1 else run for run in runs]
            lines = [" ".join(f"{x:g},{y:g}" for x, y in run) for run in ends]
            return Drawn(series, lines, "", f"M{x} {key_y:g}h26", key_y)
        case Shape.DOTS:
            path = "".join(f"M{x:g} {y:g}h0" for x, y in points)
            return Drawn(series, [], path, f"M{x + 13} {key_y:g}h0", key_y)
        case Shape.CROSSES:
            path = "".join(_cross(x, y) for x, y in points)
            return Drawn(series, [], path, _cross(x + 13, key_y), key_y)
        case Shape.AREA:
            path = f"M{' '.join(f'{x:g} {y:g}' for x, y in points)}Z"
            return Drawn(series, [], path, f"M{x} {key_y - 6:g}h26v12h-26Z", key_y)


def _cross(x: float, y: float) -> str:
    return f"M{x - 3:g} {y - 3:g}l6 6m0-6l-6 6"
