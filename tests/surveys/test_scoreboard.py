"""The scoreboard: many ports side by side, none of which can hide the others."""

import json
import signal
from pathlib import Path

import pytest

from conformance.judging.outcome import ExitCode
from conformance.surveys.scoreboard.board import Ending
from conformance.surveys.scoreboard.history import read_history
from conformance.surveys.scoreboard.rows import REPORT, row_of
from conformance.surveys.scoreboard.survey import place_of
from conformance.surveys.scoreboard.worker_processes import Ended, How, Job
from golden.json_documents import encoded
from tests.support.command import conformance
from tests.support.ports.broken import MANIFEST, folder_of, wrong_linear
from tests.support.scoreboards import CASES, TWO, Completed, Make, is_gone, rows_of
from tests.support.suite import ROOT, run_suite, unwrapped

HUGE = """
dumps = json.dumps
json.dumps = lambda message: dumps(message, ensure_ascii=False)
names = ["tokenize", "linear", *["\N{GRINNING FACE}" * 100] * 90_000]
HANDLERS["initialize"] = lambda r: introduce(r, methods=names)
"""
ORPHANS = """
def leave(r):
    child = [sys.executable, "-c", "import time; time.sleep(60)"]
    left = subprocess.Popen(child, start_new_session=True)
    open("pid", "w").write(str(left.pid))
    reply(r, linear(r["params"]))
HANDLERS["linear"] = leave
"""
HOSTILE = "a\x1b[31m<b>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ports")


@pytest.fixture(scope="module")
def passed(folder: Path) -> Completed:
    """A board of a port with a hostile name, which is named twice, and of one with orphans."""
    hostile, leaves = folder_of(folder / HOSTILE), folder_of(folder / "leaves", ORPHANS)
    return conformance("scoreboard", hostile, leaves, hostile, *TWO)


@pytest.mark.slow
def test_ports_that_pass_make_a_board_that_passes_and_each_is_run_once(passed: Completed) -> None:
    assert passed.returncode == ExitCode.PASS
    assert "PASS: 2 of 2 ports pass. Seed 1." in passed.stdout
    progress = [line[:5] for line in passed.stderr.splitlines() if line.startswith("[")]
    assert sorted(progress) == ["[1/2]", "[2/2]"]


@pytest.mark.slow
def test_a_hostile_name_is_text(passed: Completed) -> None:
    assert "\x1b" not in passed.stdout + passed.stderr
    assert "a\\x1b[31m<b>" in passed.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("passed")
def test_what_a_port_leaves_running_is_ended(folder: Path) -> None:
    assert is_gone(folder / "leaves")


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_a_broken_port_never_hides_the_others(make: Make, tmp_path: Path) -> None:
    ports = [
        make("huge", HUGE),
        make("unbuildable", "", MANIFEST + 'build = ["sh", "-c", "echo oh no; exit 3"]'),
        make("garbled", "", "name = "),
        make("crash", "HANDLERS['linear'] = lambda r: sys.exit(2)"),
        make("wrong", wrong_linear()),
        tmp_path / ("long" * 200),
        make("honest"),
    ]
    run = conformance("scoreboard", *TWO, "--json", "-", "--", *ports, "--help")
    assert run.returncode == ExitCode.FAIL
    rows = rows_of(run)
    assert len(rows) == len(ports) + 1
    assert next(iter(rows)) == "honest"
    assert rows["honest"]["ending"] == "pass"
    assert (rows["honest"]["passed"], rows["honest"]["asked"]) == (2, 2)
    assert rows["wrong"]["ending"] == "fail"
    assert rows["wrong"]["levels"][1]["outcome"] == "mismatch"
    assert rows["wrong"]["first_divergence"] == "layers/linear-square"
    assert rows["crash"]["levels"][1]["outcome"] == "crash"
    for name, ending, why in (
        ("huge", "no report", "its report is too large"),
        ("unbuildable", "unusable", "the build ended with 3"),
        ("garbled", "unusable", "is not TOML"),
        ("--help", "unusable", "there is no folder '--help'"),
    ):
        assert rows[name]["ending"] == ending, rows[name]
        assert why in rows[name]["why"], rows[name]
    assert "oh no" in "".join(rows["unbuildable"]["log"])


