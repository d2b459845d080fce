"""`conformance stages`: run all stages, say how far each comes, draw their curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.safe_console import columns, put, screen
from golden.store import replace_file
from ports_adapter.quoting import printable
from reference.corpus import Corpus, UnreadableCorpus, embedded_corpus, read_corpus
from reference.data import names_path

from .stage_losses import WINDOW, Curve, curves_of
from .stages_page import written

SHOWN = 3


def compare_stages(
    corpus_path: Path | None, *, embedded: bool, pictures: Sequence[Path]
) -> ExitCode:
    """Run the stages on a corpus; print a table and write the pictures.

    The corpus is names.txt where that is known, if no other is given.

    Raises:
        Unusable: the corpus or a picture's place cannot be used.
    """
    try:
        corpus, name = _corpus(corpus_path, embedded=embedded)
    except UnreadableCorpus as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    status = screen(stderr=True)
    curves = list(curves_of(corpus, lambda stage: put(status, f"running {stage}")))
    screen().print(_table(curves))
    for path in pictures:
        try:
            replace_file(path, written(path, curves, name))
        except OSError as error:
            message = f"the picture cannot be written to {path}: {error.strerror}"
            raise Unusable(message, ExitCode.USAGE) from None
        put(status, f"The curves are in {path}.")
    return ExitCode.PASS


def _corpus(path: Path | None, *, embedded: bool) -> tuple[Corpus, str]:
    """The corpus, and what it is called in a picture."""
    found = None if embedded else path or names_path()
    if found is None:
        return embedded_corpus(), "the embedded corpus"
    return read_corpus(found), printable(found.name, 60)


def _table(curves: Sequence[Curve]) -> Table:
    table = columns("stage", ">parameters", ">first loss", f">last {WINDOW}", "samples")
    for curve in curves:
        table.add_row(
            curve.stage.name,
            f"{curve.num_params:,}",
            f"{curve.losses[0]:.4f}",
            f"{curve.last:.4f}",
            " ".join(curve.samples[:SHOWN]),
        )
    return table
