"""Starter kits: each is generated, built and run, and is a right port as far as it goes."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.anatomy.levels import Level
from conformance.baseline.entries import parse_baseline, read_baseline
from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.run_text import show
from ports_adapter.kits import KITS, Refused, write_kit
from ports_adapter.kits.port_name import display_name, package_name
from ports_adapter.manifest import OURS, Port, find_port
from reference.corpus import documents_of
from tests.support.command import conformance
from tests.support.suite import ROOT, printed, run_suite, unwrapped

TUTORIAL = (ROOT / "docs/tutorial/first-port.md").read_text()
USAGE = f"make port LANG={'|'.join(KITS)} DIR=folder"
SHUTDOWN = b'{"jsonrpc":"2.0","id":99,"method":"shutdown","params":{}}'


def answers(port: Port, *lines: bytes) -> list[Any]:
    """What a port answers to lines that a client of ours would never send; then its input ends."""
    run = subprocess.run(
        port.run, cwd=port.folder, input=b"\n".join(lines), capture_output=True, check=True
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("language", KITS)
def test_a_kit_builds_is_green_and_says_what_comes_next(language: str, tmp_path: Path) -> None:
    folder = tmp_path / "my first port"
    written = conformance("port", language, str(folder))
    assert written.returncode == 0, written.stderr
    assert f"make conform PORT='{folder}'" in written.stdout
    methods_file = KITS[language].methods_file
    assert f"$EDITOR '{folder / methods_file}'" in written.stdout
    assert "The next method goes here." in (folder / methods_file).read_text()

    run = conformance("run", str(folder), "--json", str(tmp_path / "report.json"))
    assert run.returncode == ExitCode.PASS, run.stdout + run.stderr
    assert "Next: evaluate, of the level autograd (or linear" in run.stdout
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert report["port"]["name"] == "my first port"
    assert {level["level"]: level["outcome"] for level in report["levels"]} == {
        level: "pass" if level in (Level.PROTOCOL, Level.TOKENIZER) else "not offered"
        for level in Level
        if level is not Level.SGD  # the kits begin with the final program
    }

    leaves_nothing_to_commit_but_sources(folder, written.stdout)
    port = find_port(str(folder))
    says_what_is_wrong_with_a_request(port)
    strips_what_python_strips(port)


def leaves_nothing_to_commit_but_sources(folder: Path, listed: str) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    git("init", "--quiet")
    unignored = git("ls-files", "--others", "--exclude-standard").splitlines()
    lock = {"Cargo.lock"}  # which belongs to the sources of a program
    assert set(unignored) - lock == set(re.findall(r"^  (\S+)$", listed, re.MULTILINE))


def says_what_is_wrong_with_a_request(port: Port) -> None:
    wrong = {
        b"": -32700,
        b'{"jsonrpc":"2.0","id":1': -32700,
        b"[" * 5000: -32700,
        b"[1, 2]": -32600,
        b'{"jsonrpc":"2.0","id":1,"method":7}': -32600,
        b'{"jsonrpc":"2.0","id":1,"method":"constructor"}': -32601,
        b'{"jsonrpc":"2.0","id":1,"method":"tokenize","params":{}}': -32602,
        b'{"jsonrpc":"2.0","id":1,"method":"tokenize","params":{"text":["a"]}}': -32602,
    }
    notification = b'{"jsonrpc":"2.0","method":"tokenize","params":{"text":"a"}}'
    named = b'{"jsonrpc":"2.0","id":"\\ud83e\\udd89 \\"1\\"","method":"shutdown","params":{}}'
    replies = answers(port, *wrong, notification, named, SHUTDOWN)
    assert [reply["error"]["code"] for reply in replies[:-1]] == list(wrong.values())
    assert replies[-1] == {"jsonrpc": "2.0", "id": '🦉 "1"', "result": {}}
    assert answers(port) == []


def strips_what_python_strips(port: Port) -> None:
    white = [chr(code) for code in range(0x3100) if chr(code).isspace()]
    text = "".join(f"{space}{token:x}{space}\n" for token, space in enumerate(white))
    text += "\ufeffbom\ufeff\n\u200bzero width\u200b\n\u180evowel\u180e\nlone\rCR\r\n\x00nul\x00\n"
    text += '"quoted" \\ \x7f\n\U0010ffff\ue000\uffff'
    documents = documents_of(text)
    characters = sorted(set("".join(documents)))
    request = {"jsonrpc": "2.0", "id": 1, "method": "tokenize", "params": {"text": text}}
    for line in (json.dumps(request), json.dumps(request, ensure_ascii=False)):
        [reply] = answers(port, line.encode())
        assert reply["result"]["characters"] == characters
        assert reply["result"]["vocab_size"] == len(characters) + 1
        spelled = ["".join(characters[t] for t in ts[1:-1]) for ts in reply["result"]["tokens"]]
        assert spelled == list(documents)
        assert all(ts[0] == ts[-1] == len(characters) for ts in reply["result"]["tokens"])


@pytest.mark.parametrize("language", KITS)
def test_a_kit_has_its_own_ci_and_baseline_and_no_word_is_left_to_fill_in(
    language: str, tmp_path: Path
) -> None:
    written = write_kit(language, tmp_path / "owl")
    files = {str(path): (tmp_path / "owl" / path).read_text() for path in written.files}
    assert {".gitignore", ".github/workflows/conformance.yml", "README.md", "port.toml"} < set(
        files
    )
    assert files["baseline.toml"].count("\n# [[known]]\n") == 1
    assert read_baseline(tmp_path / "owl/baseline.toml").entries == ()
    example = files["baseline.toml"].partition("\n#\n")[2].replace("# ", "")
    [entry] = parse_baseline(Path("example"), example.encode()).entries
    assert entry.slug == "backward/steep-scores"
    for path, text in files.items():
        assert not re.search("my.port|LANGUAGE|METHODS_FILE|TOOLS", text), path
        assert text.endswith("\n"), path
    for place, source in KITS[language].borrowed.items():
        assert files[place] == (OURS / source).read_text()


def runs_of(workflow: str) -> list[str]:
    """The shell of a workflow: what stands behind each `run:`, on its line or indented below."""
    block = r"^( *)(?:- )?run: (\|\n(?:(?:\1 .*)?\n)+|.+\n)"
    return [found[2].removeprefix("|\n") for found in re.finditer(block, workflow, re.MULTILINE)]


def test_the_workflow_takes_its_inputs_from_the_environment_alone(tmp_path: Path) -> None:
    write_kit("python", tmp_path)
    workflow = (tmp_path / ".github/workflows/conformance.yml").read_text()
    assert "\t" not in workflow
    for line in workflow.splitlines():
        assert (len(line) - len(line.lstrip())) % 2 == 0, line
    runs = runs_of(workflow)
    assert len(runs) == workflow.count("run: ") == 1
    assert not any("${{" in run for run in runs)
    environment = re.findall(r"^  ([A-Z_]+): ", workflow, re.MULTILINE)
    assert set(re.findall(r"\${{ env\.(\w+) }}", workflow)) == set(environment)
    assert "uses: ./suite\n" in workflow


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("js", "full"), "full is not empty; choose a new or empty folder"),
        (("js", "full/a file"), "full/a file is a file"),
        (("js", "full/a file/x"), "cannot be written: Not a directory"),
        (("javascript", "x"), "no kit for 'javascript'; did you mean js? Possible are swift, rust"),
        (("pyhton", "x"), "did you mean python?"),
        (("cobol-85", "x"), f"no kit for 'cobol-85'. Possible are {', '.join(KITS)}."),
        ((), USAGE),
        (("js",), USAGE),
        (("", "x"), USAGE),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a file").write_text("mine")
    places = [str(tmp_path / place) for place in arguments[1:]]
    run = conformance("port", *arguments[:1], *places)
    assert run.returncode == ExitCode.USAGE
    assert message in unwrapped(run.stderr)
    assert len(run.stderr.splitlines()) <= 4
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "a file"]
    assert (tmp_path / "full/a file").read_text() == "mine"


def test_an_empty_folder_and_a_new_repository_can_be_written(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    written = write_kit("Rust", tmp_path)
    assert Path("src/json.rs") in written.files
    with pytest.raises(Refused, match="is not empty"):
        write_kit("rust", tmp_path)


@pytest.mark.parametrize(
    ("folder", "display", "package"),
    [
        ("my-port", "my-port", "my-port"),
        ("my-port-2", "my-port-2", "my-port-2"),
        ("My Port", "My Port", "my-port"),
        ("4 gpt's", "4 gpt s", "port-4-gpt-s"),
        ('say "\\(x)" ${y}\n', "say x y", "say-x-y"),
        ("까치", "까치", "my-port"),
        ("!", "my-port", "my-port"),
    ],
)
def test_a_port_is_named_for_its_folder_without_what_must_be_quoted(
    folder: str, display: str, package: str, tmp_path: Path
) -> None:
    assert (display_name(folder), package_name(folder)) == (display, package)
    written = write_kit("python", tmp_path / folder)
    assert written.name == find_port(str(written.folder)).name == display
    hello = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
    assert answers(find_port(str(written.folder)), hello)[0]["result"]["name"] == display
    cargo = (write_kit("rust", tmp_path / "r" / folder).folder / "Cargo.toml").read_text()
    assert f'\nname = "{package}"\n' in cargo


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip


@pytest.mark.slow
def test_make_tells_a_language_from_a_locale(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    made = make("port", "LANG=c", f"DIR={folder}", LANG="en_US.UTF-8")
    assert made.returncode == 0
    assert made.stderr == ""
    assert (folder / "src/json.h").exists()
    for arguments, locale in [((), "en_US.UTF-8"), ((), "c"), (("LANG=",), "C.UTF-8")]:
        without = make("port", f"DIR={tmp_path / 'q'}", *arguments, LANG=locale)
        assert without.returncode != 0
        assert USAGE in without.stderr
    echo = '--eval=show: ; @echo "<$$LANG>"'
    assert make(echo, "show", "LANG=rust", LANG="C.UTF-8").stdout == "<>\n"
    assert make(echo, "show", LANG="C.UTF-8").stdout == "<C.UTF-8>\n"


@pytest.mark.slow
def test_the_tutorial_shows_what_happens(tmp_path: Path) -> None:
    folder = tmp_path / "my-port"
    written = conformance("port", "python", str(folder))
    assert written.stdout.replace(str(folder), "../my-port") in TUTORIAL

    first = run_suite(str(folder), seed=2026)
    function, line = re.findall(r"^```python\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
    methods = folder / "port/methods.py"
    source = methods.read_text().replace("METHODS: dict", f"{function}\n\nMETHODS: dict")
    methods.write_text(source.replace("    # The next method", f"{line}    # The next method"))
    second = run_suite(str(folder), "layers", seed=2026)
    assert "linear" in second.port.methods
    for report in (first, second):
        assert report.verdict in TUTORIAL
        assert unwrapped(printed(show, report)).rpartition("Next:")[2] in unwrapped(TUTORIAL)
        for level in report.levels:
            asked = f"{level.passed}/{level.asked or level.cases}"
            assert re.search(rf"^{level.level} +{level.outcome} +{asked}", TUTORIAL, re.MULTILINE)
