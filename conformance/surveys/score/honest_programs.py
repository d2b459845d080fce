"""Asking honest programs the fresh cases of many seeds: none may fail.

The programs are the suite's ports, and the canonical program and its honest variants in both
precisions. All run side by side and get the same questions, so each answer is computed once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from queue import Queue
from threading import Thread

from msgspec import Struct, structs

from conformance.anatomy.judged_program import PUBLISHED, JudgedProgram
from conformance.asking.case_result import Result
from conformance.asking.engine import Engine
from conformance.cases import all_cases, select
from conformance.cases.budget_origin import offer_of
from conformance.cases.case import Case
from conformance.judging.outcome import Outcome
from conformance.mistakes import VARIANTS
from golden.budgets import Precision
from ports_adapter.building import build
from ports_adapter.manifest import Port, find_port, our_ports
from ports_adapter.port_toml import Timeouts

from .scoring import faulty_port

FRESH = ("*/fresh*", "layers/*fresh*")
PATIENT = Timeouts(start=600, message=600)
"""Long time limits: all programs run at once, and their speed does not matter here."""

PRECISIONS: tuple[Precision, ...] = ("float64", "float32")


class Honest(Struct, frozen=True):
    """The score of an honest program; `worst` is its largest error over all seeds, in budgets."""

    name: str
    precision: Precision
    seeds: int
    answers: int
    alarms: list[str]
    worst: float
    worst_at: str


@dataclass
class Tried:
    """An honest program that keeps running, and the failures and largest error seen so far."""

    name: str
    port: Port
    alarms: list[str] = field(default_factory=list)
    worst: float = 0.0
    worst_at: str = ""
    asked: int = 0
    waiting: Queue[tuple[int, Case] | None] = field(default_factory=Queue)
    seed: int = 0

    def run(self) -> None:
        """Ask the port all cases that arrive in `waiting`, until None arrives."""
        engine = Engine(structs.replace(self.port, timeouts=PATIENT))

        def keep(result: Result) -> None:
            self._see(result)
            engine.results.clear()
            self.waiting.task_done()

        engine.on_result = keep
        engine.run(self._cases(), shut_down=False)  # type: ignore[arg-type]
        self.waiting.task_done()

    def _cases(self) -> Iterator[Case]:
        while (item := self.waiting.get()) is not None:
            self.seed, case = item
            yield case

    def _see(self, result: Result) -> None:
        self.asked += result.outcome is not Outcome.NOT_OFFERED
        if result.outcome.is_failure:
            self.alarms.append(f"{result.case.slug} of seed {self.seed}: {result.detail}")
        if result.comparison is not None and result.comparison.worst > self.worst:
            self.worst = result.comparison.worst
            self.worst_at = f"{result.case.slug}#{result.comparison.worst_at} of seed {self.seed}"

    def honest(self, seeds: int) -> Honest:
        """The score."""
        worst = round(self.worst, 3)
        precision = self.port.precision
        return Honest(self.name, precision, seeds, self.asked, self.alarms, worst, self.worst_at)


def ports_of_ours() -> list[Tried]:
    """The ports that come with the suite, after building them."""
    tried = [Tried(name, find_port(name)) for name in our_ports()]
    for ours in tried:
        build(ours.port)
    return tried


def variants() -> list[Tried]:
    """The canonical program and all its honest variants, in both precisions."""
    tried = []
    for name in ("", *VARIANTS):
        for precision in PRECISIONS:
            label = name or "the program itself"
            if precision == "float32":
                label += ", in single precision"
            port = faulty_port((name,) if name else (), precision)
            tried.append(Tried(label, structs.replace(port, run=(*port.run, "--tape"))))
    return tried


def try_out(
    programs: Sequence[Tried],
    seeds: Sequence[int],
    on_seed: Callable[[int], None],
    judged_program: JudgedProgram = PUBLISHED,
) -> list[Honest]:
    """Ask all programs the fresh cases of every seed, seed by seed."""
    threads = [Thread(target=program.run, daemon=True) for program in programs]
    for thread in threads:
        thread.start()
    for seed in seeds:
        for precision in PRECISIONS:
            asked = [program for program in programs if program.port.precision == precision]
            _put(asked, seed, fresh_cases(seed, precision, judged_program))
        for program in programs:
            program.waiting.join()
        on_seed(seed)
    for program in programs:
        program.waiting.put(None)
    for thread in threads:
        thread.join()
    return [program.honest(len(seeds)) for program in programs]


def _put(programs: Sequence[Tried], seed: int, cases: Iterable[Case]) -> None:
    for case in cases:
        for program in programs:
            program.waiting.put((seed, case))


def fresh_cases(
    seed: int, precision: Precision, judged_program: JudgedProgram = PUBLISHED
) -> Iterator[Case]:
    """The fresh cases of a seed, answered before the threads of the programs share them."""
    for case in select(all_cases(seed, precision, judged_program), FRESH):
        if case.stream is None:
            answer = case.answer(offer_of(precision))
            case = replace(case, answer=lambda _offer, answer=answer: answer)  # type: ignore[misc]
        yield case