def test_a_report_of_the_ports_own_making_is_not_believed(make: Make, tmp_path: Path) -> None:
    report = run_suite(str(make("honest")), "tokenizer/words", "layers/linear-square")
    assert report.exit_code is ExitCode.PASS
    (tmp_path / REPORT).write_bytes(encoded(report))
    job = Job("forger", (), "", tmp_path)
    job.log.write_text("")
    row = row_of(Ended(job, How.BY_ITSELF, -signal.SIGKILL, 1.0), 60.0)
    assert row.ending is Ending.NO_REPORT
    assert row.why.startswith("its report says 0, but its run was ended by SIGKILL")


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_a_program_that_is_run_as_it_is_has_a_row_of_its_own(make: Make) -> None:
    manifest = 'name = "q"\nlanguage = "C"\nkind = "program"\nrun = ["false"]\n'
    folder = make("program", "", manifest)
    row = rows_of(conformance("scoreboard", folder, "--no-speed", "--json", "-"))["program"]
    assert (row["kind"], row["ending"], row["passed"]) == ("program", "fail", 0)
    assert row["levels"] == []
    assert "crash" in row["log"][0]


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_variants_in_one_folder_are_never_built_at_once(make: Make) -> None:
    build = 'build = ["sh", "-c", "mkdir lock && sleep 1 && rmdir lock"]\n'
    folder = make("twins", "", MANIFEST + build + '[variants.other]\nname = "o"')
    run = conformance("scoreboard", folder, f"{folder}:other", "--jobs", "2", "--json", "-", *TWO)
    assert [row["ending"] for row in rows_of(run).values()] == ["pass", "pass"]


def test_the_folder_of_a_port_is_that_of_its_variants() -> None:
    places = {place_of(p) for p in ("rust", "rust:float32", "ports_adapter/rust/port.toml")}
    assert places == {str(ROOT / "ports_adapter" / "rust")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--case", "bakward/fresh-1"), "near are backward/fresh-1"),
        (("--profile", "train9"), "train9"),
        (("--jobs", "0"), "--jobs"),
        (("--timeout", "0"), "--timeout"),
        (("--history", "tests"), "is a directory"),
    ],
)
def test_a_wrong_command_line_is_refused_before_any_port_is_run(
    arguments: tuple[str, ...], message: str
) -> None:
    run = conformance("scoreboard", "js", *arguments)
    assert run.returncode == ExitCode.USAGE
    assert message in unwrapped(run.stderr)
    assert "[1/1]" not in run.stderr


@pytest.mark.needs("cargo")
@pytest.mark.slow
def test_speeds_are_measured_beside_the_reference_and_what_cannot_train_says_so(
    make: Make,
) -> None:
    run = conformance("scoreboard", "rust", make("small"), *CASES, "--json", "-")
    rows = rows_of(run)
    assert json.loads(run.stdout)["reference_step"] > 0
    assert rows["rust"]["training"]["ratio"] > 1
    assert rows["rust"]["training"]["step"] > 0
    assert rows["small"]["training"]["why"] == "it does not offer train"


@pytest.mark.slow
def test_the_history_grows_by_a_record_for_each_port(make: Make, tmp_path: Path) -> None:
    folder, history = make("one"), tmp_path / "h.jsonl"
    conformance("scoreboard", folder, *TWO, "--history", history)
    folder_of(folder, wrong_linear())
    run = conformance("scoreboard", folder, *TWO, "--history", history, "--json", "-")
    first, second = read_history(history)
    assert (first.ending, second.ending) == ("pass", "fail")
    assert first.patterns == ["tokenizer/words", "layers/linear-square"]
    row = rows_of(run)["one"]
    assert row["change"] == "was 2/2, is 1/2: layers newly fails"
    assert [point["passed"] for point in row["history"]] == [2, 1]
