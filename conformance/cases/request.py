"""A request for a run, as the command line gives it, and the error if it cannot be made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from conformance.anatomy.judged_program import JudgedProgram
from conformance.judging.outcome import ExitCode
from ports_adapter.containment.sandbox import Sandbox
from reference.config import InvalidConfig
from reference.profiles import MICROGPT
from reference.variation import InvalidVariation

Item = TypeVar("Item")

MOST_PARTS = 1000
"""The largest number of parts into which a run can be split."""


class Unusable(Exception):
    """The run cannot be made; the message says why, and what to do."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a split run: part `index` of `of`, counted from 1."""

    index: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The shard in a text such as `2/5`.

        Raises:
            ValueError: the text is no shard.
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]) <= MOST_PARTS:
            raise ValueError(
                f"a shard is I/N with I from 1 to N, as 2/5, and N at most {MOST_PARTS}"
            )
        return cls(int(found[1]), int(found[2]))

    def part(self, items: Sequence[Item]) -> list[Item]:
        """Its part of the items: every `of`-th one, which spreads slow cases evenly."""
        return list(items[self.index - 1 :: self.of])

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


@dataclass(frozen=True, slots=True)
class BaselineChoice:
    """Which baseline judges a run: the one at `path`, or the port's, or none if `ignored`.

    With `update` it is rewritten to the outcomes of the run.
    """

    path: Path | None = None
    ignored: bool = False
    update: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask of which port, and how to judge it.

    All messages are written to `transcript`. Finished results are written to `journal`, from
    which an interrupted run goes on.
    """

    port: str
    patterns: Sequence[str] = ()
    seed: int | None = None
    names: bool = False
    long: bool = False
    transcript: Path | None = None
    profile: str | None = None
    settings: Sequence[str] = ()
    shard: Shard | None = None
    journal: Path | None = None
    baseline: BaselineChoice = BaselineChoice()
    sandbox: Sandbox = Sandbox.AUTO

    @property
    def judged_program(self) -> JudgedProgram:
        """The program that the cases are about, by default the final one.

        Raises:
            Unusable: there is no such profile or setting, or the settings contradict each other.
        """
        try:
            return JudgedProgram.of(self.profile or MICROGPT.name, self.settings)
        except (InvalidVariation, InvalidConfig) as error:
            raise Unusable(str(error), ExitCode.USAGE) from None
