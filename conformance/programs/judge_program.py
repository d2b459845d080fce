"""Judging a program as it is: run, read, told whose generator it follows, and compared."""

from __future__ import annotations

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
from .checks import against_canon, counts_check, wrong_numbers
from .cpython_generator import Canon, canon, first_loss, is_near
from .envelope.designs import Design, natural
from .evidence import Judgement
from .printed_output import PrintedLoss
from .program_report import Check, ProgramReport, make_report
from .program_run import Session
from .step_numbers import Schedule, schedule_of
from .watcher import Watcher

PUBLISHED = "the published run"
FITTING = 3
TELLING = 3.0
"""The first losses tell the generator: so many, and so unlikely by chance, in powers of ten."""

SPREAD = 0.25
"""In nats: a loss of another generator fits by chance about once in `SPREAD / unit`."""


def judge_program(port: Port, watcher: Watcher, names: Corpus | None = None) -> ProgramReport:
    """Build a program, run it on corpora of our choice, and judge what it prints.

    Args:
        port: a manifest of kind `program`.
        watcher: is told what is being done.
        names: the published corpus, if the published run is asked for.

    Raises:
        NotBuilt: its build command failed.
        NotStarted: its run command cannot be executed, or its folder not be copied.
    """
    begun = time.monotonic()
    judgement = Judgement(port, watcher)
    build(port)
    try:
        with scratch_copy(port) as scratch:
            _judge(judgement, Session(port, scratch), names)
    except KeyboardInterrupt:
        judgement.was_interrupted = True
    return make_report(
        port,
        judgement.generator,
        judgement.checks,
        judgement.notes,
        time.monotonic() - begun,
        was_interrupted=judgement.was_interrupted,
    )


def _judge(judgement: Judgement, session: Session, names: Corpus | None) -> None:
    port, design = judgement.port, natural()
    transcript = judgement.run(session, design, None)
    if transcript is None:
        return
    schedule = schedule_of(transcript, port.program.num_steps)
    config = config_of(port, schedule)
    printed = schedule.losses(transcript)
    judgement.notes.append(notes.read(transcript, schedule, printed))
    if wrong := wrong_numbers(printed, schedule):
        judgement.checks.append(wrong)
        return
    judgement.watcher.computing("the oracle's own run")
    right = canon(config, port.program.seed, design.corpus, port.precision)
    judgement.checks += counts_check(transcript, right)
    if _follows_cpython(judgement, session, right, printed, schedule):
        judgement.generator = "cpython"
        judgement.checks += against_canon(right, transcript, printed, port)
        if names is not None and all(c.outcome is Outcome.PASS for c in judgement.checks):
            _published(judgement, session, names, schedule)
        judgement.notes += notes.same_generator(port, printed, schedule)
    else:
        judgement.generator = "own"
        own_generator.judge(judgement, session, config, schedule, transcript)
        judgement.notes += notes.own_generator(port, right, printed, schedule)
        if names is not None:
            judgement.notes.append(notes.NAMES_NEED_CPYTHON)


def config_of(port: Port, schedule: Schedule) -> Config:
    """The configuration that the oracle is run with."""
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
    judgement: Judgement,
    session: Session,
    right: Canon,
    printed: Mapping[int, PrintedLoss],
    schedule: Schedule,
) -> bool:
    """Whether the program draws CPython's random numbers, from the manifest or from its losses.

    The first losses of another generator do not fit. Where only the very first fits, the program
    may go wrong in its first update, so another corpus is asked: none fits twice by chance.
    """
    chosen = judgement.port.program.generator
    if chosen != "auto":
        return chosen == "cpython"
    first = _telling(printed)
    if right.is_near(first):
        return _information(first) >= TELLING
    config, design = right.run.config, own_generator.designs(right.run.config)[0]
    begun = {0: printed[0]} if 0 in printed else {}
    if _information(begun) < TELLING or not right.is_near(begun):
        return False
    probe = judgement.run(session, design, schedule.base)
    again = schedule.losses(probe).get(0) if probe else None
    expected = first_loss(config, judgement.port.program.seed, design.corpus)
    return again is not None and is_near(again, expected)


def _telling(printed: Mapping[int, PrintedLoss]) -> dict[int, PrintedLoss]:
    """The first losses printed, as many as tell one generator from another."""
    first: dict[int, PrintedLoss] = {}
    for step, loss in printed.items():
        if len(first) >= FITTING and _information(first) >= TELLING:
            break
        first[step] = loss
    return first


def _information(printed: Mapping[int, PrintedLoss]) -> float:
    """How unlikely another generator's losses are to fit these, in powers of ten."""
    return sum(max(0.0, math.log10(SPREAD / max(loss.unit, 1e-9))) for loss in printed.values())


def _published(judgement: Judgement, session: Session, names: Corpus, schedule: Schedule) -> None:
    """The program on names.txt, whose twenty samples are published."""
    port = judgement.port
    content = "\n".join(names.documents).encode()
    transcript = judgement.run(session, Design("names.txt", PUBLISHED, content, None), None)
    if transcript is None:
        return
    printed = schedule.losses(transcript)
    right = canon(config_of(port, schedule), port.program.seed, names, port.precision)
    checks = [*counts_check(transcript, right), *against_canon(right, transcript, printed, port)]
    judgement.checks += [
        Check(f"{check.name}, names.txt", check.outcome, check.detail) for check in checks
    ]
