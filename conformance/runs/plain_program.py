"""`conformance run` for a program that only prints: it is run as it is, and asked no cases."""

from conformance.cases.request import Request
from conformance.cases.selection import published_names
from conformance.judging.outcome import ExitCode
from conformance.programs.judge_program import judge_program
from conformance.reports.destinations import Forms, Outputs, write_report
from conformance.reports.summary import program_summary
from conformance.reports.terminal.live_view import program_progress
from conformance.reports.terminal.program_text import show
from conformance.reports.terminal.safe_console import screen
from golden.json_documents import encoded
from ports_adapter.manifest import Port

from .preparation import refuse_program, usable, warn


def run_program(port: Port, request: Request, outputs: Outputs) -> ExitCode:
    """Run the program, and print or write the report on it.

    Raises:
        Unusable: the request is about cases, or the program or names.txt cannot be used.
    """
    refuse_cases(port, request, "--baseline" if _has_baseline(request) else "")
    for form, path in (("page", outputs.html), ("issue", outputs.issue)):
        if path is not None:
            warn(f"a program that is run as it is has no {form}: {path} is not written")
    names = published_names() if request.names else None
    with usable(), program_progress(screen(stderr=True)) as watcher:
        report = judge_program(port, watcher, names)
    forms = Forms(program_summary(report), encoded(report), lambda console: show(report, console))
    write_report(forms, outputs)
    return report.exit_code


def refuse_cases(port: Port, request: Request, *others: str) -> None:
    """Refuse options that are about cases of the protocol, and others: a program is asked none.

    Raises:
        Unusable: such an option is given.
    """
    options = {
        "--case": request.patterns,
        "--long": request.long,
        "--shard": request.shard,
        "--resume": request.journal,
        "--transcript": request.transcript,
    }
    given = [*(option for option, value in options.items() if value), *filter(None, others)]
    if given:
        refuse_program(port, f"there is no {' and no '.join(given)}")


def _has_baseline(request: Request) -> bool:
    return bool(request.baseline.path or request.baseline.update)
