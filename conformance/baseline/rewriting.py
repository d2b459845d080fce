"""Rewrites a baseline to the outcomes of a run, and keeps all comments."""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any

import tomlkit
from msgspec import structs
from tomlkit.items import Comment, Whitespace

from conformance.judging.outcome import Outcome
from conformance.judging.report import CaseReport
from conformance.judging.standing import Standing
from reference.profiles import MICROGPT

from .applying import Expectations, first_part
from .entries import HEADER, BadBaseline, Baseline, Entry, parse_baseline

REASON_OF_NEW = "not looked at yet"
"""The reason given in an entry that a run adds."""

EMPTY = b"# The cases that this port is known to fail, and why: one [[known]] table each.\n"
"""The baseline of a port that has none yet."""


def updated(
    baseline: Baseline,
    cases: Sequence[CaseReport],
    slugs: Collection[str],
    profile: str,
    variant: str,
) -> bytes:
    """The content of a baseline with which this run would have passed.

    Stale entries and entries without a case are removed, entries with another outcome are
    corrected, and new failures are added. A pattern one of whose cases passes is replaced by an
    entry for each failing case. All comments stay, and so do entries about other runs or about
    cases that were not asked.

    Args:
        baseline: the old baseline.
        cases: the cases of the run, with their standing by the old baseline.
        slugs: of all cases about the program, asked or not.
        profile: the program of the run.
        variant: the variant of the port that was run.

    Raises:
        BadBaseline: its entries are not `[[known]]` tables, and so cannot be rewritten.
    """
    if baseline.entries and not baseline.lines:
        raise BadBaseline(
            f"{baseline.path} cannot be rewritten: write each entry as a [[known]] table"
        )
    expectations = Expectations.of(baseline, profile, variant)
    changes = dict(_changes(expectations, cases, slugs))
    head, blocks = _blocks(baseline.content)
    text = [head]
    for block, entry in zip(blocks, baseline.entries, strict=True):
        text.append(_changed(block, changes.get(entry, entry), entry))
    kept = [changes.get(entry, entry) for entry in baseline.entries]
    new = list(_new_entries(expectations, cases, kept, profile, variant))
    whole = "".join(text).rstrip("\n") + "\n"
    whole += "".join(f"\n{_written(entry)}" for entry in new)
    content = whole.encode()
    parse_baseline(baseline.path, content)
    return content


def _changes(
    expectations: Expectations, cases: Sequence[CaseReport], slugs: Collection[str]
) -> Iterator[tuple[Entry, Entry | None]]:
    """The entries that change, each with its new form, or with None if it is removed."""
    for entry in expectations.entries:
        about = [case for case in cases if expectations.entry_for(case.slug) is entry]
        wrong = [c for c in about if c.standing in (Standing.STALE, Standing.DIFFERENT)]
        is_stale = any(case.standing is Standing.STALE for case in wrong)
        if is_stale or not any(map(entry.matches, slugs)):
            yield entry, None
        elif wrong and not entry.is_pattern:
            at = first_part(wrong[0]) if wrong[0].outcome is Outcome.MISMATCH else ""
            yield entry, structs.replace(entry, outcome=wrong[0].outcome, at=at)


def _new_entries(
    expectations: Expectations,
    cases: Sequence[CaseReport],
    kept: Sequence[Entry | None],
    profile: str,
    variant: str,
) -> Iterator[Entry]:
    """An entry for each failure that no remaining entry is about."""
    left = [entry for entry in kept if entry is not None and entry.is_about(profile, variant)]
    for case in cases:
        if case.standing is Standing.ANNOUNCED or not case.outcome.is_failure:
            continue
        holds = case.standing is not Standing.DIFFERENT
        if any(e.matches(case.slug) and (holds or not e.is_pattern) for e in left):
            continue
        before = expectations.entry_for(case.slug)
        yield Entry(
            slug=case.slug,
            outcome=case.outcome,
            at=first_part(case) if case.outcome is Outcome.MISMATCH else "",
            reason=before.reason if before else REASON_OF_NEW,
            link=before.link if before else "",
            flaky=before.flaky if before else False,
            wontfix=before.wontfix if before else False,
            profile=profile,
            variant=variant,
        )


def _blocks(content: bytes) -> tuple[str, list[str]]:
    """The text before the first entry, and the text of each entry."""
    starts = [found.start() for found in HEADER.finditer(content)]
    ends = [*starts, len(content)]
    return content[: ends[0]].decode("utf-8-sig"), [
        content[start:end].decode() for start, end in pairwise(ends)
    ]


def _changed(block: str, now: Entry | None, before: Entry) -> str:
    """The new text of an entry; of a removed entry, the text after its last key."""
    if now is before:
        return block
    document = tomlkit.parse(block)
    table: Any = document["known"][0]
    if now is None:
        return "".join(_after_the_last_key(table))
    table["outcome"] = str(now.outcome)
    if now.at:
        table["at"] = now.at
    else:
        table.pop("at", None)
    return tomlkit.dumps(document)


def _after_the_last_key(table: Any) -> list[str]:
    """The comments of a removed entry, and the empty lines among those at its end."""
    texts: list[str] = []
    for key, item in table.value.body:
        if key is not None:
            texts = [text for text in texts if text.strip()]
        elif isinstance(item, Comment | Whitespace):
            texts.append(item.as_string())
    return texts


def _written(entry: Entry) -> str:
    table = tomlkit.table()
    for name, value in structs.asdict(entry).items():
        if value not in ("", False) and (name, value) != ("profile", MICROGPT.name):
            table[name] = str(value) if isinstance(value, str) else value
    entries = tomlkit.aot()
    entries.append(table)
    document = tomlkit.document()
    document["known"] = entries
    return tomlkit.dumps(document)
