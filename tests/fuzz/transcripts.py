"""Transcripts: any file is one, or it is said why it is none; replayed, it has a verdict."""

import gzip
import re
import zlib
from functools import cache, lru_cache
from pathlib import Path
from unittest.mock import patch

from conformance.cases import all_cases, selection
from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.runs.replaying import judge_transcript
from ports_adapter.failures import NotStarted
from ports_adapter.manifest import find_port
from ports_adapter.transcript.events import Unreplayable
from ports_adapter.transcript.reader import read_transcript
from tests.support.ports.broken import folder_of
from tests.support.transcripts import record

from .folder import folder
from .target import Ending, Target, claim, refused, strings_in

PATTERNS = ("protocol/i*", "tokenizer/words", "layers/linear-square")
CHANGE = "HANDLERS['linear'] = lambda r: (put('Hello'), sys.exit(3))"
END = re.compile(rb'"crc32":\s*\d+')
PLAIN, SUMMED, ZIPPED = range(3)
"""How what is fed becomes a file: as it is, with its sum made right again, or zipped after that."""


@cache
def recorded() -> list[bytes]:
    """Transcripts of a right port and of one that dies."""
    found = []
    for name, change in (("right", ""), ("dying", CHANGE)):
        made = folder(name)
        path = made / "run.jsonl"
        record(find_port(str(folder_of(made / "port", change))), path, *PATTERNS)
        # The same wherever it is made, so that an input is made again from its number.
        found.append(summed(path.read_bytes().replace(str(made).encode(), b"made")))
    return found


def summed(content: bytes) -> bytes:
    """A transcript with its sum made right."""
    end = content.rfind(b"\n", 0, len(content) - 1) + 1
    total = zlib.crc32(content[:end])
    return content[:end] + END.sub(b'"crc32":%d' % total, content[end:])


def written(choice: int, content: bytes) -> Path:
    """What is fed as a file; it is made whole unless it stays plain."""
    path = folder("transcript") / "fed.jsonl"
    if choice != PLAIN:
        content = summed(content)
    path.write_bytes(gzip.compress(content, 1) if choice == ZIPPED else content)
    return path


def read(choice: int, content: bytes) -> Ending:
    try:
        with read_transcript(written(choice, content)) as transcript:
            for slug in transcript.sections:
                events = [*transcript.of_start(slug), *transcript.of_case(slug)]
                claim(len(events) <= 2 * transcript.lines, "there are more events than lines")
    except Unreplayable as error:
        return refused(error)
    return Ending.ACCEPTED


def replay(choice: int, content: bytes) -> Ending:
    path = written(choice, content)
    try:
        with (
            patch.object(selection, "all_cases", cases_of_a_seed),
            read_transcript(path) as transcript,
        ):
            report = judge_transcript(transcript)
    except (Unreplayable, NotStarted, Unusable) as error:
        return refused(error)
    check(report, is_right=choice != PLAIN or _told(content) in map(_told, recorded()))
    return Ending.ACCEPTED


def _told(content: bytes) -> bytes:
    """All but the last line, of which a transcript's sum is made."""
    return content.rstrip(b"\n").rpartition(b"\n")[0]


def check(report: Report, *, is_right: bool) -> None:
    claim(report.exit_code is not ExitCode.SUITE_FAULT, f"suite fault: {_details(report)}")
    for text in strings_in(
        [case.detail for case in report.cases] + [report.layout, report.verdict]
    ):
        claim(all(c.isprintable() or c == "\n" for c in text), f"raw characters: {text!a:.300}")
    damaged = report.exit_code is not ExitCode.INTERRUPTED and not is_right
    claim(not damaged, "a damaged transcript is replayed as if it were whole")


def _details(report: Report) -> str:
    return " ".join(case.detail for case in report.cases)[:300]


cases_of_a_seed = lru_cache(maxsize=8)(all_cases)
"""The cases of a seed made once, and not for every input anew."""


def seeds() -> list[bytes]:
    plain = [bytes([choice]) + content for content in recorded() for choice in range(3)]
    return [*plain, *(b"\x00" + gzip.compress(content) for content in recorded())]


def small_seeds() -> list[bytes]:
    return seeds()[:6]


TRANSCRIPT = Target(
    name="transcript",
    about="a transcript to its reader, plain or zipped, its sum wrong or made right again",
    feed=read,
    seeds=seeds,
    choices=3,
    share=8,
)
REPLAY = Target(
    name="replay",
    about="a transcript to the replay, which judges what it tells",
    feed=replay,
    seeds=small_seeds,
    choices=3,
    seconds=20.0,
    share=1,
)
