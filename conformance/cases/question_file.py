"""Questions as a file, for a port that the suite cannot run.

Each line is a request as a port gets it on its standard input. The first is `initialize`, and its
parameters say what the questions follow from; the last is `shutdown`. A question to `forward` or
`backward` comes twice, without and with intermediates, since nobody knows yet which of them the
port offers. The number of a line, followed by three digits of a checksum of all lines up to it, is
the id of its question: answers to other questions are recognized by their ids.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct, structs

from golden.budgets import Precision
from ports_adapter import jsonrpc
from ports_adapter.messages import PROTOCOL_VERSION, InitializeParams

from .budget_origin import offer_of
from .by_level.handshake import SUITE, shutdown_case
from .case import Case
from .request import Request
from .selection import selection

CHECKED = 1000
"""An id is the number of its line times this, plus a checksum below this."""


class Origin(Struct, frozen=True, kw_only=True):
    """What the questions of a file follow from: the suite, the machine, and the request."""

    suite_version: str
    machine: str
    seed: Annotated[int, Meta(ge=0)]
    precision: Precision
    profile: str
    settings: list[str]
    patterns: list[str]
    names: bool
    long: bool

    @property
    def request(self) -> Request:
        """The request for a run with these questions."""
        return Request(
            "", self.patterns, self.seed, self.names, self.long,
            profile=self.profile, settings=self.settings,
        )  # fmt: skip


class FirstParams(InitializeParams, omit_defaults=False):
    """The parameters of the first question; a port ignores `questions`, which it does not know."""

    questions: Origin


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """One line of a file of questions.

    `slug` is its case, empty for the first line and the last. `line` ends with a newline.
    """

    slug: str
    id: int
    line: bytes


def cases_of(origin: Origin) -> list[Case]:
    """The cases that a file asks. How a port exits is not among them: no file shows that.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: no case matches, or names.txt is not there.
    """
    cases = selection(origin.request, origin.seed, origin.precision)
    goodbye = shutdown_case().slug
    return [case for case in cases if case.slug != goodbye]


def questions_of(origin: Origin) -> list[FileQuestion]:
    """The lines of a file.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: no case matches, or names.txt is not there.
    """
    found, checksum = [], 0
    for number, (slug, method, params) in enumerate(_asked(origin), 1):
        content = msgspec.json.encode(params)
        checksum = zlib.crc32(method.encode() + content, checksum)
        request = jsonrpc.Request(
            id=CHECKED * number + checksum % CHECKED, method=method, params=Raw(content)
        )
        found.append(FileQuestion(slug, request.id, msgspec.json.encode(request) + b"\n"))
    return found


def _asked(origin: Origin) -> Iterator[tuple[str, str, Any]]:
    yield "", "initialize", FirstParams(PROTOCOL_VERSION, SUITE, origin)
    everything = offer_of(origin.precision)
    modest = structs.replace(everything, intermediates=False)
    for case in cases_of(origin):
        questions = [case.question(modest), case.question(everything)]
        for params in questions[: 1 if questions[0] == questions[1] else 2]:
            yield case.slug, case.method, params
    yield "", "shutdown", {}
