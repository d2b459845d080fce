"""What a program prints is read: its steps, losses, counts and samples, in any common shape."""

import pytest

from conformance.programs.printed_output import LineReader, Transcript
from conformance.programs.step_numbers import schedule_of


def read(*lines: str, end: str = "\n") -> Transcript:
    transcript = Transcript()
    reader = LineReader(transcript)
    for byte in end.join(lines).encode():
        reader.feed(bytes([byte]))
    reader.end()
    return transcript


def steps(transcript: Transcript) -> list[tuple[int, float, float]]:
    return [(loss.step, loss.value, loss.unit) for loss in transcript.losses.values()]


@pytest.mark.parametrize(
    ("line", "step", "value", "unit"),
    [
        ("step    1 / 1000 | loss 3.3660", 1, 3.366, 1e-4),
        ("Step 1/1000 - Loss: 3.366", 1, 3.366, 1e-3),
        ("iter 10: loss 3.2", 10, 3.2, 0.1),
        ("\x1b[32mstep\x1b[0m 5/1000 \x1b[1mloss\x1b[0m=\x1b[33m2.5\x1b[0m", 5, 2.5, 0.1),
        ('{"step": 12, "loss": 3.36596}', 12, 3.36596, 1e-5),
        ("[  10/1000] loss=3.20e+00 (12.3 ms)", 10, 3.2, 1e-2),
        ("epoch 1 step 5 | avg loss 3.30 | loss 3.21", 5, 3.21, 1e-2),
        ("step 1 of 1000, train_loss: 3.3660, lr 0.01", 1, 3.366, 1e-4),
        ("12.3 ms/step step 7/10 loss 3.1", 7, 3.1, 0.1),
        ("step 17 loss 3,3660", 17, 3.366, 1e-4),
        ("iteration 1,000 / 2,000 loss 2.50", 1000, 2.5, 1e-2),
        ("step 3: 3.3660", 3, 3.366, 1e-4),
        ("10 | loss | 2.345", 10, 2.345, 1e-3),
        ("Loss at step 10: 3.21", 10, 3.21, 1e-2),
        ("loss 3.366 @ step 4", 4, 3.366, 1e-3),
        ("after 1000 steps: loss 2.6497", 1000, 2.6497, 1e-4),
        ("Step #5 -> loss -> 3.1", 5, 3.1, 0.1),
        ("it=10 cross-entropy=3.1", 10, 3.1, 0.1),
        ("Epoch 3/10: Loss 3.2", 3, 3.2, 0.1),
        ("step 2 / 9 | loss: -0.5", 2, -0.5, 0.1),
    ],
)
def test_a_step_and_its_loss_are_read_in_any_common_shape(
    line: str, step: int, value: float, unit: float
) -> None:
    ((got_step, got_value, got_unit),) = steps(read(line))
    assert (got_step, got_value) == (step, value)
    assert got_unit == pytest.approx(unit)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x1b[2K\x1b[1G", "\x1b[1A\x1b[K\n"])
def test_lines_may_be_written_over_each_other(end: str) -> None:
    lines = [f"step {k} / 3 | loss {4 - k}.0000" for k in (1, 2, 3)]
    assert [step for step, _, _ in steps(read(*lines, end=end))] == [1, 2, 3]


@pytest.mark.parametrize(
    "line", ["num docs: 400", "loading step by step", "sample 1: loss", "lr 0.01 at step 3", ""]
)
def test_a_line_without_a_loss_is_none(line: str) -> None:
    assert not read(line).losses


def test_a_table_is_read_below_its_heading() -> None:
    assert [step for step, *_ in steps(read("step,loss", "1,3.3", "2,3.25"))] == [1, 2]
    assert not read("1,3.3", "2,3.25").losses


def test_counts_are_read_as_published() -> None:
    counts = read("num docs: 400", "vocab_size = 27", "num params: 4,192").counts
    assert counts == {"num docs": 400, "vocab size": 27, "num params": 4192}


@pytest.mark.parametrize(
    "lines",
    [
        ("sample  1: ann", "sample  2: ", "sample  3: lea"),
        ("--- inference ---", "1. ann", "2.", "3. lea"),
        ("Sample 1 -> ann", "Sample 2 ->", "Sample 3 -> lea"),
        ("[1] 'ann'", "[2] ''", "[3] 'lea'"),
    ],
)
def test_samples_are_read_with_empty_ones(lines: tuple[str, ...]) -> None:
    assert read("step 1 loss 3.2", *lines).samples() == ["ann", "", "lea"]


def test_samples_may_be_bare_lines_below_a_heading() -> None:
    assert read("step 1 loss 3.2", "Generated names:", " - ann", " - lea").samples() == [
        "ann",
        "lea",
    ]


@pytest.mark.parametrize(
    ("lines", "base", "num_steps"),
    [
        ([f"step {k} / 8 | loss 1.0" for k in range(1, 9)], 1, 8),
        ([f"step {k}/8 loss 1.0" for k in range(8)], 0, 8),
        ([f"iter {k} loss 1.0" for k in range(0, 1000, 100)], 0, 1000),
        ([f"iter {k} loss 1.0" for k in range(100, 1001, 100)], 1, 1000),
        ([f"iter {k} loss 1.0" for k in (1, *range(100, 1001, 100))], 1, 1000),
        ([f"iter {k} loss 1.0" for k in range(99, 1000, 100)], 0, 1000),
        ([f"iter {k} loss 1.0" for k in range(1, 501)], 1, 500),
        ([f"iter {k} loss 1.0" for k in range(500)], 0, 500),
        (["final loss: 1.0"], 1, 1000),
    ],
)
def test_steps_are_counted_from_0_or_1(lines: list[str], base: int, num_steps: int) -> None:
    schedule = schedule_of(read(*lines), None)
    assert (schedule.base, schedule.num_steps) == (base, num_steps)
    assert max(schedule.losses(read(*lines))) < num_steps
