"""What is asked for on the command line, and what keeps a run from being made."""

from __future__ import annotations

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
"""Into how many parts a run can be split."""


class Unusable(Exception):
    """There is no run to speak of; the message says why and what to do."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a run that is split: part `index`, from 1, of `of`."""

    index: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """A shard as it is written, `2/5`.

        Raises:
            ValueError: it is not.
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]) <= MOST_PARTS:
            raise ValueError(
                f"a shard is I/N with I from 1 to N, as 2/5, and N at most {MOST_PARTS}"
            )
        return cls(int(found[1]), int(found[2]))

    def part(self, items: Sequence[Item]) -> list[Item]:
        """Its part: every `of`-th, so that what is slow is spread evenly."""
        return list(items[self.index - 1 :: self.of])

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


@dataclass(frozen=True, slots=True)
class BaselineChoice:
    """Which baseline: the one at `path` if given, or else the port's own, unless `ignored`.

    With `update` it is rewritten to what the run shows.
    """

    path: Path | None = None
    ignored: bool = False
    update: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask of which port, and what to judge it by.

    `transcript` is where all that is said is written; `journal` is where finished results are
    kept as they come, and where a run goes on from.
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
        """The program that the cases are about: the final one if no other was asked for.

        Raises:
            Unusable: there is no such profile or setting, or the settings do not fit together.
        """
        try:
            return JudgedProgram.of(self.profile or MICROGPT.name, self.settings)
        except (InvalidVariation, InvalidConfig) as error:
            raise Unusable(str(error), ExitCode.USAGE) from None
