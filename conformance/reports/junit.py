"""JUnit XML, as Jenkins, GitLab and GitHub read it.

It has a failure exactly if the run fails. If a run fails without a failing case, because it was
interrupted or verified nothing, an extra test case says so.
"""

import re
from collections import Counter
from collections.abc import Iterable
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from conformance.judging.outcome import Outcome
from conformance.judging.standing import Standing

from .summary import Ending, RunSummary

NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, and carriage returns, which readers do not preserve."""

NO_ANSWER = (Outcome.ERROR, Outcome.CRASH, Outcome.TIMEOUT, Outcome.VIOLATION, Outcome.SUITE_FAULT)

Verdict = tuple[str, str, str]
"""The element in a test case that did not pass: its name, type and message."""


def junit(summary: RunSummary) -> bytes:
    """The run as JUnit XML: a test suite for each level, a test case for each case."""
    root = Element("testsuites", name="microgpt conformance")
    for group in summary.groups:
        endings = [ending for ending in summary.endings if ending.group == group.name]
        _suite(root, summary, group.name, [(ending, _verdict(ending)) for ending in endings])
    if summary.unmatched:
        _suite(root, summary, "baseline", map(_unmatched, summary.unmatched))
    if not summary.passed and root.find(".//failure") is None and root.find(".//error") is None:
        said = Ending("run", "verdict", Outcome.NOT_RUN, summary.verdict)
        _suite(
            root,
            summary,
            "run",
            [(said, ("error", summary.exit_code.name.lower(), summary.verdict))],
        )
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", _seconds(sum(ending.seconds for ending in summary.endings)))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def legal(text: str) -> str:
    """Text in which characters that XML cannot hold are escaped."""
    return NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _suite(
    root: Element, summary: RunSummary, name: str, cases: Iterable[tuple[Ending, Verdict | None]]
) -> None:
    suite = SubElement(root, "testsuite", name=legal(name))
    properties = SubElement(suite, "properties")
    for key, value in (summary.facts | {"grade": summary.grade, "port": summary.title}).items():
        SubElement(properties, "property", name=key, value=legal(value))
    counts: Counter[str] = Counter()
    seconds = 0.0
    for ending, verdict in cases:
        _case(suite, ending, verdict)
        counts[verdict[0] if verdict else "passed"] += 1
        seconds += ending.seconds
    suite.set("tests", str(counts.total()))
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(counts["skipped"]))
    suite.set("time", _seconds(seconds))


def _case(suite: Element, ending: Ending, verdict: Verdict | None) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=legal(f"microgpt.{ending.group}"),
        name=legal(ending.name),
        time=_seconds(ending.seconds),
    )
    if verdict is None:
        return
    element, kind, message = verdict
    told = SubElement(case, element, type=kind, message=legal(message))
    if element != "skipped":
        told.text = legal("\n".join(_told(ending)))
    if ending.rerun:
        SubElement(case, "system-out").text = legal(f"run it again: {ending.rerun}")
    if ending.log:
        SubElement(case, "system-err").text = legal("\n".join(ending.log))


def _verdict(ending: Ending) -> Verdict | None:
    """The verdict on a case; None if it passed."""
    detail = ending.detail or str(ending.outcome)
    match ending.standing:
        case Standing.STALE:
            return "failure", "stale", "the baseline expects it to fail, and it passes"
        case Standing.DIFFERENT:
            return "failure", "different", f"{ending.reason}: {detail}"
        case _ if ending.outcome is Outcome.PASS:
            return None
        case _ if ending.outcome in (Outcome.NOT_OFFERED, Outcome.NOT_RUN):
            return "skipped", str(ending.outcome), detail
        case Standing.COUNTS:
            element = "error" if ending.outcome in NO_ANSWER else "failure"
            return element, str(ending.outcome), detail
        case excused:
            return "skipped", str(excused), f"{excused}: {ending.reason or detail}"


def _unmatched(entry: str) -> tuple[Ending, Verdict]:
    message = "the entry matches no case"
    ending = Ending("baseline", entry, Outcome.ERROR, message)
    return ending, ("failure", "unmatched", message)


def _told(ending: Ending) -> Iterable[str]:
    yield ending.detail or ending.reason or str(ending.outcome)
    if ending.about:
        yield f"a right port {ending.about}"
    if first := ending.difference:
        yield f"at {first.pointer}"
        yield f"expected {first.expected}"
        yield f"got      {first.got}"
    if ending.tainted_by:
        yield f"may come from {ending.tainted_by}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.4f}"
