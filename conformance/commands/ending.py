"""How a command ends: with an exit code, and a message if it could not do its work."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import click

from conformance.judging.outcome import ExitCode

if TYPE_CHECKING:
    from conformance.reports.destinations import Outputs


class JudgingCommand(click.Command):
    """A command that judges ports: its help lists the exit codes, and SIGTERM interrupts it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whoever ends it wants its port ended too, and finished results kept."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        return super().invoke(ctx)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code.value), code.meaning) for code in ExitCode])


def exit_with(
    work: Callable[[], ExitCode], label: str = "", outputs: Outputs | None = None
) -> NoReturn:
    """Do a command's work, and end the suite with its exit code.

    If the work cannot be done, the message that says why goes to standard error, and into the
    `outputs` under the port's `label`.
    """
    from conformance.cases.request import Unusable

    try:
        sys.exit(work())
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


def fail(message: str, code: ExitCode) -> NoReturn:
    """End the suite with a message on standard error."""
    from conformance.reports.terminal.safe_console import put, screen

    put(screen(stderr=True), f"conformance: {message}")
    sys.exit(code)
