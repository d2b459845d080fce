"""How a command ends: with an exit code, or with a line that says why there is none."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from conformance.judging.outcome import ExitCode

from .options import fail

if TYPE_CHECKING:
    from conformance.reports.destinations import Outputs

CONTEXT = {"help_option_names": ["-h", "--help"]}
EXIT_CODES = "\n".join(["\b", "Exit codes:", *(f"{c.value:4d}  {c.meaning}" for c in ExitCode)])


def exit_with(
    run: Callable[[], ExitCode], label: str = "", outputs: Outputs | None = None
) -> NoReturn:
    """End with a run's exit code, or with a line that says why there was none.

    Why there was none is in the `outputs`, too, under the port's `label`.
    """
    from conformance.cases.request import Unusable

    try:
        sys.exit(run())
    except Unusable as error:
        message, code, cause = str(error), error.exit_code, error
    except KeyboardInterrupt:
        message, code, cause = "interrupted", ExitCode.INTERRUPTED, None
    except BrokenPipeError:
        raise
    except Exception:
        import traceback

        traceback.print_exc()
        message = "the suite itself failed; please report the lines above"
        code, cause = ExitCode.SUITE_FAULT, None
    if outputs is not None:
        from conformance.reports.destinations import Unwritable, write_trouble

        if not isinstance(cause, Unwritable):
            with contextlib.suppress(Unwritable):
                write_trouble(label, message, code, outputs)
    fail(message, code)
