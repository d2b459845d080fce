"""Feeding a target one input: under an alarm, with what went wrong told in a line."""

import contextlib
import io
import resource
import signal
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .target import Ending, Target, TooSlow

ROOT = Path(__file__).parent.parent.parent
MEMORY = 2 << 30
"""How much a worker may take beyond what it has when it begins."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in a line; `kind` is the same for the same mistake."""

    kind: str
    message: str


def fed(target: Target, content: bytes) -> Ending | Fault:
    """How an input ends, or what is wrong."""
    try:
        with alarm(target.seconds), contextlib.redirect_stderr(io.StringIO()):
            return target.ending(content)
    except (Exception, TooSlow) as error:
        return fault_of(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an exit, which no input may cause
        return fault_of(error)


def fault_of(error: BaseException) -> Fault:
    """An exception as a fault: of the same kind as others from the same line of ours."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT) and ".venv" not in frame.filename
    ]
    name = type(error).__name__
    if isinstance(error, TooSlow) or not frames:  # it is somewhere else every time
        return Fault(name, f"{name}: {error}"[:500])
    last = frames[-1]
    where = f"{Path(last.filename).relative_to(ROOT)}:{last.lineno}"
    told = str(error).partition(":")[0][:60] if last.name == "claim" else ""
    return Fault(f"{name} {where} {told}".rstrip(), f"{name} in {where}: {error}"[:500])


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises `TooSlow` when the time is up."""
    signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _too_slow(_number: int, _frame: object) -> None:
    raise TooSlow("the time is up")


def limit_memory() -> None:
    """Let this process take so much more memory, and no more: it gets a MemoryError."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, hard))


def quiet() -> None:
    """Warnings about what is fed are nobody's concern."""
    warnings.simplefilter("ignore")
