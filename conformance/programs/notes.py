"""What a verdict on a program rests on, and what it does not tell, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

from .cpython_generator import Canon
from .envelope.distance import FALSE_ALARMS
from .printed_output import PrintedLoss, Transcript
from .step_numbers import Schedule

NAMES_NEED_CPYTHON = (
    "The published run was not asked for: its losses and samples are those of CPython's generator."
)
NO_CERTIFICATE = (
    "This is evidence and no certificate: of gradients, Adam's state, tokens and probabilities "
    "nothing was seen but what they do to the printed losses. A port that speaks the protocol is "
    "judged number by number."
)


def read(transcript: Transcript, schedule: Schedule, printed: Mapping[int, PrintedLoss]) -> str:
    """How the output was read."""
    told = "" if schedule.is_told else ", which it does not say (program.num_steps does)"
    return (
        f"Read {len(printed)} losses of {schedule.num_steps} steps{told}, counted from "
        f"{schedule.base}, from lines like '{printable(transcript.example, 80)}'."
    )


def same_generator(
    port: Port, printed: Mapping[int, PrintedLoss], schedule: Schedule
) -> Iterator[str]:
    """For a program that follows CPython's generator."""
    yield (
        f"Judged by CPython's generator, seed {port.program.seed}: each printed loss and sample "
        "against the oracle's own, at the printed digits."
    )
    yield from _left_out(printed, schedule)
    yield NO_CERTIFICATE


def own_generator(
    port: Port, right: Canon, printed: Mapping[int, PrintedLoss], schedule: Schedule
) -> Iterator[str]:
    """For a program with a generator of its own."""
    yield (
        "Judged as a program with a generator of its own: its losses against the distribution of "
        "the oracle's over seeds, on corpora of our choice."
    )
    step, loss = next(iter(printed.items()))
    yield (
        f"It does not follow CPython's generator from seed {port.program.seed}: step "
        f"{step + schedule.base} printed {loss.value:g}, where the oracle has "
        f'{right.losses[step]:.4f}. If it should, say generator = "cpython".'
    )
    yield (
        f"An honest program is rejected about once in {1 / FALSE_ALARMS:.0f}. What mistakes are "
        "seen, and how often, stands in docs/explanation/programs.md. Not seen are how samples "
        "are drawn, and mistakes that hardly change the losses, such as epsilon inside Adam's root."
    )
    yield from _left_out(printed, schedule)
    yield NO_CERTIFICATE


def _left_out(printed: Mapping[int, PrintedLoss], schedule: Schedule) -> Iterator[str]:
    if len(printed) < schedule.num_steps:
        yield (
            f"It prints {len(printed)} of {schedule.num_steps} losses; what happens between "
            "them was seen only by its consequences."
        )
