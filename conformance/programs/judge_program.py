"""Judges an unmodified program: runs it, reads its losses, and chooses the right comparison."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace

from conformance.judging.outcome import Outcome
from ports_adapter.building import build
from ports_adapter.manifest import Port
from ports_adapter.unmodified_program import scratch_copy
from reference.config import Config
from reference.corpus import Corpus
from reference.profiles import MICROGPT

from . import notes, own_generator
from .checks import against_reference, counts_check, wrong_numbers
from .cpython_generator import ReferenceRun, first_loss, is_near, reference_run
from .envelope.designs import Design, designed, natural
from .evidence import Evidence
from .printed_output import PrintedLoss
from .program_report import Check, ProgramReport, make_report
from .program_run import Session
from .step_numbers import Schedule, schedule_of
from .watcher import Watcher

PUBLISHED = "the published run"
FIRST_LOSSES = 3
ENOUGH_INFORMATION = 3.0
"""The first losses show which generator a program uses.

At least so many are compared, until a match by chance has a probability below 10 to the minus
`ENOUGH_INFORMATION`.
"""

SPREAD = 0.25
"""In nats: with another generator, a loss matches by chance about once in `SPREAD / unit`."""


def judge_program(port: Port, watcher: Watcher, names: Corpus | None = None) -> ProgramReport:
    """Build a program, run it on corpora of our choice, and judge what it prints.

    Args:
        port: a manifest of kind `program`.
        watcher: shows progress.
        names: the corpus names.txt, to reproduce the published run as well.

    Raises:
        NotBuilt: its build command failed.
        NotStarted: its run command cannot be executed, or its folder cannot be copied.
    """
    begun = time.monotonic()
    evidence = Evidence(port, watcher)
    build(port)
    try:
        with scratch_copy(port) as scratch:
            _judge(evidence, Session(port, scratch), names)
    except KeyboardInterrupt:
        evidence.was_interrupted = True
    return make_report(
        port,
        evidence.generator,
        evidence.checks,
        evidence.notes,
        time.monotonic() - begun,
        was_interrupted=evidence.was_interrupted,
    )


def _judge(evidence: Evidence, session: Session, names: Corpus | None) -> None:
    port, design = evidence.port, natural()
    transcript = evidence.run(session, design, None)
    if transcript is None:
        return
    schedule = schedule_of(transcript, port.program.num_steps)
    config = config_of(port, schedule)
    printed = schedule.losses(transcript)
    evidence.notes.append(notes.how_it_was_read(transcript, schedule, printed))
    if wrong := wrong_numbers(printed, schedule):
        evidence.checks.append(wrong)
        return
    evidence.watcher.computing("the oracle's own run")
    reference = reference_run(config, port.program.seed, design.corpus, port.precision)
    evidence.checks += counts_check(transcript, reference)
    if _follows_cpython(evidence, session, reference, printed, schedule):
        evidence.generator = "cpython"
        evidence.checks += against_reference(reference, transcript, printed, port)
        if names is not None and all(c.outcome is Outcome.PASS for c in evidence.checks):
            _published(evidence, session, names, schedule)
        evidence.notes += notes.with_cpython_generator(port, printed, schedule)
    else:
        evidence.generator = "own"
        own_generator.judge(evidence, session, config, schedule, transcript)
        evidence.notes += notes.with_own_generator(port, reference, printed, schedule)
        if names is not None:
            evidence.notes.append(notes.NAMES_NEED_CPYTHON)


def config_of(port: Port, schedule: Schedule) -> Config:
    """The oracle's configuration for a program."""
    program = port.program
    return replace(
        MICROGPT.config,
        n_embd=program.n_embd,
        n_head=program.n_head,
        n_layer=program.n_layer,
        block_size=program.block_size,
        temperature=program.temperature,
        num_steps=schedule.num_steps,
    )


def _follows_cpython(
    evidence: Evidence,
    session: Session,
    reference: ReferenceRun,
    printed: Mapping[int, PrintedLoss],
    schedule: Schedule,
) -> bool:
    """Whether the program uses CPython's generator, by its manifest or its first losses.

    If only the first loss matches, the first update may be wrong. The program then runs on
    another corpus, since two matches by chance are unlikely.
    """
    chosen = evidence.port.program.generator
    if chosen != "auto":
        return chosen == "cpython"
    first = _first_losses(printed)
    if reference.is_near(first):
        return _information(first) >= ENOUGH_INFORMATION
    config = reference.run.config
    design = designed(config.block_size)[0]
    begun = {0: printed[0]} if 0 in printed else {}
    if _information(begun) < ENOUGH_INFORMATION or not reference.is_near(begun):
        return False
    probe = evidence.run(session, design, schedule.base)
    again = schedule.losses(probe).get(0) if probe else None
    expected = first_loss(config, evidence.port.program.seed, design.corpus)
    return again is not None and is_near(again, expected)


def _first_losses(printed: Mapping[int, PrintedLoss]) -> dict[int, PrintedLoss]:
    """The first printed losses, as many as distinguish two generators."""
    first: dict[int, PrintedLoss] = {}
    for step, loss in printed.items():
        if len(first) >= FIRST_LOSSES and _information(first) >= ENOUGH_INFORMATION:
            break
        first[step] = loss
    return first


def _information(printed: Mapping[int, PrintedLoss]) -> float:
    """How unlikely a match with another generator is, as a negative power of ten."""
    return sum(max(0.0, math.log10(SPREAD / max(loss.unit, 1e-9))) for loss in printed.values())


def _published(evidence: Evidence, session: Session, names: Corpus, schedule: Schedule) -> None:
    """Run the program on names.txt, whose twenty samples are published."""
    port = evidence.port
    content = "\n".join(names.documents).encode()
    transcript = evidence.run(session, Design("names.txt", PUBLISHED, content, None), None)
    if transcript is None:
        return
    printed = schedule.losses(transcript)
    reference = reference_run(config_of(port, schedule), port.program.seed, names, port.precision)
    checks = [
        *counts_check(transcript, reference),
        *against_reference(reference, transcript, printed, port),
    ]
    evidence.checks += [
        Check(f"{check.name}, names.txt", check.outcome, check.detail) for check in checks
    ]
