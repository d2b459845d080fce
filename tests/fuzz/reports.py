"""Reports of parts, and journals: any file is one, or it is said in words why it is none."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.asking.journal import Journal
from conformance.cases.request import Request, Unusable
from conformance.judging.assembly import assembled
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import BaselineReport, CaseReport, PartReport, PortReport, Report
from conformance.reports.terminal.run_text import show
from conformance.runs.merging import decode_part, merged
from golden.json_documents import encoded
from ports_adapter.manifest import Port
from tests.support.suite import printed

from .folder import folder
from .target import Ending, Target, claim, refused

SLUGS = ["tokenizer/words", "adam/cold-start", "forward/one-letter", "protocol/shutdown"]
PORT = PortReport("p", "p", "C", "float64", ["tokenize"], ["microgpt"])


def case_of(slug: str, outcome: Outcome = Outcome.PASS) -> CaseReport:
    return CaseReport(
        slug=slug, level=Level(slug.partition("/")[0]), about="is right", method="tokenize",
        outcome=outcome, detail="", seconds=0.5, worst=0.25, worst_at="/logits/0", values=9,
        identical=8, ulps=2.0, differences=[], tainted_by="", rerun="make", log=["a line"],
    )  # fmt: skip


def report_of(
    cases: Sequence[CaseReport],
    baseline: BaselineReport | None = None,
    part: PartReport | None = None,
) -> Report:
    head = Report(
        port=PORT, seed=1, exit_code=ExitCode.PASS, verdict="", grade="", first_divergence="",
        layout="", levels=[], cases=[], seconds=0.0, baseline=baseline, part=part,
    )  # fmt: skip
    return assembled(head, cases)


@cache
def parts() -> tuple[Report, Report]:
    first, second = (PartReport(index, 2, SLUGS) for index in (1, 2))
    wrong = case_of("adam/cold-start", Outcome.MISMATCH)
    return (
        report_of([case_of(SLUGS[0]), case_of(SLUGS[2])], part=first),
        report_of([wrong, case_of(SLUGS[3])], part=second),
    )


def feed_part(_choice: int, content: bytes) -> Ending:
    """Join a part with a right one; what is taken is judged by its cases, whatever it claims."""
    first, second = parts()
    try:
        report = decode_part(Path("part.json"), content)
        joined = merged([(Path("1.json"), first), (Path("part.json"), report)])
    except Unusable as error:
        return refused(error)
    claim([case.slug for case in joined.cases] == SLUGS, f"it has {joined.cases}")
    failing = any(case.fails for case in joined.cases)
    claim(not failing or joined.exit_code is not ExitCode.PASS, "a failing case passes")
    claim(joined.baseline == second.baseline, "its baseline is another")
    printed(show, joined)
    encoded(joined)
    return Ending.ACCEPTED


def part_seeds() -> list[bytes]:
    return [b"\x00" + text for p in parts() for text in (encoded(p), msgspec.json.encode(p))]


MERGE = Target(
    name="merge",
    about="a part's report to `merge`",
    feed=feed_part,
    seeds=part_seeds,
    share=10,
)


def _port() -> Port:
    return Port(folder=folder("port"), name="p", language="C", run=("p",), label="p")


def _path() -> Path:
    return folder("journal") / "run.journal"


def feed_journal(_choice: int, content: bytes) -> Ending:
    path, request = _path(), Request("p", ("tokenizer",), 1)
    path.write_bytes(content)
    try:
        with Journal(path, _port(), request, 1) as journal:
            done = dict(journal.done)
            journal.keep(case_of("tokenizer/crlf"))
    except Unusable as error:
        claim(path.read_bytes() == content, "a refused journal is changed")
        return refused(error)
    with Journal(path, _port(), request, 1) as journal:
        claim(journal.done == done | {"tokenizer/crlf": case_of("tokenizer/crlf")}, "it is lost")
    return Ending.ACCEPTED


def journal_seeds() -> list[bytes]:
    path = _path()
    path.unlink(missing_ok=True)
    with Journal(path, _port(), Request("p", ("tokenizer",), 1), 1) as journal:
        journal.introduce(PORT)
        for slug in SLUGS:
            journal.keep(structs.replace(case_of(slug), log=[]))
    content = path.read_bytes()
    return [b"\x00" + content, b"\x00" + content[:-9], b"\x00"]


JOURNAL = Target(
    name="journal",
    about="a journal to `--resume`",
    feed=feed_journal,
    seeds=journal_seeds,
    share=5,
)
