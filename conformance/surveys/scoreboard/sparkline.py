"""A port's runs as a line no larger than a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from .board import Point

WIDTH, HEIGHT = 112, 28
MARGIN = 4


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The points of the line in pixels, the last one by itself, and all of it in words."""

    points: str
    last: tuple[float, float]
    words: str


def sparkline_of(history: Sequence[Point]) -> Sparkline | None:
    """Passed cases over time, from none at the bottom to the most ever asked at the top.

    The runs are equally far apart, whenever they were. None if there are no runs.
    """
    if not history:
        return None
    most = max(point.asked for point in history) or 1
    step = (WIDTH - 2 * MARGIN) / max(1, len(history) - 1)
    first = WIDTH - MARGIN - step * (len(history) - 1)
    places = [
        (round(first + step * n, 1), round(_height(point.passed / most), 1))
        for n, point in enumerate(history)
    ]
    points = " ".join(f"{x:g},{y:g}" for x, y in places)
    return Sparkline(points, places[-1], _words(history))


def _height(share: float) -> float:
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * min(1.0, share)


def _words(history: Sequence[Point]) -> str:
    runs = f"{len(history)} runs" if len(history) > 1 else "1 run"
    shown = ", ".join(f"{point.passed}/{point.asked}" for point in history[-8:])
    before = "the last of them " if len(history) > 8 else ""
    return f"{runs} since {history[0].date[:10]}: {before}{shown} passed"
