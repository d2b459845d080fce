"""A program with its own generator: whether its losses are such as the oracle's over seeds."""

from __future__ import annotations

import math

from conformance.judging.outcome import Outcome
from reference.config import Config

from .checks import strange_samples, wrong_numbers
from .envelope import reference_losses
from .envelope.designs import Design, designed, natural
from .envelope.distance import FALSE_ALARMS, Envelope, Fit, unit_of
from .evidence import Judgement
from .printed_output import Transcript
from .program_report import Check
from .program_run import Session
from .step_numbers import Schedule


def designs(config: Config) -> tuple[Design, ...]:
    """The corpora made for a configuration."""
    return designed(config.block_size)


def judge(
    judgement: Judgement,
    session: Session,
    config: Config,
    schedule: Schedule,
    transcript: Transcript,
) -> None:
    """Compare the natural run with the oracle's over seeds, then one run on each design."""
    every = (natural(), *designs(config))
    alarm = FALSE_ALARMS / len(every)
    judgement.checks.append(_samples(transcript, config))
    judgement.checks.append(_check(judgement, natural(), transcript, config, schedule, alarm))
    for design in designs(config):
        steps = design.steps_of(config.num_steps)
        if min(schedule.losses(transcript)) >= steps:
            detail = f"no loss is printed of the first {steps} steps, which alone are looked at"
            judgement.checks.append(Check(_name(design), Outcome.NOT_OFFERED, detail))
            continue
        printed = judgement.run(session, design, steps - 1 + schedule.base)
        if printed is None:
            return
        judgement.checks.append(_check(judgement, design, printed, config, schedule, alarm))


def _check(
    judgement: Judgement,
    design: Design,
    transcript: Transcript,
    config: Config,
    schedule: Schedule,
    alarm: float,
) -> Check:
    steps = design.steps_of(config.num_steps)
    losses = {s: loss for s, loss in schedule.losses(transcript).items() if s < steps}
    if wrong := wrong_numbers(losses, schedule):
        return Check(_name(design), wrong.outcome, f"on {design.about}: {wrong.detail}")
    known = reference_losses.curves_of(design, config, judgement.watcher)
    envelope = Envelope.of(known, list(losses), unit_of(losses), config.num_steps, alarm)
    result = envelope.fit(losses)
    outcome = Outcome.PASS if result.is_honest else Outcome.MISMATCH
    return Check(_name(design), outcome, _detail(design, result), round(result.distance, 3))


def _detail(design: Design, result: Fit) -> str:
    among = f"{result.losses} losses on {design.about} lie at {result.distance:.2g} of the limit"
    if result.is_honest:
        return among
    return (
        f"{among}; furthest off is {result.window}: about {result.got:.4g}, where the oracle's "
        f"runs have {result.expected:.4g} ± {result.spread:.2g}{_vocabulary(design, result)}"
    )


def _vocabulary(design: Design, result: Fit) -> str:
    """A hint where the loss begins as that of a larger vocabulary does."""
    size = len(set("".join(design.corpus.documents))) + 1
    if result.window == "the loss of step 1" and result.got > math.log(size) + 4 * result.spread:
        return f"; is the vocabulary that of the corpus, {size} tokens here?"
    return ""


def _samples(transcript: Transcript, config: Config) -> Check:
    samples = transcript.samples()
    if not samples:
        return Check("samples", Outcome.NOT_OFFERED, "no sample could be read after the last loss")
    characters = set("".join(natural().corpus.documents))
    strange = list(strange_samples(samples, characters, config.block_size))
    if strange:
        return Check("samples", Outcome.MISMATCH, strange[0])
    detail = f"{len(samples)} read, of the corpus's characters and no longer than the block"
    return Check("samples", Outcome.PASS, detail)


def _name(design: Design) -> str:
    return f"losses, {design.name}"
