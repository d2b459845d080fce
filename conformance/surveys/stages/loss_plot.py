"""The loss curves of all stages on one plot: a page that opens offline, or an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly import graph_objects

from .stage_losses import WINDOW, Curve

COLOURS = ("#999999", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7")
"""Told apart by colour-blind people, too (Okabe and Ito 2008), on dark and on light."""
DASHES = ("", "7 3", "2 3", "", "7 3", "")

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 20, 44
FROM = 20
"""The first means are of few documents."""


def page(curves: Sequence[Curve], corpus: str) -> bytes:
    """A page with the curves, the numbers on hover."""
    figure = graph_objects.Figure()
    for curve, colour in zip(curves, COLOURS, strict=True):
        figure.add_scatter(
            x=list(range(1, len(curve.losses) + 1)),
            y=curve.smooth,
            name=f"{curve.stage.name}: {curve.stage.about}",
            line={"color": colour},
            customdata=curve.losses,
            hovertemplate="step %{x}: mean %{y:.4f}, this step %{customdata:.4f}",
        )
    figure.update_layout(
        title=f"The stages on {corpus.replace('<', '&lt;')}: mean loss of the last {WINDOW} steps",
        xaxis_title="step",
        yaxis_title="nats a token",
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.15},
    )
    html: str = figure.to_html(include_plotlyjs=True)
    return html.encode()


def svg(curves: Sequence[Curve], corpus: str) -> bytes:
    """The same as a picture, its coordinates rounded to a tenth of a pixel."""
    shown = [curve.smooth[FROM - 1 :] for curve in curves]
    low = math.floor(10 * min(map(min, shown))) / 10
    high = math.ceil(10 * max(map(max, shown))) / 10
    steps = max(len(curve.losses) for curve in curves)

    def x(step: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * step / steps:.1f}"

    def y(loss: float) -> str:
        return f"{TOP + (HEIGHT - TOP - BOTTOM) * (high - loss) / (high - low):.1f}"

    lines = [
        {
            "name": curve.stage.name,
            "last": f"{curve.last:.3f}",
            "colour": colour,
            "dash": dash,
            "points": " ".join(
                f"{x(step)},{y(loss)}" for step, loss in enumerate(smooth, FROM) if step % 5 == 0
            ),
        }
        for curve, smooth, colour, dash in zip(curves, shown, COLOURS, DASHES, strict=True)
    ]
    environment = Environment(
        loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined
    )
    ticks = [low + 0.2 * n for n in range(math.floor((high - low) / 0.2) + 1)]
    return environment.get_template("stages.svg.jinja").render(
        width=WIDTH, height=HEIGHT, left=LEFT, right=WIDTH - RIGHT, top=TOP, bottom=HEIGHT - BOTTOM,
        window=WINDOW, corpus=corpus, lines=lines,
        across=[(x(step), step) for step in range(0, steps + 1, 200)],
        up=[(y(loss), f"{loss:.1f}") for loss in ticks],
    ).encode()  # fmt: skip


def written(path: Path, curves: Sequence[Curve], corpus: str) -> bytes:
    """The picture in the format that a file's name asks for: an SVG, or else a page."""
    return svg(curves, corpus) if path.suffix == ".svg" else page(curves, corpus)
