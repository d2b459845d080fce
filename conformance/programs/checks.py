"""Checks of printed counts, losses and samples against the oracle."""

import math
from collections.abc import Iterator, Mapping, Sequence

from conformance.judging.outcome import Outcome
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

from .cpython_generator import ReferenceRun, WrongLoss, undecided
from .printed_output import PrintedLoss, Transcript
from .program_report import Check
from .step_numbers import Schedule


def wrong_numbers(printed: Mapping[int, PrintedLoss], schedule: Schedule) -> Check | None:
    """A failed check if no loss was printed, or one that is negative or not finite; else None."""
    if not printed:
        detail = f"it printed no loss for any of the {schedule.num_steps} steps"
        return Check("losses", Outcome.VIOLATION, detail)
    for step, loss in printed.items():
        if not math.isfinite(loss.value) or loss.value < 0:
            detail = f"step {step + schedule.base} printed a loss of {loss.value:g}"
            return Check("losses", Outcome.MISMATCH, detail)
    return None


def counts_check(transcript: Transcript, reference: ReferenceRun) -> list[Check]:
    """A check of the printed counts of documents, tokens and parameters, if there are any."""
    wrong = [
        f"{name}: expected {reference.counts[name]}, got {count}"
        for name, count in transcript.counts.items()
        if count != reference.counts[name]
    ]
    if wrong:
        return [Check("counts", Outcome.MISMATCH, "; ".join(wrong))]
    if not transcript.counts:
        return []
    said = ", ".join(f"{name} {count}" for name, count in transcript.counts.items())
    return [Check("counts", Outcome.PASS, said)]


def against_reference(
    reference: ReferenceRun, transcript: Transcript, printed: Mapping[int, PrintedLoss], port: Port
) -> list[Check]:
    """Checks of the losses and samples of a program that uses CPython's generator."""
    return [_losses(reference, printed), _samples(reference, transcript, port)]


def _losses(reference: ReferenceRun, printed: Mapping[int, PrintedLoss]) -> Check:
    wrong = list(reference.wrong_losses(printed))
    if not wrong:
        detail = f"all {len(printed)} printed losses equal the oracle's to the last digit"
        return Check("losses", Outcome.PASS, detail)
    detail = (
        f"{_shown(wrong[0])}; {len(wrong)} of {len(printed)} printed losses are wrong"
        f"{_hint(reference, printed, wrong)}"
    )
    return Check("losses", Outcome.MISMATCH, detail)


def _shown(wrong: WrongLoss) -> str:
    decimals = max(0, -round(math.log10(wrong.printed.unit))) if wrong.printed.unit else 4
    return (
        f"the first wrong loss is at step {wrong.step + 1}: expected "
        f"{wrong.expected:.{decimals}f}, got {wrong.printed.value:.{decimals}f} "
        f"('{printable(wrong.printed.text, 80)}')"
    )


def _hint(
    reference: ReferenceRun, printed: Mapping[int, PrintedLoss], wrong: Sequence[WrongLoss]
) -> str:
    if reference.is_cut_short(printed):
        return "; all losses look cut off after the last digit: round them instead"
    if reference.precision == "float64" and all(
        abs(each.printed.value - each.expected) < each.printed.unit for each in wrong
    ):
        return '; all are within one unit: if it computes in float32, set precision = "float32"'
    if wrong[0].step == min(printed):
        return "; the documents, the initial weights or the forward pass already differ"
    if min(printed) == 0 and wrong[0].step == 1:
        return "; the first loss is right, so a gradient or Adam's first update is wrong"
    return ""


def _samples(reference: ReferenceRun, transcript: Transcript, port: Port) -> Check:
    got = transcript.samples()
    if not got:
        return Check("samples", Outcome.NOT_OFFERED, "no sample could be read after the last loss")
    expected = list(reference.samples)[: len(got)]
    compared = list(zip(expected, got, strict=False))
    for index, (want, have) in enumerate(compared):
        if want == have:
            continue
        turned = undecided(reference.margins[: index + 1], port.precision)
        if index in turned:
            detail = (
                f"the first {index} equal the oracle's; rounding may change sample {index + 1}, "
                "so the later ones are not compared"
            )
            return Check("samples", Outcome.PASS, detail)
        detail = f"sample {index + 1}: expected '{want}', got '{printable(have, 60)}'"
        return Check("samples", Outcome.MISMATCH, detail)
    return Check("samples", Outcome.PASS, f"all {len(compared)} samples equal the oracle's")


def strange_samples(samples: Sequence[str], characters: set[str], block_size: int) -> Iterator[str]:
    """Sentences about samples with characters that the corpus lacks, or that are too long."""
    for number, sample in enumerate(samples, 1):
        strangers = sorted(set(sample) - characters)
        if strangers:
            shown = printable("".join(strangers), 20)
            yield (
                f"sample {number}, '{printable(sample, 60)}', has characters that the corpus "
                f"lacks: {shown}"
            )
        elif len(sample) > block_size:
            yield (
                f"sample {number}, '{printable(sample, 60)}', has {len(sample)} characters; at "
                f"most {block_size} are possible"
            )
