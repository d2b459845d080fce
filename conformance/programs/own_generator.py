"""Judges a program with its own random number generator.

Its losses must be as likely as those of the oracle over many seeds.
"""

import math

from conformance.judging.outcome import Outcome
from reference.config import Config

from .checks import strange_samples, wrong_numbers
from .envelope import reference_losses
from .envelope.designs import Design, designed, natural
from .envelope.distance import FALSE_ALARMS, Envelope, Fit, unit_of
from .evidence import Evidence
from .printed_output import Transcript
from .program_report import Check
from .program_run import Session
from .step_numbers import Schedule


def judge(
    evidence: Evidence,
    session: Session,
    config: Config,
    schedule: Schedule,
    transcript: Transcript,
) -> None:
    """Compare the run on the natural corpus, then one run on each designed corpus."""
    others = designed(config.block_size)
    alarm = FALSE_ALARMS / (1 + len(others))
    evidence.checks.append(_samples(transcript, config))
    evidence.checks.append(_check(evidence, natural(), transcript, config, schedule, alarm))
    for design in others:
        steps = design.steps_of(config.num_steps)
        if min(schedule.losses(transcript)) >= steps:
            detail = f"no loss is printed for the first {steps} steps, the only ones compared"
            evidence.checks.append(Check(_name(design), Outcome.NOT_OFFERED, detail))
            continue
        printed = evidence.run(session, design, steps - 1 + schedule.base)
        if printed is None:
            return
        evidence.checks.append(_check(evidence, design, printed, config, schedule, alarm))


def _check(
    evidence: Evidence,
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
    known = reference_losses.curves_of(design, config, evidence.watcher)
    envelope = Envelope.of(known, list(losses), unit_of(losses), config.num_steps, alarm)
    result = envelope.fit(losses)
    outcome = Outcome.PASS if result.is_honest else Outcome.MISMATCH
    return Check(_name(design), outcome, _detail(design, result), round(result.distance, 3))


def _detail(design: Design, result: Fit) -> str:
    among = f"{result.losses} losses on {design.about} are at {result.distance:.2g} of the limit"
    if result.is_honest:
        return among
    return (
        f"{among}; most different: {result.window}, about {result.got:.4g}; the oracle's runs "
        f"have {result.expected:.4g} ± {result.spread:.2g}{_vocabulary(design, result)}"
    )


def _vocabulary(design: Design, result: Fit) -> str:
    """A hint if the first loss suggests a larger vocabulary."""
    size = len(set("".join(design.corpus.documents))) + 1
    if result.window == "the loss of step 1" and result.got > math.log(size) + 4 * result.spread:
        return f"; does the vocabulary have {size} tokens, those of the corpus?"
    return ""


def _samples(transcript: Transcript, config: Config) -> Check:
    samples = transcript.samples()
    if not samples:
        return Check("samples", Outcome.NOT_OFFERED, "no sample could be read after the last loss")
    characters = set("".join(natural().corpus.documents))
    strange = list(strange_samples(samples, characters, config.block_size))
    if strange:
        return Check("samples", Outcome.MISMATCH, strange[0])
    detail = f"{len(samples)} samples have only characters of the corpus, and none is too long"
    return Check("samples", Outcome.PASS, detail)


def _name(design: Design) -> str:
    return f"losses, {design.name}"
