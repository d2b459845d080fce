"""The page: a diagnosis, rendered with nothing that it would have to fetch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from conformance.explanation.diagnosis import Diagnosis
from conformance.judging.outcome import ExitCode
from conformance.judging.report import CaseReport, Report, excused
from golden.budgets import WARNING
from golden.store import replace_file

from .loss_charts import Curve, curves_of
from .flow_drawing import CLASSES, SIGNS, drawing_of
from .flow import Flow, State, flow_of
from .heat_maps import LOWEST, TensorMap, highest, start_of, tensor_maps, wrong_of
from .shell import HERE, content_of, environment, policy
from .visible_text import counted, shortened

_LEGEND = {
    State.FIRST: "first wrong: look here",
    State.TAINTED: "tainted: computed from what is wrong first",
    State.WRONG: "wrong as well, or failed at a place that is not known",
    State.RIGHT: "right",
    State.UNASKED: "not judged",
}


def write_page(path: Path, diagnosis: Diagnosis, transcript: Sequence[str] = ()) -> None:
    """Put the page of a diagnosis at `path`, in one step.

    Raises:
        OSError: the file cannot be written.
    """
    replace_file(path, page_of(diagnosis, transcript).encode())


def page_of(diagnosis: Diagnosis, transcript: Sequence[str] = ()) -> str:
    """One HTML document, with style, scripts and data in it.

    Args:
        diagnosis: what there is to tell.
        transcript: the lines that went to the port and came from it.
    """
    report = diagnosis.report
    maps, curves = tensor_maps(diagnosis.maps), curves_of(diagnosis.curves)
    first = diagnosis.divergence
    start = start_of(maps, first.case, first.place.pointer) if first else start_of(maps, "", "")
    flow = flow_of(diagnosis)
    failed = _failed(report)
    lines, left_out = shortened(transcript)
    word, _, counts = report.verdict.partition(": ")
    shown = dict(_sections(diagnosis, has_transcript=bool(lines)))
    plotly = get_plotlyjs() if maps or curves else ""
    script = _script()
    return environment().get_template("debug.html.j2").render(
        diagnosis=diagnosis,
        report=report,
        word=word or "NO VERDICT",
        counts=counts,
        passed=report.exit_code is ExitCode.PASS,
        shown=shown,
        contents=list(shown.items()),
        first_case=_first_case(diagnosis, failed),
        said=_said(diagnosis, flow),
        drawing=drawing_of(flow),
        legend=[(CLASSES[s], SIGNS[s], _LEGEND[s]) for s in _LEGEND if flow.named(s)],
        in_words=[(_LEGEND[s], flow.named(s)) for s in _LEGEND if flow.named(s)],
        maps=maps,
        curves=curves,
        choices=_choices(maps),
        start=start[0],
        own=[case for case in failed if case.fails and not case.tainted_by],
        tainted=[case for case in failed if case.fails and case.tainted_by],
        excused=excused(report),
        transcript=lines,
        left_out=left_out,
        warning=WARNING,
        policy=policy(plotly, script),
        css=Markup(content_of(HERE / "page.css")),
        plotly=Markup(plotly),
        script=Markup(script),
        data=_data(maps, curves, start),
    )  # fmt: skip


def _sections(diagnosis: Diagnosis, *, has_transcript: bool) -> Iterator[tuple[str, str]]:
    """Which sections there are, with their titles."""
    if diagnosis.names or diagnosis.symptoms or diagnosis.report.layout or diagnosis.divergence:
        both = diagnosis.names and len(diagnosis.names[0].slugs) > 1
        yield "mistake", "The mistakes" if both else "The mistake"
    if diagnosis.divergence or diagnosis.report.first_divergence:
        yield "divergence", "First divergence" if diagnosis.divergence else "First failure"
    yield "flow", "Data flow"
    if diagnosis.maps:
        yield "maps", "Heat maps"
    if diagnosis.curves:
        yield "curves", "Losses"
    yield "levels", "Levels"
    if _failed(diagnosis.report):
        yield "failed", "Failed cases"
    if diagnosis.smallest:
        yield "smallest", "The smallest case"
    if has_transcript or diagnosis.transcript:
        yield "transcript", "Transcript"


def _failed(report: Report) -> list[CaseReport]:
    """The cases that failed, and those for which the run fails though they passed."""
    return [case for case in report.cases if case.outcome.is_failure or case.fails]


def _first_case(diagnosis: Diagnosis, failed: Sequence[CaseReport]) -> CaseReport | None:
    """The failure to look at first, as the report has it."""
    slug = diagnosis.divergence.case if diagnosis.divergence else diagnosis.report.first_divergence
    return next((case for case in failed if case.slug == slug), None)


def _said(diagnosis: Diagnosis, flow: Flow) -> str:
    """The drawing in a sentence or two."""
    first, after = flow.named(State.FIRST), flow.named(State.TAINTED)
    if first:
        said = f"First wrong: {_listed(first)}."
        if after:
            said += f" {counted(len(after), 'part')} of the program may be wrong because of it."
        return said
    failed = [*flow.named(State.WRONG), *after]
    if failed:
        return "Something is wrong, but not at one place of the program that could be told."
    if diagnosis.divergence:
        return "What is wrong lies outside of what is drawn here."
    if flow.named(State.RIGHT):
        return "Everything that was judged is right."
    return "Nothing of the model was judged."


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown


def _choices(maps: Sequence[TensorMap]) -> list[tuple[str, list[tuple[int, str]]]]:
    """What there is to choose from, in groups: a map's number and its name."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for number, tensor in enumerate(maps):
        wrong = max(wrong_of(grid) for grid in tensor.steps)
        values = max(len(grid.errors) for grid in tensor.steps)
        note = f"{wrong:,} of {values:,} wrong" if wrong else "right"
        if len(tensor.steps) > 1:
            note = f"{len(tensor.steps)} steps, {note}" if not wrong else f"up to {note}"
        groups.setdefault(tensor.group, []).append((number, f"{tensor.name or '/'} ({note})"))
    return list(groups.items())


def _data(maps: Sequence[TensorMap], curves: Sequence[Curve], start: tuple[int, int]) -> Markup:
    """What the script draws, as JSON that cannot end its element."""
    payload = {
        "maps": maps,
        "curves": curves,
        "start": start,
        "lowest": LOWEST,
        "highest": highest(maps),
    }
    text = msgspec.json.encode(payload).decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def _script() -> str:
    """The page's own script: one function, which leaves no names behind."""
    parts = (content_of(HERE / name) for name in ("common.js", "debug.js", "curves.js", "page.js"))
    return "(() => {\n" + "\n\n".join(parts) + "\n})();"
