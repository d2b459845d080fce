"""All of a program ends when it should, and nothing is left of it: real processes."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from conformance.judging.outcome import ExitCode
from ports_adapter.client import Client
from ports_adapter.containment import folders
from ports_adapter.containment.contained import GUARDIAN, Contained
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.containment.terms import Terms
from ports_adapter.failures import NotStarted
from ports_adapter.manifest import Port
from tests.support.ports.broken import port
from tests.support.processes import BOTH, DAEMON, SECONDS, Made, end_of, eventually, is_gone, said
from tests.support.suite import ROOT, MakePort, living, run_suite


@pytest.mark.slow
def test_a_folder_nested_beyond_every_path_is_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("nested", dir_fd=here)
        inner = os.open("nested", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    folders.remove(str(top))
    assert not top.exists()


def test_daemons_that_left_the_group_end_with_the_port(made: Made, tmp_path: Path) -> None:
    process = made(DAEMON + "print('ready', flush=True)\ninput()")
    said(process)
    assert len(living(tmp_path)) >= 4
    assert process.pid in living(tmp_path)
    process.close()
    assert not living(tmp_path)


def test_daemons_of_a_port_that_is_gone_end_as_well(made: Made, tmp_path: Path) -> None:
    process = made(DAEMON)
    assert "exited with code 0" in end_of(process)
    process.close()
    assert not living(tmp_path)


def test_a_port_that_ignores_every_polite_signal_ends(made: Made) -> None:
    process = made(
        """
        import signal, time
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        print("here I stay", flush=True)
        time.sleep(600)
        """
    )
    said(process)
    pid = process.pid
    process.close()
    assert is_gone(pid)


RUNNER = """
import sys, time
from pathlib import Path
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port
from ports_adapter.process import PortProcess

process = PortProcess(
    Port(folder=Path(sys.argv[1]), name="p", language="Python",
         run=(sys.executable, "program.py"), sandbox=Sandbox(sys.argv[2]))
)
print(process.receive(30).decode(), process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
@BOTH
def test_all_of_it_ends_when_the_runner_is_killed(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "program.py").write_text(
        DAEMON + "print(os.environ['TMPDIR'], flush=True)\ntime.sleep(600)"
    )
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path), sandbox],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert runner.stdout is not None
    with runner.stdout as output:
        private, pid = output.readline().split()
    family = [process.pid for process in psutil.Process(runner.pid).children(recursive=True)]
    assert int(pid) in family
    assert len(family) >= 5  # the guardian, the port, three daemons
    runner.kill()
    runner.wait()
    assert eventually(lambda: all(map(is_gone, family)))
    assert eventually(lambda: not Path(private).exists())


def test_signals_reach_a_port_as_if_nobody_stood_between(made: Made) -> None:
    source = """
    import signal
    names = [s.name for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN]
    print(names, flush=True)
    """
    # Python itself ignores these two.
    assert said(made(source)) == "['SIGPIPE', 'SIGXFSZ']"


@BOTH
def test_the_process_id_is_the_programs_own(made: Made, sandbox: Sandbox) -> None:
    process = made("print('ready', flush=True)\ninput()", sandbox)
    said(process)
    assert psutil.Process(process.pid).cmdline()[-1] == "program.py"


@BOTH
def test_a_whole_run_passes_and_leaves_nothing_open(make_port: MakePort, sandbox: Sandbox) -> None:
    children = psutil.Process().children()
    made = make_port(port(""), sandbox=sandbox)
    assert run_suite(made).exit_code is ExitCode.PASS
    before = psutil.Process().num_fds()
    assert run_suite(made, "tokenizer/words").exit_code is ExitCode.PASS
    assert psutil.Process().num_fds() == before
    assert psutil.Process().children() == children


@BOTH
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-program", "No such file or directory"),
        ("./missing", "No such file or directory"),
        ("./plain", "Permission denied"),
        ("./garbage", "Exec format error"),
        ("./strange", "No such file or directory"),
    ],
)
def test_a_command_that_cannot_be_executed_says_why(
    tmp_path: Path, sandbox: Sandbox, command: str, message: str
) -> None:
    for name, content in (("plain", ""), ("garbage", "\0\1\2"), ("strange", "#!/no/such\n")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o644 if name == "plain" else 0o755)
    asked = Port(folder=tmp_path, name="p", language="", run=(command,), sandbox=sandbox)
    with pytest.raises(NotStarted, match=f"{command} cannot be started: .*{message}"):
        Client(asked)


@pytest.mark.needs("shell")
def test_a_guardian_that_is_killed_takes_the_program_along(tmp_path: Path) -> None:
    piped = subprocess.PIPE
    terms = Terms(sandbox=Sandbox.NEVER)
    command = ("sh", "-c", "echo $TMPDIR; exec sleep 600")
    program = Contained(command, tmp_path, terms, stdin=piped, stdout=piped, stderr=piped)
    assert program.stdout is not None
    private = Path(program.stdout.readline().decode().strip())
    ancestors = psutil.Process(program.pid).parents()
    guardian = next(
        a for a in ancestors if a.cmdline()[3:4] == [str(GUARDIAN)] and a.ppid() == os.getpid()
    )
    guardian.kill()
    assert program.wait(SECONDS) is not None
    program.close()
    assert eventually(lambda: is_gone(program.pid))  # the kernel ends it a moment later
    assert not private.exists()
