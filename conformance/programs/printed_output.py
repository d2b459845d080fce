"""Reads steps with their losses, counts, and samples from what a program prints.

The published program prints `step    1 / 1000 | loss 3.3660`, each line over the previous one by
a carriage return. Others print `Step 1/1000 - Loss: 3.366`, `iter 10: loss 3.2 (12 ms)`,
`{"step": 1, "loss": 3.366}`, in colors, only every hundredth step, or only the last loss.
"""

import math
import re
from dataclasses import dataclass, field

LINE_LIMIT = 2000
"""Characters of a line that are read."""

LINES_KEPT = 8
TAIL_KEPT = 2000
LOSSES_KEPT = 1_000_000

NUMBER = (
    r"(?P<number>[-+]?(?:\d+(?:[.,]\d+)?|\.\d+)\.?(?:e[-+]?\d+)?"
    r"|[-+]?\bnan\b|[-+]?\binf(?:inity)?\b)"
)
COUNT = r"(\d{1,3}(?:,\d{3})+|\d+)"

MOVES = re.compile(r"\x1b\[[\d;]*[A-HJf]")
"""Escape sequences that move the cursor or clear the screen; the text after one is a new line."""

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

LOSS = re.compile(
    r"(?:(?P<kind>[a-z]+)[\s_.-]*)?(?<![a-z])(?:loss|nll|cross[\s_-]?entropy)\b[\"']?"
    r"\s*(?:\([^()\d]*\))?(?:(?:at|after|for|in|of)\s[a-z]+\s*\d+(?:\s*(?:/|of)\s*\d+)?)?"
    r"[\s:=|>~≈→\"']*(?:-+>?\s+|is\s+)?" + NUMBER
)
BARE = re.compile(r"^\W*(?:step|iter\w*|epoch)\W*\d+(?:\s*(?:/|of)\s*\d+)?\W+?" + NUMBER + r"\W*$")
ROW = re.compile(r"^\s*\|?\s*(\d+)\s*[|,;:\t ]\s*" + NUMBER + r"\s*\|?\s*$")
SECONDARY = (
    *("avg", "average", "mean", "ema", "smooth", "smoothed", "running", "moving", "best", "min"),
    *("max", "val", "valid", "validation", "test", "eval", "last", "final", "total", "previous"),
    *("initial", "start", "first"),
)
"""Words before a loss that is not the step's own, in lines that have several losses."""

STEP = re.compile(
    r"\b(?P<word>steps?|iterations?|iter|it|update|batch|epoch)[\s:=#\"'\[(_.-]*"
    + COUNT
    + r"(?:\s*(?:/|of|out of)\s*"
    + COUNT
    + r")?(?![.\d])"
)
OF = re.compile(r"(?<![\d./])" + COUNT + r"\s*(?:/|of)\s*" + COUNT + r"(?![.\d])")
AFTER = re.compile(COUNT + r"\s+(?:steps|iterations|updates)\b")
FIRST = re.compile(r"^[^\w.]*" + COUNT + r"(?![.\w])")
COUNTS = {
    "num docs": re.compile(r"\bnum(?:ber of)?[\s_]*doc(?:ument)?s\b[\s:=]*" + COUNT),
    "vocab size": re.compile(r"\bvocab(?:ulary)?[\s_]*size\b[\s:=]*" + COUNT),
    "num params": re.compile(r"\bnum(?:ber of)?[\s_]*param(?:eter)?s\b[\s:=]*" + COUNT),
}

SAMPLE = re.compile(r"^\W*sample\W*(\d+)(?:\s*/\s*\d+)?\s*(?:[]):.=|>→-]+\s?|\s+|$)(.*)$", re.I)
NUMBERED = re.compile(r"^\s*[#\[(]?(\d+)[]):.|]+(?:\s(.*))?$")
HEADING = re.compile(r"inference|sampl|generat|halluc|names", re.I)


@dataclass(frozen=True, slots=True)
class PrintedLoss:
    """A printed loss.

    `step` is counted as the program does, `total` is the number of steps if the line has it, and
    `unit` is the value of one unit in the last printed digit.
    """

    step: int
    total: int | None
    value: float
    unit: float
    text: str


