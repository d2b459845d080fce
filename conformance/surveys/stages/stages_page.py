"""The loss curves of all stages in one chart: on a page that opens offline, or as an SVG."""

from collections.abc import Sequence
from pathlib import Path

from conformance.reports.page.line_chart import Chart, Point, Series, line_chart
from conformance.reports.page.shell import render

from .stage_losses import WINDOW, Curve

HERE = Path(__file__).parent
COLORS = ("#808997", "#c97a10", "#2f86d6", "#1a9467", "#d4483b", "#a464c8")
"""Each has a contrast of at least 3:1 on a light and on a dark ground."""

DASHES = ("", "9 4", "2 4", "12 3 2 3", "5 3", "12 3 2 3 2 3")
FROM = 20
"""The first means are of few documents."""


def written(path: Path, curves: Sequence[Curve], corpus: str) -> bytes:
    """The chart in the format that a file's name asks for: an SVG, or else a page.

    Args:
        path: whose ending counts.
        curves: of all stages.
        corpus: what the corpus is called.
    """
    chart = _chart(curves, corpus)
    if path.suffix == ".svg":
        return render("line_chart.svg.j2", chart=chart).encode()
    return render(
        "stages.html.j2",
        HERE,
        title="Stages",
        heading="The stages of microgpt",
        verdict=None,
        facts=[("Corpus", corpus), ("Steps", max(len(curve.losses) for curve in curves))],
        sections={"losses": "Losses", "figures": "Figures"},
        chart=chart,
        curves=curves,
        window=WINDOW,
    ).encode()


def _chart(curves: Sequence[Curve], corpus: str) -> Chart:
    return line_chart(
        f"The stages on {corpus}: mean loss of the last {WINDOW} steps",
        [
            Series(f"{curve.stage.name}: {curve.last:.3f}", _points(curve), color, dash)
            for curve, color, dash in zip(curves, COLORS, DASHES, strict=True)
        ],
        "step",
        f"nats a token, mean of {WINDOW} steps",
    )


def _points(curve: Curve) -> Sequence[Point]:
    """Every fifth mean: as smooth as they are, no more can be seen."""
    return list(enumerate(curve.smooth, 1))[FROM - 1 :: 5]
