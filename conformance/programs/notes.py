"""Sentences that say what the verdict on a program is based on, and what it cannot show."""

from collections.abc import Iterator, Mapping

from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

from .cpython_generator import ReferenceRun
from .envelope.distance import FALSE_ALARMS
from .printed_output import PrintedLoss, Transcript
from .step_numbers import Schedule

NAMES_NEED_CPYTHON = (
    "The published run was not compared: it needs a program that uses CPython's generator."
)
NO_CERTIFICATE = (
    "This is evidence, not proof. The less a program prints, the less can be checked: mistakes in "
    "tokens, gradients and Adam's state are seen only if they change the printed losses. A port "
    "that speaks the protocol is checked number by number."
)


def how_it_was_read(
    transcript: Transcript, schedule: Schedule, printed: Mapping[int, PrintedLoss]
) -> str:
    """How the output was read."""
    guessed = "" if schedule.is_stated else " (a guess: set program.num_steps in the manifest)"
    return (
        f"Read {len(printed)} losses of {schedule.num_steps} steps{guessed}, counted from "
        f"{schedule.base}, from lines like '{printable(transcript.example, 80)}'."
    )


def with_cpython_generator(
    port: Port, printed: Mapping[int, PrintedLoss], schedule: Schedule
) -> Iterator[str]:
    """Notes on a program that uses CPython's generator."""
    yield (
        f"It uses CPython's generator, seed {port.program.seed}: each printed loss and sample is "
        "compared with the oracle's, at the printed digits."
    )
    yield from _left_out(printed, schedule)
    yield NO_CERTIFICATE


def with_own_generator(
    port: Port, reference: ReferenceRun, printed: Mapping[int, PrintedLoss], schedule: Schedule
) -> Iterator[str]:
    """Notes on a program with a generator of its own."""
    yield (
        "It has a generator of its own: its losses are compared with the oracle's losses over many "
        "seeds, on corpora that the suite provides."
    )
    step, loss = next(iter(printed.items()))
    yield (
        f"With CPython's generator and seed {port.program.seed}, step {step + schedule.base} would "
        f"print {reference.losses[step]:.4f}; it printed {loss.value:g}. If it should use that "
        'generator, set generator = "cpython" in the manifest.'
    )
    yield (
        f"A correct program is rejected about once in {1 / FALSE_ALARMS:.0f} runs. How often each "
        "mistake is seen is listed in docs/explanation/programs.md. Mistakes in sampling are not "
        "seen, nor those that hardly change the losses, such as epsilon inside Adam's root."
    )
    yield from _left_out(printed, schedule)
    yield NO_CERTIFICATE


def _left_out(printed: Mapping[int, PrintedLoss], schedule: Schedule) -> Iterator[str]:
    if len(printed) < schedule.num_steps:
        yield (
            f"It prints {len(printed)} of {schedule.num_steps} losses; the steps in between are "
            "checked only through later losses."
        )
