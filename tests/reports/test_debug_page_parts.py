"""What the debug page is made of: the flow's states, the maps' data, the transcript."""

import pytest
from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.explanation.diagnosis import ErrorMap
from conformance.judging.outcome import Outcome
from conformance.reports.page.flow import OUTSIDE, State, edges, flow_of
from conformance.reports.page.heat_maps import start_of, tensor_maps
from conformance.reports.page.visible_text import TRANSCRIPT_KEPT, shortened
from tests.support import diagnoses


def test_what_is_downstream_is_tainted() -> None:
    flow = flow_of(diagnoses.failed_story())
    assert flow.inside["layer0.attn_scores", "backward"] is State.FIRST
    tainted = {node for node, state in flow.inside.items() if state is State.TAINTED}
    names = ("layer0.q", "layer0.k", "layer0.attn_norm", "input_norm", "embedding")
    assert tainted == {(name, "backward") for name in names}
    assert all(flow.inside[name, "forward"] is State.RIGHT for name in names)
    assert flow.around == dict(
        zip(
            OUTSIDE,
            [*[State.RIGHT] * 4, State.TAINTED, State.UNASKED, State.TAINTED],
            strict=True,
        )
    )


def test_every_value_goes_somewhere() -> None:
    sources = {source for source, _ in edges(3)}
    targets = {target for _, target in edges(3)}
    assert targets - sources == {"loss"}
    assert sources - targets == {"embedding"}
    assert len(sources | targets) == 2 + 3 * 14 + 2


def test_a_long_transcript_is_cut() -> None:
    lines, left_out = shortened(["y" * 5000] * 1000)
    assert lines[0].endswith("… (5,000 characters)")
    assert sum(map(len, lines)) <= TRANSCRIPT_KEPT
    assert len(lines) + left_out == 1000


@pytest.mark.parametrize(
    ("shape", "drawn"), [([], (1, 1)), ([8], (1, 8)), ([432], (14, 32)), ([5, 4, 3], (20, 3))]
)
def test_tensors_of_any_rank_are_drawn_in_rows(shape: list[int], drawn: tuple[int, int]) -> None:
    values = [0.0]
    for size in shape:
        values *= size
    made = ErrorMap("a", "/b", None, shape, [*values], [*values], [*values])
    (tensor,) = tensor_maps([made])
    assert (tensor.steps[0].rows, tensor.steps[0].columns) == drawn


def test_steps_of_a_tensor_are_one_map() -> None:
    maps = [diagnoses.error_map(f"/steps/{n}/m/wte", (2, 2), n, step=n) for n in (3, 1)]
    (tensor,) = tensor_maps(maps)
    assert tensor.name == "/m/wte"
    assert [grid.step for grid in tensor.steps] == [2, 4]


def test_steps_that_are_cases_of_their_own_are_one_map() -> None:
    one = diagnoses.error_map("/logits", (2, 2), 1)
    made = [
        structs.replace(one, case=f"backward/{name}", step=step)
        for name, step in [("warm-step-453", 452), ("cold-step-1", 0), ("fresh", None)]
    ]
    several, alone = tensor_maps(made)
    assert [(grid.case, grid.step) for grid in several.steps] == [
        ("backward/cold-step-1", 1),
        ("backward/warm-step-453", 453),
    ]
    assert (several.group, alone.group) == ("backward, step by step", "backward/fresh")


def test_an_operation_that_is_wrong_by_itself_is_marked_where_it_occurs() -> None:
    diagnosis = diagnoses.failed_story()
    assert diagnosis.divergence
    place = structs.replace(diagnosis.divergence.place, direction="forward", node="", layer=None)
    divergence = structs.replace(diagnosis.divergence, case="layers/a", place=place)
    wrong = diagnoses.report_of({Level.LAYERS: Outcome.MISMATCH, Level.FORWARD: Outcome.MISMATCH})
    for method, differs, first in [
        ("rmsnorm", "mlp_norm", ["input_norm", "layer0.attn_norm", "layer0.mlp_norm"]),
        ("attention", "attn_weights", ["layer0.attn_weights"]),
    ]:
        layer, forward = wrong.cases
        layer = structs.replace(layer, slug="layers/a", method=method)
        pointer = f"/intermediates/layer3.{differs}/0"
        difference = structs.replace(forward.differences[0], pointer=pointer)
        cases = [layer, structs.replace(forward, differences=[difference])]
        report = structs.replace(wrong, cases=cases)
        flow = flow_of(structs.replace(diagnosis, report=report, divergence=divergence, maps=[]))
        assert flow.named(State.FIRST) == first
        assert flow.n_layer == 1


def test_a_wrong_update_is_adams() -> None:
    diagnosis = diagnoses.failed_story()
    assert diagnosis.divergence
    place = structs.replace(diagnosis.divergence.place, direction="update", node="layer0.q")
    divergence = structs.replace(diagnosis.divergence, case="train/cold-start", place=place)
    flow = flow_of(structs.replace(diagnosis, divergence=divergence))
    assert flow.named(State.FIRST) == ["train"]
    report = diagnoses.report_of({Level.TRAIN: Outcome.MISMATCH})
    flow = flow_of(structs.replace(diagnosis, divergence=divergence, report=report))
    assert flow.named(State.FIRST) == ["adam"]


def test_the_map_to_begin_with_is_where_the_first_wrong_number_is() -> None:
    maps = tensor_maps(diagnoses.failed_story().maps)
    first = diagnoses.SLUGS[Level.BACKWARD]
    assert start_of(maps, first, diagnoses.WRONG_AT) == (2, 0)
    assert start_of(maps, diagnoses.SLUGS[Level.TRAIN], "/steps/2/weights/lm_head/0/0") == (4, 2)
    assert start_of(maps, "another", "/logits") == (0, 0)
    assert start_of([], "", "") == (0, 0)