@dataclass
class Transcript:
    """What has been read from the output of one run."""

    losses: dict[int, PrintedLoss] = field(default_factory=dict)
    final: PrintedLoss | None = None
    counts: dict[str, int] = field(default_factory=dict)
    first_lines: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    """The lines after the last loss."""

    example: str = ""
    """The first line that was read as a loss."""

    has_header: bool = False

    def read(self, line: str) -> None:
        """Read a line without escape sequences."""
        shown = line.strip()
        if shown and len(self.first_lines) < LINES_KEPT:
            self.first_lines.append(shown)
        lowered = line.lower()
        if loss := self._loss(lowered):
            self.example = self.example or shown
            self.tail.clear()
            if loss.step < 0:
                self.final = loss
            elif loss.step in self.losses or len(self.losses) < LOSSES_KEPT:
                self.losses[loss.step] = loss
            return
        if not self.losses:
            for name, pattern in COUNTS.items():
                if match := pattern.search(lowered):
                    self.counts.setdefault(name, _count(match[1]))
        if len(self.tail) < TAIL_KEPT:
            self.tail.append(line.rstrip())

    @property
    def last_step(self) -> int:
        """The largest step read, or -1."""
        return max(self.losses, default=-1)

    def samples(self) -> list[str]:
        """The samples in order: numbered lines, or the lines after a heading."""
        for pattern in (SAMPLE, NUMBERED):
            matches = [match for line in self.tail if (match := pattern.match(line))]
            if matches and int(matches[0][1]) in (0, 1):
                return _unquoted([(match[2] or "").strip() for match in matches])
        for index, line in enumerate(self.tail):
            if HEADING.search(line):
                below = [text.strip(" \t-*•>") for text in self.tail[index + 1 :]]
                return _unquoted([text for text in below if text])
        return []

    def _loss(self, line: str) -> PrintedLoss | None:
        found = [m for m in LOSS.finditer(line) if "." in m["number"] or not m["number"].isdigit()]
        found = found or list(LOSS.finditer(line))
        if not found:
            match = BARE.match(line) or (ROW.match(line) if self.has_header else None)
            self.has_header |= "loss" in line
            if not match or not ("." in match["number"] or match["number"].isalpha()):
                return None
            found = [match]
        primary = [m for m in found if m.groupdict().get("kind") not in SECONDARY]
        loss = (primary or found)[0]
        place = _place(line, loss.start("number"))
        if place is None:
            is_last = loss.groupdict().get("kind") in ("final", "last", "end")
            return _printed(-1, None, loss["number"], line) if is_last else None
        return _printed(*place, loss["number"], line)


class LineReader:
    """Splits incoming bytes into lines at newlines, carriage returns and cursor moves."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._partial = b""

    def feed(self, content: bytes) -> None:
        """Read more bytes."""
        *whole, self._partial = re.split(rb"[\r\n]", self._partial + content)
        for line in whole:
            self._read(line)
        if len(self._partial) > 4 * LINE_LIMIT:
            self.end()

    def end(self) -> None:
        """Read the rest, which has no newline."""
        self._read(self._partial)
        self._partial = b""

    def _read(self, line: bytes) -> None:
        text = line[: 4 * LINE_LIMIT].decode("utf-8", errors="replace")
        for part in MOVES.sub("\n", text).split("\n"):
            self.transcript.read(CONTROLS.sub("", ESCAPES.sub("", part))[:LINE_LIMIT])


def _place(line: str, end: int) -> tuple[int, int | None] | None:
    """The step of a line whose loss starts at `end`, and the number of steps if the line has it."""
    found = sorted(STEP.finditer(line), key=lambda match: match["word"] == "epoch")
    for match in found:
        if match.start() < end < match.end():
            continue
        return _count(match[2]), _count(match[3]) if match[3] else None
    if of := OF.search(line[:end]):
        return _count(of[1]), _count(of[2])
    if alone := AFTER.search(line) or FIRST.match(line[:end]):
        return _count(alone[1]), None
    return None


def _count(digits: str) -> int:
    return int(digits.replace(",", "")[:15])


def _printed(step: int, total: int | None, number: str, line: str) -> PrintedLoss:
    number = number.replace(",", ".").rstrip(".")
    value = float(number)
    mantissa, _, exponent = number.partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals) if math.isfinite(value) else 0.0
    return PrintedLoss(step, total, value, unit, line.strip())


def _unquoted(samples: list[str]) -> list[str]:
    """Samples without quotes, if the program quotes every sample."""
    quotes = {sample[:1] + sample[-1:] for sample in samples if len(sample) > 1}
    if quotes in ({'""'}, {"''"}, {"``"}):
        return [sample[1:-1] if len(sample) > 1 else sample for sample in samples]
    return samples
