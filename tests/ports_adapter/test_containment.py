"""What a program may not do: real processes, each with its one misdeed, and what is left of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import psutil
import pytest

from conformance.judging.outcome import ExitCode
from ports_adapter.building import build
from ports_adapter.client import Client
from ports_adapter.containment import folders
from ports_adapter.containment.contained import GUARDIAN, Contained
from ports_adapter.containment.limits import BuildLimits, Limits
from ports_adapter.containment.sandbox import Sandbox, why_not
from ports_adapter.containment.terms import Terms
from ports_adapter.failures import NotBuilt, NotStarted, PortCrashed
from ports_adapter.manifest import Port
from ports_adapter.process import PortProcess
from tests.support.ports.broken import port
from tests.support.suite import ROOT, MakePort, living, run_suite

NEEDS_SANDBOX = pytest.mark.skipif(bool(why_not()) and "CI" not in os.environ, reason=why_not())
BOTH = pytest.mark.parametrize(
    "sandbox", [Sandbox.NEVER, pytest.param(Sandbox.ALWAYS, marks=NEEDS_SANDBOX)]
)
SECONDS = 30.0


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


Made = Callable[..., PortProcess]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Starts Python source as a port's process; ends it afterwards."""
    running = []

    def make(source: str, sandbox: Sandbox = Sandbox.NEVER, **keys: object) -> PortProcess:
        (tmp_path / "program.py").write_text(dedent(source))
        process = PortProcess(
            Port(
                folder=tmp_path,
                name="made for a test",
                language="Python",
                run=(sys.executable, "program.py"),
                sandbox=sandbox,
                **keys,  # type: ignore[arg-type]
            )
        )
        running.append(process)
        return process

    yield make
    for process in running:
        process.close()


def said(process: PortProcess) -> str:
    return process.receive(SECONDS).decode()


def end_of(process: PortProcess) -> str:
    """The message of the crash that a misdeed ends in."""
    with pytest.raises(PortCrashed) as crash:
        process.receive(SECONDS)
    return str(crash.value)


ENVIRONMENT = "import os, json; print(json.dumps(dict(os.environ)), flush=True); input()"


@BOTH
def test_secrets_in_the_environment_are_not_seen(
    made: Made, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "a secret of ours")
    seen = said(made(ENVIRONMENT, sandbox))
    assert "a secret of ours" not in seen
    assert '"PATH"' in seen


