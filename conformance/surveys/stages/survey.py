"""`conformance stages`: train all stages, and compare their losses in a table and a chart."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.reports.destinations import write_files
from conformance.reports.terminal.safe_console import columns, put, screen
from ports_adapter.quoting import printable
from reference.corpus import Corpus, UnreadableCorpus, embedded_corpus, read_corpus
from reference.data import names_path

from .stage_losses import WINDOW, Curve, curves_of
from .stages_page import written

SHOWN = 3


def compare_stages(
    corpus_path: Path | None, *, embedded: bool, pictures: Sequence[Path]
) -> ExitCode:
    """Train the stages on a corpus, print a table, and write the pictures.

    The default corpus is names.txt if it is known, or else the embedded corpus.

    Raises:
        Unusable: the corpus cannot be read, or a picture cannot be written.
    """
    try:
        corpus, name = _corpus(corpus_path, embedded=embedded)
    except UnreadableCorpus as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    status = screen(stderr=True)
    curves = list(curves_of(corpus, lambda stage: put(status, f"running {stage}")))
    screen().print(_table(curves))
    write_files((path, written(path, curves, name)) for path in pictures)
    for path in pictures:
        put(status, f"The curves are in {path}.")
    return ExitCode.PASS


def _corpus(path: Path | None, *, embedded: bool) -> tuple[Corpus, str]:
    """The corpus, and its name in a picture."""
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
