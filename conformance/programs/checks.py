"""Checks of what was printed against what the oracle gives: counts, losses, samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from conformance.judging.outcome import Outcome
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

from .cpython_generator import Canon, Wrong, undecided
from .printed_output import PrintedLoss, Transcript
from .program_report import Check
from .step_numbers import Schedule

SAMPLES_SHOWN = 3


def wrong_numbers(printed: Mapping[int, PrintedLoss], schedule: Schedule) -> Check | None:
    """A check that fails, if a loss is no loss at all."""
    if not printed:
        detail = f"no loss was printed of any of the {schedule.num_steps} steps"
        return Check("losses", Outcome.VIOLATION, detail)
    for step, loss in printed.items():
        if not math.isfinite(loss.value) or loss.value < 0:
            detail = f"step {step + schedule.base} printed a loss of {loss.value:g}"
            return Check("losses", Outcome.MISMATCH, detail)
    return None


def counts_check(transcript: Transcript, right: Canon) -> list[Check]:
    """Whether the counts that were printed are the corpus's and the model's, if any was."""
    wrong = [
        f"{name} is {right.counts[name]}, and {count} was printed"
        for name, count in transcript.counts.items()
        if count != right.counts[name]
    ]
    if wrong:
        return [Check("counts", Outcome.MISMATCH, "; ".join(wrong))]
    if not transcript.counts:
        return []
    said = ", ".join(f"{name} {count}" for name, count in transcript.counts.items())
    return [Check("counts", Outcome.PASS, said)]


def against_canon(
    right: Canon, transcript: Transcript, printed: Mapping[int, PrintedLoss], port: Port
) -> list[Check]:
    """Losses at their printed digits, and samples, of a program with CPython's generator."""
    return [_losses(right, printed), _samples(right, transcript, port)]


def _losses(right: Canon, printed: Mapping[int, PrintedLoss]) -> Check:
    wrong = list(right.wrong(printed))
    if not wrong:
        detail = f"all {len(printed)} printed losses are the oracle's to their last digit"
        return Check("losses", Outcome.PASS, detail)
    detail = (
        f"{_shown(wrong[0])}; {len(wrong)} of {len(printed)} printed losses are wrong"
        f"{_hint(right, printed, wrong)}"
    )
    return Check("losses", Outcome.MISMATCH, detail)


def _shown(wrong: Wrong) -> str:
    decimals = max(0, -round(math.log10(wrong.printed.unit))) if wrong.printed.unit else 4
    return (
        f"the first wrong loss is that of step {wrong.step + 1}: expected "
        f"{wrong.expected:.{decimals}f}, got {wrong.printed.value:.{decimals}f} "
        f"('{printable(wrong.printed.text, 80)}')"
    )


def _hint(right: Canon, printed: Mapping[int, PrintedLoss], wrong: Sequence[Wrong]) -> str:
    if right.is_cut_short(printed):
        return "; all would be right if digits had been cut off, not rounded"
    if right.precision == "float64" and all(
        abs(each.printed.value - each.expected) < each.printed.unit for each in wrong
    ):
        return '; all are right to a unit: if it computes in float32, say precision = "float32"'
    if wrong[0].step == min(printed):
        return "; documents, weights or the forward pass differ already"
    if min(printed) == 0 and wrong[0].step == 1:
        return "; the first is right, so a gradient or Adam's first update is wrong"
    return ""


def _samples(right: Canon, transcript: Transcript, port: Port) -> Check:
    got = transcript.samples()
    if not got:
        return Check("samples", Outcome.NOT_OFFERED, "no sample could be read after the last loss")
    expected = list(right.samples)[: len(got)]
    compared = list(zip(expected, got, strict=False))
    for index, (want, have) in enumerate(compared):
        if want == have:
            continue
        turned = undecided(right.margins[: index + 1], port.precision)
        if index in turned:
            detail = (
                f"the first {index} are the oracle's; sample {index + 1} lies within rounding of "
                "another, so those after it tell nothing"
            )
            return Check("samples", Outcome.PASS, detail)
        detail = f"sample {index + 1}: expected '{want}', got '{printable(have, 60)}'"
        return Check("samples", Outcome.MISMATCH, detail)
    return Check("samples", Outcome.PASS, f"all {len(compared)} compared are the oracle's")


def strange_samples(samples: Sequence[str], characters: set[str], block_size: int) -> Iterator[str]:
    """What no sample may be: made of other characters than the corpus, or too long."""
    for number, sample in enumerate(samples, 1):
        strangers = sorted(set(sample) - characters)
        if strangers:
            shown = printable("".join(strangers), 20)
            yield (
                f"sample {number}, '{printable(sample, 60)}', has characters that the corpus "
                f"has not: {shown}"
            )
        elif len(sample) > block_size:
            yield (
                f"sample {number}, '{printable(sample, 60)}', has {len(sample)} characters; the "
                f"block holds {block_size}"
            )
