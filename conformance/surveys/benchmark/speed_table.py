"""The speeds of ports as a table for the terminal, and as a plot in a page of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from plotly import graph_objects
from rich.console import Console
from rich.table import Table

from golden.store import replace_file
from ports_adapter.quoting import printable

from .measurement import Speed

MEBIBYTE = 1 << 20
WIDTH = 12


def table(speeds: Sequence[Speed]) -> Table:
    """All speeds, fastest first, with bars on a logarithmic scale."""
    measured = sorted((speed for speed in speeds if speed.step), key=lambda speed: speed.step)
    made = Table(box=None, pad_edge=False)
    made.add_column("port", no_wrap=True)
    for heading in ("ms a step", "steps/s", "MiB", "start-up, ms"):
        made.add_column(heading, justify="right")
    made.add_column("")
    for speed in measured:
        made.add_row(
            printable(speed.name, 60),
            f"{1000 * speed.step:.3g}",
            f"{speed.steps_per_second:,.0f}",
            f"{speed.memory / MEBIBYTE:,.0f}",
            f"{1000 * speed.start_up:,.0f}",
            _bar(speed, measured),
        )
    return made


def _bar(speed: Speed, measured: Sequence[Speed]) -> str:
    slowest, fastest = measured[-1].step, measured[0].step
    share = math.log(slowest / speed.step) / (math.log(slowest / fastest) or 1.0)
    return "█" * (1 + round((WIDTH - 1) * share))


def show(speeds: Sequence[Speed], console: Console) -> None:
    """Print the table, and what could not be measured."""
    console.print(table(speeds))
    for speed in speeds:
        if not speed.step:
            console.print(f"{printable(speed.name, 60)}: {speed.why}", markup=False, soft_wrap=True)


def write_plot(speeds: Sequence[Speed], path: Path) -> None:
    """A page with a bar for each port, which opens offline.

    Raises:
        OSError: the file cannot be written.
    """
    measured = sorted((s for s in speeds if s.step), key=lambda s: s.step, reverse=True)
    bars = graph_objects.Bar(
        x=[1000 * speed.step for speed in measured],
        y=[printable(speed.name, 60).replace("<", "&lt;") for speed in measured],
        orientation="h",
        customdata=[
            [speed.steps_per_second, speed.memory / MEBIBYTE, 1000 * speed.start_up]
            for speed in measured
        ],
        hovertemplate="%{y}: %{x:.3g} ms a step<br>%{customdata[0]:,.0f} steps a second"
        "<br>%{customdata[1]:,.0f} MiB<br>start-up %{customdata[2]:,.0f} ms<extra></extra>",
    )
    figure = graph_objects.Figure(bars)
    figure.update_layout(
        title="A training step of microgpt", xaxis={"type": "log", "title": "milliseconds"}
    )
    replace_file(path, figure.to_html(include_plotlyjs=True).encode())
