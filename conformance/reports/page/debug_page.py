"""The debug page: what is wrong with a port, why, and all numbers that show it."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from conformance.explanation.diagnosis import Diagnosis
from conformance.judging.outcome import ExitCode
from conformance.judging.report import CaseReport, excused
from golden.budgets import WARNING

from .flow import Flow, State, flow_of
from .flow_drawing import LOOKS, drawing_of
from .heat_maps import LOWEST, highest, kept_maps, start_of, tensor_maps
from .loss_charts import loss_sections
from .shell import HERE, Verdict, content_of, render
from .visible_text import counted, shortened, split_alike

_HINT = "Point at a number, or focus the map: arrow keys move a frame, Home goes to the worst."


def page_of(diagnosis: Diagnosis, transcript: Sequence[str] = ()) -> str:
    """One HTML document, with style, script and data in it.

    Args:
        diagnosis: what there is to show.
        transcript: the lines that went to the port and came from it.
    """
    report, first = diagnosis.report, diagnosis.divergence
    flow = flow_of(diagnosis)
    failed = [case for case in report.cases if case.outcome.is_failure or case.fails]
    lines, left_out = shortened(transcript)
    word, _, counts = (report.verdict or "NO VERDICT").partition(": ")
    return render(
        "debug.html.j2",
        script=f"(() => {{\n{content_of(HERE / 'debug.js')}\n}})();",
        title=f"{word}: {report.port.name}",
        heading=report.port.name,
        verdict=Verdict(report.exit_code is ExitCode.PASS, word, counts),
        facts=_facts(diagnosis),
        sections=dict(_sections(diagnosis, bool(failed), bool(lines))),
        diagnosis=diagnosis,
        report=report,
        first_case=_first_case(diagnosis, failed),
        digits=split_alike(first.expected, first.got) if first else ("", "", ""),
        summary=_summary(diagnosis, flow),
        drawing=drawing_of(flow),
        legend=[(*LOOKS[state], flow.named(state)) for state in LOOKS if flow.named(state)],
        trainings=loss_sections(diagnosis.curves),
        roots=[case for case in failed if case.fails and not case.tainted_by],
        tainted=[case for case in failed if case.fails and case.tainted_by],
        excused=excused(report),
        transcript=lines,
        left_out=left_out,
        warning=WARNING,
        **_maps(diagnosis),
    )  # fmt: skip


def _facts(diagnosis: Diagnosis) -> list[tuple[str, Any]]:
    report = diagnosis.report
    explaining = f", {diagnosis.seconds:.1f} s to explain" if diagnosis.seconds else ""
    return [
        ("Language", report.port.language or "not said"),
        ("Precision", report.port.precision),
        ("Seed", report.seed),
        ("Grade", report.grade),
        ("Took", f"{report.seconds:.1f} s{explaining}"),
    ]


def _sections(
    diagnosis: Diagnosis, has_failed: bool, has_transcript: bool
) -> Iterator[tuple[str, str]]:
    """Which sections there are, with their titles."""
    first = diagnosis.divergence
    if diagnosis.names or diagnosis.symptoms or diagnosis.report.layout or first:
        both = diagnosis.names and len(diagnosis.names[0].slugs) > 1
        yield "mistake", "The mistakes" if both else "The mistake"
    if first or diagnosis.report.first_divergence:
        yield "divergence", "First divergence" if first else "First failure"
    yield "flow", "Data flow"
    if diagnosis.maps:
        yield "maps", "Heat maps"
    if diagnosis.curves:
        yield "losses", "Losses"
    yield "levels", "Levels"
    if has_failed:
        yield "failed", "Failed cases"
    if diagnosis.smallest:
        yield "smallest", "The smallest case"
    if has_transcript or diagnosis.transcript:
        yield "transcript", "Transcript"


def _first_case(diagnosis: Diagnosis, failed: Sequence[CaseReport]) -> CaseReport | None:
    """The failure to look at first, as the report has it."""
    first = diagnosis.divergence
    slug = first.case if first else diagnosis.report.first_divergence
    return next((case for case in failed if case.slug == slug), None)


def _summary(diagnosis: Diagnosis, flow: Flow) -> str:
    """The drawing of the data flow in a sentence or two."""
    first, after = flow.named(State.FIRST), flow.named(State.TAINTED)
    if first:
        more = f" and {len(first) - 6} more" if len(first) > 6 else ""
        words = f"First wrong: {', '.join(first[:6])}{more}."
        if after:
            words += f" {counted(len(after), 'part')} of the program may be wrong because of it."
        return words
    if flow.named(State.WRONG) or after:
        return "Something is wrong, but not at one place of the program that could be told."
    if diagnosis.divergence:
        return "What is wrong lies outside of what is drawn here."
    if flow.named(State.RIGHT):
        return "Everything that was judged is right."
    return "Nothing of the model was judged."


def _maps(diagnosis: Diagnosis) -> dict[str, Any]:
    """The variables of the section with the heat maps, and the data of its script."""
    first = diagnosis.divergence
    place = (first.case, first.place.pointer) if first else ("", "")
    kept = kept_maps(diagnosis.maps, *place)
    maps = tensor_maps(kept)
    start = start_of(maps, *place)
    choices: dict[str, list[tuple[int, str]]] = {}
    for number, tensor in enumerate(maps):
        choices.setdefault(tensor.group, []).append((number, tensor.label))
    data = {
        "maps": maps, "start": start, "lowest": LOWEST, "highest": highest(kept), "hint": _HINT,
    }  # fmt: skip
    return {
        "choices": choices,
        "start": start[0],
        "highest": highest(kept),
        "maps_left_out": len(diagnosis.maps) - len(kept),
        "data": _in_script(msgspec.json.encode(data).decode()),
    }


def _in_script(text: str) -> Markup:
    """JSON that cannot end the element that it stands in."""
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)