def test_a_variable_that_the_manifest_lists_is_seen(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_PORT_TABLES", "/usr/share/tables")
    assert "/usr/share/tables" not in said(made(ENVIRONMENT))
    assert "/usr/share/tables" in said(made(ENVIRONMENT, environment=("MY_PORT_TABLES",)))


@BOTH
def test_the_temporary_folder_is_private_and_gone_afterwards(made: Made, sandbox: Sandbox) -> None:
    process = made(
        """
        import os, tempfile
        deep = tempfile.mkdtemp()
        os.makedirs(deep + "/a/b")
        open(deep + "/a/b/c", "w").write("x")
        os.symlink("/", deep + "/a/root")
        os.chmod(deep + "/a/b", 0)
        os.chmod(deep + "/a", 0o500)
        print(os.environ["TMPDIR"], deep, flush=True)
        input()
        """,
        sandbox,
    )
    private, deep = map(Path, said(process).split())
    assert deep.is_relative_to(private)
    assert private.is_dir()
    process.close()
    assert not private.exists()


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


DAEMON = """
import os, sys, time

def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for stream in (0, 1, 2):
                os.close(stream)
            with open("pids", "a") as file:
                print(os.getpid(), file=file)
            time.sleep(600)
        os._exit(0)
    os.wait()

for _ in range(3):
    daemon()
while not os.path.exists("pids") or len(open("pids").read().split()) < 3:
    time.sleep(0.01)
"""


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


@pytest.mark.slow
@BOTH
def test_a_fork_bomb_is_ended(made: Made, tmp_path: Path, sandbox: Sandbox) -> None:
    process = made(
        """
        import os, time
        for _ in range(9):  # which makes 512 of them
            os.fork()
            if os.getpid() % 3 == 0:
                try:
                    os.setsid()
                except OSError:
                    pass
        time.sleep(20)
        """,
        sandbox,
        limits=Limits(processes=40),
    )
    pid = process.pid
    message = end_of(process)
    assert "the port was stopped: it had " in message
    assert message.endswith("processes, the limit is 40 (limits.processes in port.toml)")
    process.close()
    assert is_gone(pid)
    assert not living(tmp_path)


EATING = """
import time
eaten = []
for _ in range(100):
    eaten.append(b"x" * (10 << 20))
    time.sleep(0.005)
time.sleep(20)
"""


@pytest.mark.slow
@BOTH
def test_eating_memory_is_ended(made: Made, sandbox: Sandbox) -> None:
    message = end_of(made(EATING, sandbox, limits=Limits(memory_mib=200)))
    assert "the port was stopped: its processes held " in message
    assert message.endswith(" MiB, the limit is 200 (limits.memory_mib in port.toml)")


def test_memory_that_many_processes_share_is_counted_once(made: Made) -> None:
    process = made(
        """
        import os, time
        shared = b"x" * (100 << 20)
        for _ in range(5):
            if os.fork() == 0:
                time.sleep(600)
        time.sleep(1)
        print("still here", flush=True)
        """,
        limits=Limits(memory_mib=300),
    )
    assert said(process) == "still here"


@pytest.mark.slow
def test_taking_too_much_processor_time_is_ended(made: Made) -> None:
    source = """
    import os, time
    end = time.monotonic() + 20
    os.fork()
    while time.monotonic() < end:
        pass
    """
    message = end_of(made(source, limits=Limits(processor_s=1)))
    assert "s of processor time, the limit is 1 (limits.processor_s in port.toml)" in message


WRITING = """
import os, time
place = {place}
for number in range(200):
    with open(place + f"/{{number}}", "wb") as file:
        file.write(b"x" * (4 << 20))
        file.flush()
        os.fsync(file.fileno())
    time.sleep(0.01)
time.sleep(20)
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["os.environ['TMPDIR']", "'.'"])
def test_filling_the_disk_is_ended(made: Made, place: str) -> None:
    message = end_of(made(WRITING.format(place=place), limits=Limits(written_mib=40)))
    assert "the port was stopped: it wrote " in message
    assert message.endswith(" MiB, the limit is 40 (limits.written_mib in port.toml)")


def test_a_file_does_not_grow_beyond_its_limit(made: Made) -> None:
    source = """
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with open("large", "wb") as file:
        for _ in range(10):
            file.write(b"x" * (1 << 20))
    """
    message = end_of(made(source, limits=Limits(file_mib=3)))
    assert "a file of it exceeded 3 MiB (limits.file_mib in port.toml)" in message


def test_no_more_files_are_open_than_allowed(made: Made) -> None:
    source = """
    try:
        files = [open("program.py") for _ in range(100)]
    except OSError as error:
        print(error.strerror, flush=True)
    """
    assert said(made(source, limits=Limits(open_files=50))) == "Too many open files"


def test_signals_reach_a_port_as_if_nobody_stood_between(made: Made) -> None:
    source = """
    import signal
    names = [s.name for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN]
    print(names, flush=True)
    """
    # Python itself ignores these two.
    assert said(made(source)) == "['SIGPIPE', 'SIGXFSZ']"


def test_what_a_port_prints_after_its_goodbye_is_not_kept(made: Made) -> None:
    process = made("while True: print('x' * 1000)")
    before = psutil.Process().memory_info().rss
    assert process.wait(1.5) is None
    assert psutil.Process().memory_info().rss - before < 64 << 20


@NEEDS_SANDBOX
def test_a_sandboxed_port_writes_to_its_own_folder_alone(
    made: Made, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    process = made(
        f"""
        import os
        def can_write(folder):
            try:
                open(os.path.join(folder, "written"), "w").write("x")
                return True
            except OSError:
                return False
        places = [".", os.environ["TMPDIR"], "/dev/shm", {str(elsewhere)!r}, os.environ["HOME"],
                  "/tmp", "/dev", "/run", {str(ROOT)!r}]
        print([can_write(place) for place in places], flush=True)
        """,
        Sandbox.ALWAYS,
    )
    assert said(process) == str([True] * 3 + [False] * 6)
    assert not list(elsewhere.iterdir())


@BOTH
def test_only_a_sandboxed_port_cannot_reach_what_listens_on_this_machine(
    made: Made, sandbox: Sandbox
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = made(
            f"""
            import socket
            try:
                socket.create_connection(("127.0.0.1", {listener.getsockname()[1]}), 5).close()
                print("reached", flush=True)
            except OSError as error:
                print("not reached", flush=True)
            """,
            sandbox,
        )
        assert said(process) == ("reached" if sandbox is Sandbox.NEVER else "not reached")


@NEEDS_SANDBOX
def test_a_sandboxed_port_sees_no_process_of_ours_and_no_capability(made: Made) -> None:
    process = made(
        f"""
        import os
        status = open("/proc/self/status").read()
        print(os.path.exists("/proc/{os.getpid()}/environ"), os.getpid() < 10,
              "CapEff:\\t0000000000000000" in status, sorted(os.listdir("/proc/self/fd")),
              flush=True)
        """,
        Sandbox.ALWAYS,
    )
    assert said(process) == "False True True ['0', '1', '2', '3']"


@NEEDS_SANDBOX
def test_keys_in_the_home_folder_are_hidden(
    made: Made, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_ed25519").write_text("a key")
    (home / ".netrc").write_text("a password")
    (home / "notes").write_text("no secret")
    monkeypatch.setenv("HOME", str(home))
    process = made(
        f"""
        import os
        home = {str(home)!r}
        print(os.listdir(home + "/.ssh"), repr(open(home + "/.netrc").read()),
              open(home + "/notes").read(), flush=True)
        """,
        Sandbox.ALWAYS,
    )
    assert said(process) == "[] '' no secret"


@BOTH
def test_the_process_id_is_the_programs_own(made: Made, sandbox: Sandbox) -> None:
    process = made("print('ready', flush=True)\ninput()", sandbox)
    said(process)
    assert psutil.Process(process.pid).cmdline()[-1] == "program.py"


@BOTH
def test_a_whole_run_passes_and_leaves_nothing_open(make_port: MakePort, sandbox: Sandbox) -> None:
    made = make_port(port(""), sandbox=sandbox)
    assert run_suite(made).exit_code is ExitCode.PASS
    before = psutil.Process().num_fds()
    assert run_suite(made, "tokenizer/words").exit_code is ExitCode.PASS
    assert psutil.Process().num_fds() == before
    assert not psutil.Process().children()


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


def test_a_build_is_contained_and_sees_the_way_to_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a secret of ours")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    (tmp_path / "build.py").write_text(
        DAEMON + "open('seen', 'w').write(str(dict(os.environ)))\nsys.exit(len(sys.argv) - 1)"
    )
    command = (sys.executable, "build.py")
    made = Port(folder=tmp_path, name="p", language="", run=("true",), build=command)
    build(made)
    assert not living(tmp_path)
    seen = (tmp_path / "seen").read_text()
    assert "a secret of ours" not in seen
    assert "http://proxy.example" in seen


@pytest.mark.slow
def test_a_build_that_takes_too_much_says_how_to_allow_it(tmp_path: Path) -> None:
    command = (sys.executable, "-c", EATING)
    limits = BuildLimits(memory_mib=200)
    made = Port(
        folder=tmp_path, name="p", language="", run=("true",), build=command, build_limits=limits
    )
    with pytest.raises(NotBuilt, match=r"the limit is 200 \(build_limits.memory_mib in port.toml"):
        build(made)


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
