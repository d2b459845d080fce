"""The kill matrix: the result of every known mistake and of every honest program.

It is stored as JSON and published as a table in `docs/score.md`. It holds the slug of each mistake
that was tried, so that a mistake of the catalogue without a score is noticed.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from conformance.mistakes import MISTAKES
from conformance.reports.markdown_page import filled

from .honest_programs import Honest
from .scoring import Scored

KEPT = Path(__file__).parent / "score.json"
ROOT = Path(__file__).parents[3]
TEMPLATE = Path(__file__).with_name("score.md.j2")
PAGE = ROOT / "docs" / "score.md"
README = ROOT / "README.md"

RIGHTLY = ("named", "among twins")


class Score(Struct, frozen=True):
    """All results: mistakes in the order of the catalogue, float64 before float32."""

    mistakes: list[Scored]
    honest: list[Honest]


class Summary(Struct, frozen=True):
    """The score in numbers; `named` counts mistakes that were named alone or with their twins."""

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
    """The numbers of a score."""
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
    """The score in two sentences, which the README repeats."""
    s = summary_of(score)
    yield (
        f"{s.mistakes} known mistakes, run as faulty ports in double and in single precision: "
        f"{s.caught} of {s.tried} caught, {s.named} named correctly (alone or with their twins), "
        f"{s.misnamed} named wrongly."
    )
    seeds = f"{s.fewest_seeds} to " if s.fewest_seeds < s.most_seeds else ""
    yield (
        f"{s.honest} honest programs on the fresh cases of {seeds}{s.most_seeds} seeds, "
        f"{s.answers:,} answers: {s.alarms} false alarms; the largest error is {s.worst:.2f} of "
        "budget."
    )


def load() -> Score:
    """The stored score, or an empty one."""
    if not KEPT.exists():
        return Score([], [])
    return msgspec.json.decode(KEPT.read_bytes(), type=Score)


def page(score: Score) -> str:
    """The text of docs/score.md."""
    return filled(
        TEMPLATE, sentences=sentences(score), rows=_rows(score.mistakes), honest=score.honest
    )


def readme(text: str, score: Score) -> str:
    """The text of the README with the figures of this score in the places of older ones."""
    s = summary_of(score)
    figures = {
        r"> \d+ known mistakes.*\n> .*\n": "".join(f"> {line}\n" for line in sentences(score)),
        r"mistakes caught: \d+ of \d+": f"mistakes caught: {s.caught} of {s.tried}",
        r"mistakes_caught-\d+_of_\d+": f"mistakes_caught-{s.caught}_of_{s.tried}",
        r"holds \d+ mistakes": f"holds {s.mistakes} mistakes",
    }
    for pattern, figure in figures.items():
        text = re.sub(pattern, figure, text)
    return text


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
    """The first case that caught it, how many cases failed, and how it was named."""
    if scored is None:
        return "no mistake", "", ""
    caught = scored.case if scored.caught else "**not caught**"
    return caught, f"{scored.failed} of {scored.asked}", _naming(scored)


def _naming(scored: Scored) -> str:
    if scored.naming == "named":
        return "yes"
    others = [" + ".join(names) for names in scored.names if names != [scored.slug]]
    return f"{scored.naming}: {', '.join(others)}" if others else scored.naming
