"""`conformance score`: score all mistakes in both precisions, and all honest programs."""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from rich.console import Console

from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES
from conformance.reports.terminal.safe_console import put
from golden.budgets import Precision
from golden.json_documents import encoded
from golden.store import replace_file

from .honest_programs import PRECISIONS, Honest, ports_of_ours, try_out, variants
from .kill_matrix import KEPT, PAGE, README, Score, load, page, readme, sentences, summary_of
from .scoring import Scored, is_one, score

Work = list[tuple[str, Precision]]
"""Slugs of mistakes to score, each with a precision."""


def all_of(slugs: Sequence[str]) -> Work:
    """These mistakes, or all of them, in each precision in which they are mistakes."""
    return [(slug, p) for p in PRECISIONS for slug in slugs or MISTAKES if is_one(slug, p)]


def unscored(slugs: Sequence[str]) -> Work:
    """These mistakes, or all of them, as far as they have no score yet."""
    known = {(scored.slug, scored.precision) for scored in load().mistakes}
    return [item for item in all_of(slugs) if item not in known]


def score_all(
    slugs: Sequence[str], seeds: int, console: Console, work: Work | None = None
) -> ExitCode:
    """Score these mistakes, or all of them and honest programs too, and store the results.

    Args:
        slugs: mistakes; the stored scores of the others stay. Empty means all.
        seeds: how many seeds the honest programs are asked. With 0 their stored scores stay.
        console: where progress is printed.
        work: the part of the mistakes to score now; all of them if None.
    """
    kept = load()
    scored = {(s.slug, s.precision): s for s in kept.mistakes if s.slug in MISTAKES}
    for found in _scored(all_of(slugs) if work is None else work, console):
        scored[found.slug, found.precision] = found
        _keep(Score(_in_order(scored), kept.honest))  # so an interruption loses nothing
    honest = _honest(seeds, console) if seeds else kept.honest
    total = Score(_in_order(scored), honest)
    _keep(total)
    for sentence in sentences(total):
        put(console, sentence)
    return exit_code(total)


def _in_order(scored: Mapping[tuple[str, Precision], Scored]) -> list[Scored]:
    """Scores in the order of the catalogue, float64 before float32."""
    order = [(slug, precision) for slug in MISTAKES for precision in PRECISIONS]
    return [scored[key] for key in order if key in scored]


def _keep(score: Score) -> None:
    replace_file(KEPT, encoded(score))
    replace_file(PAGE, page(score).encode())
    replace_file(README, readme(README.read_text(), score).encode())


def exit_code(total: Score) -> ExitCode:
    """Passes if all mistakes were caught, none misnamed, and no honest program failed."""
    summary = summary_of(total)
    is_good = summary.caught == summary.tried and not summary.misnamed and not summary.alarms
    return ExitCode.PASS if is_good else ExitCode.FAIL


def _scored(work: Work, console: Console) -> Iterable[Scored]:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(score, slug, precision) for slug, precision in work]
        for done, future in enumerate(as_completed(futures), 1):
            found = future.result()
            caught = f"caught by {found.case}" if found.caught else "NOT CAUGHT"
            words = f"{found.slug} in {found.precision}: {caught}, {found.naming}"
            put(console, f"{done}/{len(work)} {words}")
            yield found


def _honest(seeds: int, console: Console) -> list[Honest]:
    def on_seed(seed: int) -> None:
        put(console, f"honest programs: seed {seed}")

    return try_out([*ports_of_ours(), *variants()], range(seeds), on_seed)
