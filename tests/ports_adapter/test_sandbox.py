"""What a program sees and reaches, with a sandbox and without: real processes."""

import os
import socket
import sys
from pathlib import Path

import pytest

from ports_adapter.building import build
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port
from tests.support.processes import BOTH, DAEMON, NEEDS_SANDBOX, Made, said
from tests.support.suite import ROOT, living

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
