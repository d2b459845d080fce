"""The kill matrix: what became of every mistake and of every honest program, kept as JSON.

It is published as a table in `docs/score.md`. What it is worth depends on the catalogue, so it
holds the slugs of all mistakes that were tried: one that is missing has not been scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from conformance.mistakes import MISTAKES

from .honest_programs import Honest
from .scoring import Scored

KEPT = Path(__file__).parent / "score.json"
PAGE = Path(__file__).parents[3] / "docs" / "score.md"

RIGHTLY = ("named", "among twins")


class Score(Struct, frozen=True):
    """All of it, mistakes in the catalogue's order, float64 before float32."""

    mistakes: list[Scored]
    honest: list[Honest]


class Summary(Struct, frozen=True):
    """The score in numbers. `named` counts those named alone or with their declared twins."""

    mistakes: int
    tried: int
    caught: int
    named: int
    misnamed: int
    honest: int
    answers: int
    fewest_seeds: int
    most_seeds: int
    alarms: int
    worst: float


def summary_of(score: Score) -> Summary:
    """A score in numbers."""
    return Summary(
        mistakes=len({scored.slug for scored in score.mistakes}),
        tried=len(score.mistakes),
        caught=sum(scored.caught for scored in score.mistakes),
        named=sum(scored.naming in RIGHTLY for scored in score.mistakes),
        misnamed=sum(scored.naming == "misnamed" for scored in score.mistakes),
        honest=len(score.honest),
        answers=sum(honest.answers for honest in score.honest),
        fewest_seeds=min((honest.seeds for honest in score.honest), default=0),
        most_seeds=max((honest.seeds for honest in score.honest), default=0),
        alarms=sum(len(honest.alarms) for honest in score.honest),
        worst=max((honest.worst for honest in score.honest), default=0.0),
    )


def sentences(score: Score) -> Iterator[str]:
    """The score in words."""
    s = summary_of(score)
    yield (
        f"{s.mistakes} known mistakes as faulty ports, in double and in single precision: "
        f"{s.caught} of {s.tried} caught, {s.named} named rightly (alone or with their twins), "
        f"{s.misnamed} named wrongly."
    )
    seeds = f"{s.fewest_seeds} to " if s.fewest_seeds < s.most_seeds else ""
    yield (
        f"{s.honest} honest programs before the fresh cases of {seeds}{s.most_seeds} seeds, "
        f"{s.answers:,} answers: {s.alarms} false alarms, the largest error {s.worst:.2f} of "
        "budget."
    )


def load() -> Score:
    """The score that is kept; an empty one if there is none."""
    if not KEPT.exists():
        return Score([], [])
    return msgspec.json.decode(KEPT.read_bytes(), type=Score)


def encode(score: Score) -> bytes:
    """As it is kept."""
    return msgspec.json.format(msgspec.json.encode(score), indent=1) + b"\n"


def page(score: Score) -> str:
    """The table in Markdown."""
    lines = [
        "# The score of the suite itself",
        "",
        "Written by `make score`, which runs every known mistake as a faulty port through the real",
        "protocol, and has it named from its answers alone; and honest programs, which must pass.",
        "",
        *sentences(score),
        "",
        "## Known mistakes",
        "",
        "| mistake | first caught at | failed, of asked | named | the same, in float32 | |",
        "| --- | --- | --- | --- | --- | --- |",
        *_rows(score.mistakes),
        "",
        "## Honest programs",
        "",
        "| program | seeds | answers | false alarms | largest error, in budgets |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {h.name} | {h.seeds} | {h.answers:,} | {len(h.alarms)} | {h.worst:.2f} |"
            for h in score.honest
        ),
        "",
    ]
    return "\n".join(lines)


def _rows(scores: Iterable[Scored]) -> Iterator[str]:
    by_slug: dict[str, dict[str, Scored]] = {}
    for scored in scores:
        by_slug.setdefault(scored.slug, {})[scored.precision] = scored
    for slug, each in by_slug.items():
        title = MISTAKES[slug].title if slug in MISTAKES else ""
        double, single = each.get("float64"), each.get("float32")
        cells = [f"{title} (`{slug}`)", *_cells(double), *_cells(single)[::2]]
        yield f"| {' | '.join(cells)} |"


def _cells(scored: Scored | None) -> tuple[str, str, str]:
    """Where it was caught first, how many cases failed, how it was named."""
    if scored is None:
        return "no mistake", "", ""
    caught = scored.case if scored.caught else "**not caught**"
    return caught, f"{scored.failed} of {scored.asked}", _naming(scored)


def _naming(scored: Scored) -> str:
    if scored.naming == "named":
        return "yes"
    others = [" + ".join(names) for names in scored.names if names != [scored.slug]]
    return f"{scored.naming}: {', '.join(others)}" if others else scored.naming
