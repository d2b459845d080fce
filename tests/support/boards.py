"""Scoreboards made by hand, with all that a page may have to show."""

from typing import Any

from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.judging.outcome import ExitCode, Outcome
from conformance.surveys.scoreboard.board import Board, Cell, Ending, Point, Row, Training

HOSTILE = "</th><script>window.__hacked = 1</script>{{ 7 * 7 }}\u202egnp.exe\x1b[31m"
LEVELS = [level for level in Level if level is not Level.SGD]


def cells(**failing: Cell) -> list[Cell]:
    right = [Cell(level, Outcome.PASS, 12, 12, 0, 0.2) for level in LEVELS]
    return [failing.get(cell.level, cell) for cell in right]


def points(*passed: int) -> list[Point]:
    return [Point(f"2026-01-{n:02}T00:00:00Z", number, 132) for n, number in enumerate(passed, 1)]


def row(label: str, **changes: Any) -> Row:
    standard: dict[str, Any] = {
        "ending": Ending.PASS, "exit_code": 0, "name": f"microgpt by {label}", "language": "Rust",
        "precision": "float64", "verdict": "PASS: 132 of 132 cases passed",
        "grade": "within 4 ulp; 98.1 % of 539414 numbers bit-identical", "profile": "microgpt",
        "profiles": ["microgpt"], "trains": True, "edition": 1, "passed": 132, "asked": 132,
        "levels": cells(), "worst": 0.48, "worst_at": "adam/cold-step-1#/weights/wte/0/0",
        "seconds": 12.3, "training": Training(0.0004, 0.05, 9 << 20, 512.0),
    }  # fmt: skip
    return Row(label=label, **standard | changes)


WRONG = row(
    "wrong", ending=Ending.FAIL, exit_code=1, verdict="FAIL: 120 of 132 cases passed", grade="none",
    passed=119, known=1, worst="Infinity",
    levels=cells(
        backward=Cell(Level.BACKWARD, Outcome.MISMATCH, 0, 12, 0, "Infinity"),
        random=Cell(Level.RANDOM, Outcome.ERROR, 11, 12, 1, 0.0),
        replicate=Cell(Level.REPLICATE, Outcome.NOT_OFFERED, 0, 0, 0, 0.0),
    ),
    first_divergence="backward/cold-step-1",
    log=["backward/cold-step-1: mismatch", "off by 4 of budget at /loss", "again: make conform"],
    training=Training(0.1, 0.2, 90 << 20, 2.1), history=points(132, 132, 119),
    change="was 132/132, is 119/132: backward newly fails",
)  # fmt: skip
ABSENT = Row(
    label="gone", ending=Ending.UNUSABLE, exit_code=3, why="the build ended with 3: `make`",
    log=["| oh no"], seconds=1.0, training=Training(why="its run did not get that far"),
)  # fmt: skip
PROGRAM = row(
    "as-it-is", kind="program", levels=[], profile="", profiles=[], passed=3, asked=3, grade="",
    training=Training(why="it is run as it is, and speaks no protocol"), change="unchanged",
)  # fmt: skip


def board(*rows: Row, **changes: Any) -> Board:
    standard: dict[str, Any] = {
        "date": "2026-01-03T00:00:00Z", "edition": 1, "seed": 5, "patterns": [], "profile": None,
        "exit_code": ExitCode.FAIL, "was_interrupted": False, "seconds": 60.0,
        "reference_step": 0.2, "rows": list(rows), "left_out": {},
    }  # fmt: skip
    return Board(**standard | changes)


def full_board() -> Board:
    first = row(
        "rust",
        profiles=["microgpt", "train0", "train5"],
        history=points(100, 132, 132),
        change="first record",
    )
    left_out = {"swift": "swift is not installed, or not on PATH"}
    return board(first, PROGRAM, WRONG, ABSENT, left_out=left_out)


def passing_board() -> Board:
    rows = [structs.replace(row(name), training=None) for name in ("rust", "js")]
    return board(*rows, exit_code=ExitCode.PASS, reference_step=0.0)


def interrupted_board() -> Board:
    later = Row(label="later", ending=Ending.NOT_BEGUN, why="the scoreboard was interrupted first")
    return board(row("rust"), later, exit_code=ExitCode.INTERRUPTED, was_interrupted=True)


def hostile_board() -> Board:
    bad = structs.replace(
        WRONG, label=HOSTILE, name=HOSTILE, language=HOSTILE, why=HOSTILE, log=[HOSTILE],
        grade=HOSTILE, profile=HOSTILE, change=HOSTILE,
        training=Training(why=HOSTILE),
    )  # fmt: skip
    return board(bad, left_out={HOSTILE: HOSTILE}, patterns=[HOSTILE])


def empty_board() -> Board:
    return board(exit_code=ExitCode.PASS)
