"""A mistake in a traced program is found in the step and the stage that make it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.runs.tracing import judged_trace_file
from reference.profiles import MICROGPT
from tests.support.command import run
from tests.support.traces import Records, Writer, judged, outcomes, usual, written

NAMES = list(MICROGPT.config.shapes(27))

WRONG = {
    "a logit": (1, "logits", [0, 3], "forward/trace-logits", "/steps/0/logits/0/3"),
    "the loss of a position": (1, "losses", [2], "forward/trace-loss", "/steps/0/losses/2"),
    "a gradient": (3, "grads", [500], "backward/trace-grads", "/steps/1/grads/wpe/4/4"),
    "a first moment": (2, "m", [700], "adam/trace-update", "/steps/0/m/lm_head/0/12"),
    "a second moment": (4, "v", [0], "adam/trace-update", "/steps/1/v/wte/0/0"),
}


def refusal(path: Path) -> str:
    """Why a trace cannot be judged."""
    with pytest.raises(Unusable) as refused:
        judged_trace_file(path)
    assert refused.value.exit_code is ExitCode.USAGE
    return str(refused.value)


def changed(records: Records, line: int, field: str, index: list[int]) -> Records:
    """The records with one number a millionth larger, or no longer 0."""
    inside = records[line][field]
    for place in index[:-1]:
        inside = inside[place]
    inside[index[-1]] = inside[index[-1]] * (1 + 1e-6) + 1e-12
    return records


@pytest.mark.parametrize(("line", "field", "index", "slug", "place"), WRONG.values(), ids=WRONG)
def test_one_wrong_number_is_found_in_its_place(
    line: int, field: str, index: list[int], slug: str, place: str, tmp_path: Path
) -> None:
    report = judged(tmp_path, changed(usual(), line, field, index))
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence == slug
    found = next(case for case in report.cases if case.slug == slug)
    assert found.differences[0].pointer == place
    assert "of 2 steps wrong" in found.detail


def test_a_wrong_weight_fails_its_update_and_the_next_step_goes_on_from_it(tmp_path: Path) -> None:
    report = judged(tmp_path, changed(usual(), 2, "weights", [0]))
    failed = [slug for slug, outcome in outcomes(report).items() if outcome == "mismatch"]
    # The second step was computed from the right weights, and the trace says other ones.
    assert failed[0] in ("forward/trace-logits", "adam/trace-update")
    assert "adam/trace-update" in failed


def test_a_number_that_is_not_finite_is_wrong_and_no_reason_to_stop(tmp_path: Path) -> None:
    records = usual()
    records[0]["order"] = NAMES
    records[1]["loss"] = float("nan")
    report = judged(tmp_path, records)
    assert report.first_divergence == "forward/trace-loss"
    assert outcomes(report)["backward/trace-grads"] == "pass"
    path = written(tmp_path, records)
    path.write_text(path.read_text().replace("NaN", "-nan(ind)"))
    assert judged_trace_file(path)[0].first_divergence == "forward/trace-loss"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"n_head": 3}, "n_head 3 does not divide n_embd 16"),
        ({"n_embd": 32}, "weights; the sizes stated make it"),
        ({"vocab": "abc"}, "weights; the sizes stated make it"),
        ({"order": ["wte", "banana"]}, "at /order: 'banana' is not recognized"),
        ({"weights": [0.5, 0.25]}, "there are 2 weights; the sizes stated make it"),
        ({"weights": {"wte": [[1.0], [2.0, 3.0]]}}, "at /weights/wte: rows of 1 and of 2 numbers"),
        ({"n_layer": 0}, "at /n_layer: Expected `int` >= 1"),
    ],
)
def test_a_first_record_that_cannot_be_is_refused(
    head: dict[str, object], words: str, tmp_path: Path
) -> None:
    assert words in refusal(written(tmp_path, [usual()[0] | head, *usual()[1:]]))


def test_a_wrong_number_of_heads_is_told_by_the_first_loss(tmp_path: Path) -> None:
    report = judged(tmp_path, [usual()[0] | {"n_head": 2, "order": NAMES}, *usual()[1:]])
    assert report.exit_code is ExitCode.FAIL
    assert report.trace is not None
    assert "the first loss is that of 4 heads" in " ".join(report.trace.notes)


LINES = {
    "no object": ("[1]", "line 2: a record is an object"),
    "no kind": ('{"loss": 3}', 'line 2: a record has one of the fields "trace" or "step"'),
    "cut off": ('{"step": 0, "loss"', "line 2 is not JSON: it breaks off"),
    "trailing comma": (
        '{"step": 0, "grads": [1,]}\n',
        "line 2 is not JSON: there is a comma before",
    ),
    "single quotes": ("{'step': 0}\n", 'line 2 is not JSON: strings and names are quoted with "'),
    "a field twice": (
        '{"step": 0, "loss": 1, "loss": 2}\n',
        "line 2: the field 'loss' is there twice",
    ),
    "a part twice": ('{"step": 0, "loss": 1}\n{"step": 0, "loss": 1}\n', "step 0 has loss already"),
    "back": ('{"step": 5, "loss": 1}\n{"step": 4, "loss": 1}\n', "step 4 comes after step 5"),
    "a number as text": ('{"step": 0, "loss": "3.1"}\n', "at /loss: '3.1' is not a number"),
    "ragged": ('{"step": 0, "tokens": [0, 1], "logits": [[1], [1, 2]]}\n', "rows of 1 and of 2"),
    "other shape": ('{"step": 0, "tokens": [0, 1], "losses": [1, 2]}\n', "expected the shape [1]"),
    "a token too large": ('{"step": 0, "tokens": [0, 999]}\n', "there is a token 999"),
    "short gradients": (
        '{"step": 0, "tokens": [0, 1], "grads": [1, 2]}\n',
        "2 numbers in place of",
    ),
    "two heads": ('{"trace": 1}\n', "line 2: the record of a trace is the first one"),
}


@pytest.mark.parametrize(("line", "words"), LINES.values(), ids=LINES)
def test_a_bad_line_gets_one_message_with_its_number(line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps(usual()[0]) + "\n" + line)
    assert words in refusal(path)


def test_an_unknown_order_of_several_layers_is_asked_about_and_no_failure(tmp_path: Path) -> None:
    two = replace(MICROGPT.config, n_layer=2, n_embd=8, n_head=2, block_size=8)
    order = sorted(two.shapes(27), key=lambda name: name[::-1])
    records = Writer(config=two, order=order).records()
    assert 'state the program\'s order, "order":' in refusal(written(tmp_path, records))
    stated = [records[0] | {"order": order}, *records[1:]]
    assert judged(tmp_path, stated).exit_code is ExitCode.PASS


def test_bytes_taken_for_characters_are_told_so(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b'{"trace": 1, "vocab": "\xc3"}\n')
    assert "byte 24 is 0xc3, which is not UTF-8; does the program take bytes" in refusal(path)


def test_the_command_refuses_a_bad_trace_in_one_message(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps(usual()[0]) + "\n" + LINES["trailing comma"][0])
    done = run("conformance", "trace", path)
    assert done.returncode == ExitCode.USAGE
    assert "line 2 is not JSON: there is a comma" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_setting_of_the_first_record_alone_is_told_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match='state "schedule" in the first record of the trace'):
        judged_trace_file(written(tmp_path, usual()), ["schedule=cosine"])


@pytest.mark.parametrize("kept", [0, 1], ids=["no weights", "the first record alone"])
def test_what_shows_nothing_verifies_nothing(kept: int, tmp_path: Path) -> None:
    records = Writer(without=("weights",)).records() if not kept else usual()[:1]
    report = judged(tmp_path, records)
    assert report.exit_code is ExitCode.NOTHING_VERIFIED
    assert report.trace is not None
    assert report.trace.not_shown[0].part == ("weights before" if not kept else "tokens")


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        (1, "grads", "All gradients of step 0 are 0."),
        (2, "m", "All moments of step 0 are 0."),
        (2, "weights", "The weights after step 0 are those before it."),
    ],
)
def test_a_part_that_was_written_at_the_wrong_moment_is_told_so(
    line: int, field: str, words: str, tmp_path: Path
) -> None:
    records = usual()
    zeros = [0.0] * len(records[0]["weights"])
    records[line][field] = records[0]["weights"] if field == "weights" else zeros
    report = judged(tmp_path, records)
    assert report.exit_code is ExitCode.FAIL
    assert report.trace is not None
    assert words in " ".join(report.trace.notes)


@pytest.mark.slow
@pytest.mark.parametrize("without", [(), ("m", "v")])
def test_other_hyperparameters_are_a_failure_that_says_how_to_state_them(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    config = replace(MICROGPT.config, learning_rate=0.003, beta1=0.9, beta2=0.999)
    records = Writer(config=config, without=without).records()
    report = judged(tmp_path, records)
    assert outcomes(report)["adam/trace-update"] == "mismatch"
    assert report.trace is not None
    notes = " ".join(report.trace.notes)
    assert '"learning_rate": 0.003' in notes
    assert ('"beta1": 0.9, "beta2": 0.999' in notes) == (not without)
    stated = {"learning_rate": 0.003, "beta1": 0.9, "beta2": 0.999}
    assert judged(tmp_path, [records[0] | stated, *records[1:]]).exit_code is ExitCode.PASS


def test_the_number_of_tokens_is_that_of_the_special_token(tmp_path: Path) -> None:
    config = replace(MICROGPT.config, block_size=8)
    sizes = ("n_layer", "n_embd", "block_size", "vocab")
    report = judged(tmp_path, Writer(config=config, without=sizes).records())
    assert report.exit_code is ExitCode.PASS
    assert report.trace is not None
    assert "block_size 8, 27 tokens" in " ".join(report.trace.notes)


def test_errors_as_small_as_those_of_single_precision_are_told_so(tmp_path: Path) -> None:
    records = usual()
    records[1]["losses"][0] *= 1.001
    report = judged(tmp_path, records)
    assert report.trace is not None
    assert "as those of single precision" not in " ".join(report.trace.notes)
    records = usual()
    records[1]["losses"][0] *= 1 + 1e-8
    report = judged(tmp_path, records)
    assert report.exit_code is ExitCode.FAIL
    assert report.trace is not None
    assert 'state "precision": "float32"' in " ".join(report.trace.notes)
    assert judged(tmp_path, [records[0] | {"precision": "float32"}, *records[1:]]).exit_code is (
        ExitCode.PASS
    )
