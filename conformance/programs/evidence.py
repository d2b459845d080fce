"""The checks and notes that are collected while a program is judged."""

from dataclasses import dataclass, field

from conformance.asking.case_result import OUTCOME_OF
from ports_adapter.failures import PortFailure
from ports_adapter.manifest import Port
from ports_adapter.quoting import tail

from .envelope.designs import Design
from .printed_output import Transcript
from .program_report import Check, Generator
from .program_run import Session
from .watcher import Watcher


@dataclass
class Evidence:
    """The checks, notes and generator of a program, as far as they are known."""

    port: Port
    watcher: Watcher
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    generator: Generator = "unknown"
    was_interrupted: bool = False

    def run(self, session: Session, design: Design, until: int | None) -> Transcript | None:
        """Run the program on a corpus; on failure, add a failed check and give None."""
        self.watcher.running(design.about)
        try:
            return session.run(design.content, until, self.watcher.stepped)
        except PortFailure as error:
            detail = f"on {design.about}: {error}"
            self.checks.append(Check("run", OUTCOME_OF[type(error)], detail, log=tail(session.log)))
            return None
