"""The outcomes of a case, and the exit codes of a run."""

from enum import IntEnum, StrEnum


class Outcome(StrEnum):
    """How a case ended."""

    PASS = "pass"
    MISMATCH = "mismatch"
    ERROR = "error"
    CRASH = "crash"
    TIMEOUT = "timeout"
    VIOLATION = "protocol violation"
    NOT_OFFERED = "not offered"
    NOT_RUN = "not run"
    SUITE_FAULT = "suite fault"

    @property
    def is_failure(self) -> bool:
        """Whether a case with this outcome failed; a case that is not offered did not."""
        return self not in (Outcome.PASS, Outcome.NOT_OFFERED)


class ExitCode(IntEnum):
    """The exit codes of `conformance run`."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    UNUSABLE_PORT = 3
    SUITE_FAULT = 4
    NOTHING_VERIFIED = 5
    INTERRUPTED = 130

    @property
    def word(self) -> str:
        """The beginning of the verdict on a run that ended with it."""
        has_name = self not in (ExitCode.USAGE, ExitCode.UNUSABLE_PORT)
        return self.name.replace("_", " ") if has_name else "FAIL"

    @property
    def meaning(self) -> str:
        """The meaning in one sentence, for the documentation."""
        return {
            ExitCode.PASS: "every case that the port offers was run and passed, or failed as its "
            "baseline has it",
            ExitCode.FAIL: "a case failed: mismatch, error, crash, timeout, violation, or not run; "
            "or the baseline does not hold",
            ExitCode.USAGE: "the command line or the port's manifest cannot be used",
            ExitCode.UNUSABLE_PORT: "the port does not build or does not start",
            ExitCode.SUITE_FAULT: "the suite itself failed; please report it",
            ExitCode.NOTHING_VERIFIED: "no case beyond the protocol was run",
            ExitCode.INTERRUPTED: "interrupted; what was finished is in the report",
        }[self]
