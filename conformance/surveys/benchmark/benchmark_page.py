"""The page of a benchmark: how fast and how large ports and the reference are."""

from collections.abc import Sequence
from pathlib import Path

from conformance.reports.page.shell import render
from conformance.reports.page.visible_text import counted

from .measurement import REFERENCES, Speed
from .speed_table import decades, speed_rows

HERE = Path(__file__).parent


def page_of(speeds: Sequence[Speed]) -> str:
    """One HTML document, with its style and drawings in it."""
    unmeasured = [speed for speed in speeds if not speed.step]
    canonical = next(iter(REFERENCES))  # measured last, whatever a port is called
    reference = next((s.step for s in reversed(speeds) if s.name == canonical), 0.0)
    measured = len(speeds) - len(unmeasured)
    sections = {"speeds": "Speeds"} | ({"absent": "Not measured"} if unmeasured else {})
    return render(
        "benchmark.html.j2",
        HERE,
        title="Benchmark",
        heading="Benchmark",
        verdict=None,
        facts=[
            ("What", "a training step of the published model"),
            ("Measured", counted(measured, "program")),
        ],
        sections=sections,
        decades=decades(speeds),
        rows=speed_rows(speeds, reference),
        unmeasured=unmeasured,
    )
