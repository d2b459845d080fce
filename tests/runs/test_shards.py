"""A run that is split: its parts, joined, are the whole run, and no part may be missing."""

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from conformance.cases.request import Request, Shard, Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.reports.destinations import Outputs
from conformance.runs.merging import merged, read_part
from conformance.runs.running import judge_port, run_port
from golden.json_documents import encoded
from ports_adapter.manifest import Port
from tests.support.ports.broken import folder_of, offering, port
from tests.support.suite import MakePort, outcomes, run_suite

ASKED = ("protocol", "tokenizer", "layers", "adam")

FORGETFUL = """
def forgetful(r):
    answer = tokens_of(r["params"]["text"])
    answer["vocab_size"] -= len(answer["characters"]) > 20
    reply(r, answer)
HANDLERS["tokenize"] = forgetful
"""


def parts_of(made: Port, of: int, *patterns: str) -> list[tuple[Path, Report]]:
    """Each part of a run, made by itself, and through its JSON."""
    reports = [
        judge_port(made, Request(made.label, patterns or ASKED, 1, shard=Shard(index, of)))
        for index in range(1, of + 1)
    ]
    return [
        (Path(f"{n}.json"), msgspec.json.decode(encoded(report), type=Report))
        for n, report in enumerate(reports, 1)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("change", ["", FORGETFUL])
def test_joined_parts_are_the_run_as_a_whole(make_port: MakePort, change: str) -> None:
    made = make_port(port(change))
    whole, joined = run_suite(made, *ASKED), merged(parts_of(made, 3))
    assert outcomes(joined) == outcomes(whole)
    assert joined.verdict == whole.verdict
    assert joined.exit_code == whole.exit_code
    assert joined.first_divergence == whole.first_divergence
    assert [level.passed for level in joined.levels] == [level.passed for level in whole.levels]
    assert joined.grade == whole.grade
    assert joined.part is None


@pytest.mark.slow
def test_no_case_is_in_two_parts_and_none_in_no_part(make_port: MakePort) -> None:
    parts = parts_of(make_port(port("")), 4)
    slugs = [case.slug for _, report in parts for case in report.cases]
    whole = parts[0][1].part
    assert whole is not None
    assert sorted(slugs) == sorted(whole.slugs)


def test_a_part_with_nothing_to_verify_leaves_the_verdict_to_the_whole(
    make_port: MakePort,
) -> None:
    parts = parts_of(make_port(offering("methods=[]")), 2)
    assert [report.exit_code for _, report in parts] == [ExitCode.PASS, ExitCode.PASS]
    assert merged(parts).exit_code is ExitCode.NOTHING_VERIFIED


@pytest.mark.slow
def test_parts_that_do_not_make_a_whole_are_refused(make_port: MakePort) -> None:
    made = make_port(port(""))
    parts = parts_of(made, 3, "tokenizer")
    others = parts_of(made, 2, "tokenizer")
    (one, first), (two, second), three = parts
    cut = structs.replace(second, cases=second.cases[:-1])
    for given, why in (
        (parts[:2], "of 3 parts these are missing: 3"),
        ([parts[0], parts[0], *parts[1:]], "are both part 1"),
        ([parts[0], others[1]], "were split in different ways"),
        ([(one, structs.replace(first, seed=2)), (two, second), three], "differ in seed"),
        ([(one, structs.replace(first, edition=9)), (two, second), three], "differ in edition"),
        ([(one, first), (two, cut), three], "2.json does not have the cases of its part"),
    ):
        with pytest.raises(Unusable, match=why) as refused:
            merged(given)
        assert refused.value.exit_code is ExitCode.USAGE


def test_parts_of_two_ports_are_refused(make_port: MakePort) -> None:
    parts = parts_of(make_port(port("")), 2, "tokenizer")
    (_, first), last = parts
    other = structs.replace(first, port=structs.replace(first.port, name="another"))
    with pytest.raises(Unusable, match="differ in port"):
        merged([(Path("1.json"), other), last])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not a report of this suite"),
        (b"{}", "is not a report of this suite: Object missing required field"),
        (b"\xff", "is not a report of this suite"),
        (b"[" * 100_000, "is not a report of this suite"),
    ],
)
def test_a_file_that_is_no_part_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "part.json"
    path.write_bytes(content)
    with pytest.raises(Unusable, match=why):
        read_part(path)
    with pytest.raises(Unusable, match=r"none\.json cannot be read"):
        read_part(tmp_path / "none.json")


def test_the_report_of_a_whole_run_is_no_part(make_port: MakePort, tmp_path: Path) -> None:
    report = run_suite(make_port(port("")), "tokenizer/words")
    path = tmp_path / "whole.json"
    path.write_bytes(encoded(report))
    with pytest.raises(Unusable, match="is the report of a whole run"):
        read_part(path)


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1/0", "1", "a/b", "1/1001", "-1/3", "1/3 "])
def test_a_shard_is_written_as_part_of_parts(text: str) -> None:
    with pytest.raises(ValueError, match="a shard is I/N"):
        Shard.parse(text)


def test_a_part_that_is_written_as_json_is_read_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "part.json"
    request = Request(str(folder_of(tmp_path / "port")), ("tokenizer",), 1, shard=Shard(2, 3))
    assert run_port(request, Outputs(json=path)) is ExitCode.PASS
    assert "part 2 of 3" in capsys.readouterr().out
    part = read_part(path).part
    assert part is not None
    assert (part.index, part.of) == (2, 3)
