"""Layouts: a port that keeps its weights otherwise is asked, and answers, in its own way."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from conformance.asking import layout_search
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.failures import BadManifest, WrongAnswer
from ports_adapter.layout import EXAMPLE, OF_A_LAYER, OF_THE_MODEL, BadRule, Layout, Rule, check
from ports_adapter.manifest import Port, read_manifest
from ports_adapter.port_toml import FILE
from tests.support.ports.arranged_port import WAYS
from tests.support.suite import ROOT, oracle_port, outcomes, run_suite

LAYOUTS = {
    way: Layout(rules).toml()
    for way, rules in {
        "transposed": [Rule(name, "o i -> i o") for name in ("lm_head", *OF_A_LAYER)],
        "per-head": [
            *(
                Rule(f"layer{{l}}.attn_w{part}", "(h d) i -> h i d", f"blocks.{{l}}.{part}")
                for part in "qkv"
            ),
            Rule("layer{l}.attn_wo", "o (h d) -> h o d", "blocks.{l}.out{h}"),
        ],
        "fused": [
            Rule(
                [f"layer{{l}}.attn_w{part}" for part in "qkv"],
                "part o i -> i (part o)",
                "h{l}.c_attn",
            )
        ],
        "flat": [Rule([*OF_THE_MODEL, *OF_A_LAYER], "*", "theta")],
    }.items()
}


def arranged_port(folder: Path, way: str, layout: str) -> Port:
    """The canonical program behind a layout of its own, with a manifest that declares one."""
    command = [sys.executable, "-m", "tests.support.ports.arranged_port", way, "--tape"]
    (folder / FILE).write_text(
        f'name = "{way}"\nlanguage = "Python"\nrun = {command}\ntimeouts.start = 60\n{layout}'
    )
    # A sandbox could not read the tapes and kernels that are kept.
    found = read_manifest(folder / FILE)
    return structs.replace(found, folder=ROOT, sandbox=Sandbox.NEVER)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("way", WAYS)
def test_a_port_with_its_own_layout_passes_when_it_declares_it(tmp_path: Path, way: str) -> None:
    report = run_suite(
        arranged_port(tmp_path, way, LAYOUTS[way]),
        "forward/cold-step-1", "backward/cold-step-1", "adam/fresh", "train/recorded-in-full",
    )  # fmt: skip
    assert report.exit_code == 0, outcomes(report)
    assert outcomes(report)["train/recorded-in-full"] == "pass"


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("way", WAYS)
def test_it_fails_when_it_does_not(tmp_path: Path, way: str) -> None:
    report = run_suite(
        arranged_port(tmp_path, way, ""), "forward/cold-step-1", "backward/cold-step-1"
    )
    assert {str(case.outcome) for case in report.cases} <= {"mismatch", "crash", "error"}


def declared(way: str, right: str, wrong: str) -> tuple[str, str]:
    """A layout with a mistake in it."""
    assert right in LAYOUTS[way]
    return way, LAYOUTS[way].replace(right, wrong)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("way", "wrong", "missing"),
    [
        ("transposed", "", 'ours = "layer{l}.mlp_fc1"\npattern = "o i -> i o"'),
        (*declared("per-head", "h i d", "h d i"), 'pattern = "(h d) i -> h i d"'),
        (*declared("fused", "i (part o)", "(part o) i"), 'pattern = "p o i -> i (p o)"'),
        (*declared("flat", '"wte","wpe","lm_head"', '"lm_head","wte","wpe"'), '["wte","wpe",'),
    ],
)  # fmt: skip
def test_a_wrong_layout_is_recognised_and_the_right_lines_are_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, wrong: str, missing: str
) -> None:
    monkeypatch.setattr(layout_search, "SECONDS", 200.0)
    report = run_suite(arranged_port(tmp_path, way, wrong), "forward/cold-step-1", "forward/zero-*")
    assert report.exit_code == 1
    assert missing in report.layout
    (tmp_path / "mended").mkdir()
    mended = run_suite(
        arranged_port(tmp_path / "mended", way, report.layout), "forward/cold-step-1"
    )
    assert mended.exit_code == 0


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([Rule("wte", port="wpe")], "layout rule 1: the port would have two tensors called wpe"),
        ([Rule("wte", port="e"), Rule("wpe", port="e")], "rule 2: .* two tensors called e"),
        ([Rule("wte", port="\x1b[2J")], "port and pattern must be printable"),
        ([Rule("wte", "v e -> e v\x07")], "port and pattern must be printable"),
    ],
)
def test_a_layout_in_which_names_do_not_tell_tensors_apart_is_refused(
    rules: list[Rule], message: str
) -> None:
    with pytest.raises(BadRule, match=message):
        check(rules)


def test_tensors_may_change_names_with_each_other() -> None:
    check([Rule("wte", port="wpe"), Rule("wpe", port="wte")])


def test_a_suggested_layout_is_toml_whatever_a_tensor_is_called() -> None:
    rule = Rule("wte", port='the "embeddings" \\ é', pattern="v e -> e v")
    (written,) = tomllib.loads(Layout([rule]).toml())["layout"]
    assert (written["port"], written["pattern"]) == (rule.port, rule.pattern)


def test_lists_in_lists_without_end_are_no_tensor() -> None:
    nested: Any = 1.0
    for _ in range(700):
        nested = [nested]
    arrangement = Layout([Rule("wte", "v e -> e v")]).arrangement(EXAMPLE, n_head=2)
    with pytest.raises(WrongAnswer, match="got ragged lists"):
        arrangement.to_ours(arrangement.to_port(example(0)) | {"wte": nested}, "/weights")


@pytest.mark.slow
def test_no_layout_is_suggested_for_a_port_that_computes_wrongly() -> None:
    report = run_suite(oracle_port("attention-scale-missing"), "forward/warm*", "forward/fresh-1")
    assert (report.exit_code, report.layout) == (1, "")


def example(seed: float) -> dict[str, Any]:
    return {
        name: [[seed + 7.5 * row + column for column in range(columns)] for row in range(rows)]
        for name, (rows, columns) in EXAMPLE.items()
    }


RULES = st.sampled_from(
    [
        [Rule("wte", "v e -> e v")],
        [Rule("layer{l}.attn_wq", "(h d) i -> h d i")],
        [Rule("layer{l}.attn_wq", "(h d) i -> (d h) i"), Rule("wpe", port="positions")],
        [Rule("layer{l}.attn_wo", "o (h d) -> h d o", "out.{l}.{h}")],
        [Rule(["layer{l}.mlp_fc1", "layer{l}.attn_wq"], "* i", "stack{l}")],
        [Rule(["wpe", "wte", "layer{l}.mlp_fc2"], "*", "vector")],
        [Rule(["layer{l}.attn_wq", "layer{l}.attn_wv"], "p o i -> o p i", "pairs{l}")],
    ]
)


@given(RULES, st.floats(-1e3, 1e3))
def test_what_a_layout_arranges_it_arranges_back(rules: list[Rule], seed: float) -> None:
    arrangement = Layout(rules).arrangement(EXAMPLE, n_head=2)
    ours = example(seed)
    port = arrangement.to_port(ours)
    assert port != ours
    assert arrangement.to_ours(port, "/grads") == ours


def test_a_tensor_of_another_shape_or_name_is_said_to_be_wrong() -> None:
    rule = Rule("layer{l}.attn_wq", "(h d) i -> h d i", "q{l}")
    arrangement = Layout([rule]).arrangement(EXAMPLE, n_head=2)
    port = arrangement.to_port(example(0.0))
    with pytest.raises(WrongAnswer, match=r"/grads/q0 is missing; the layout in port.toml has it"):
        arrangement.to_ours({k: t for k, t in port.items() if k != "q0"}, "/grads")
    with pytest.raises(WrongAnswer, match=r"/grads/q1 must have shape \[2, 2, 4\].* got \[4, 4\]"):
        arrangement.to_ours(port | {"q1": port["layer0.attn_wk"]}, "/grads")
    with pytest.raises(WrongAnswer, match=r"q1 must have shape .* got ragged lists"):
        arrangement.to_ours(port | {"q1": [[[1.0], [1.0, 2.0]]]}, "/grads")


MINIMAL = 'name = "p"\nlanguage = "C"\nrun = ["./p"]\n'


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('ours = "wtee"', "layout rule 1: there is no 'wtee'; possible are wte, wpe"),
        ('ours = "wte"\npattern = "a b c -> a"', "layout rule 1: .*a b c -> a"),
        ('ours = "wte"\npattern = "a b -> a"', "layout rule 1: "),
        ('ours = ["wte", "wpe"]', "several tensors need the keys port and pattern"),
        ('ours = "wte"\nport = "e{l}"', r"e\{l\} has \{l\}, so all of \['wte'\] need it"),
        ('ours = "wte"\n[[layout]]\nours = "wte"', "layout rule 2: wte is in two rules"),
        ('ours = []\nport = "x"', "ours is empty"),
        ('ours = "fc1"\nport = "x"', "fc1 of a method can be rearranged, not renamed"),
        ('our = "wte"', "object missing|lacks the required field `ours`|unknown field `our`"),
        ("ours = 3", "got `int` - at key `layout"),
    ],
)
def test_a_wrong_layout_says_which_rule_is_wrong_and_why(
    tmp_path: Path, rule: str, message: str
) -> None:
    (tmp_path / FILE).write_text(MINIMAL + "[[layout]]\n" + rule)
    with pytest.raises(BadManifest, match=message):
        read_manifest(tmp_path / FILE)


def test_a_layout_is_written_as_it_is_read(tmp_path: Path) -> None:
    rules = (Rule("wte", "v e -> e v"), Rule(["wpe", "lm_head"], "* i", "t"))
    (tmp_path / FILE).write_text(MINIMAL + Layout(rules).toml())
    assert tuple(read_manifest(tmp_path / FILE).layout.rules) == rules


def test_the_layouts_on_the_page_about_ports_are_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs/reference/manifest.md").read_text()
    examples = re.findall(r"^```toml\n(\[\[layout.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        (tmp_path / FILE).write_text(MINIMAL + example)
        assert read_manifest(tmp_path / FILE).layout.rules
