"""A worked example of every protocol method: a small question and the reference's answer."""

from dataclasses import dataclass

import msgspec

from conformance.anatomy.judged_program import JudgedProgram
from ports_adapter import messages as protocol
from ports_adapter.jsonrpc import Request
from ports_adapter.messages import METHODS, Message, Number, StepParams
from reference.config import Config
from reference.profiles import MICROGPT

from . import reference_answer
from .reference_answer import optimizer_of, sizes_of

CONFIG = Config(n_embd=2, n_head=1, n_layer=1, block_size=3, num_steps=2, num_samples=2)
DOCUMENT = [2, 0, 1, 2]
CHARACTERS = 2


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the notifications that precede its answer, and the answer."""

    method: str
    params: Message
    notifications: list[StepParams]
    result: Message

    def lines(self) -> list[str]:
        """The messages as lines of JSON, in the order in which they are sent."""
        request = Request(id=1, method=self.method, params=self.params)
        steps = [
            {"jsonrpc": "2.0", "method": "step", "params": step} for step in self.notifications
        ]
        answer = {"jsonrpc": "2.0", "id": 1, "result": self.result}
        return [msgspec.json.encode(line).decode() for line in (request, *steps, answer)]


def examples() -> list[Example]:
    """An example of every method, in the order in which the protocol lists them."""
    questions = _questions()
    return [_example(method, questions[method]) for method in METHODS]


def _example(method: str, params: Message) -> Example:
    steps: list[StepParams] = []
    result: Message
    match method:
        case "initialize":
            result = protocol.InitializeResult(
                protocol_version=protocol.PROTOCOL_VERSION, name="my port", language="Swift",
                precision="float64", methods=["tokenize", "forward", "backward", "adam"],
                profiles=[MICROGPT.name],
            )  # fmt: skip
        case "shutdown":
            result = protocol.ShutdownResult()
        case _:
            result = reference_answer.answer(method, params, steps.append)
    return Example(method, params, steps, result)


def _questions() -> dict[str, Message]:
    profile, sizes, optimizer = MICROGPT.name, sizes_of(CONFIG), optimizer_of(CONFIG)
    stage = JudgedProgram.of("train4")
    node = protocol.Node
    unit: list[list[Number]] = [[1.0, 0.0], [0.0, 1.0]]
    fc1: list[list[Number]] = [[1.0], [-1.0], [0.5], [0.0]]
    model = protocol.ModelParams(
        profile=profile, sizes=sizes, weights=_matrices(0.1), tokens=DOCUMENT
    )
    return {
        "initialize": protocol.InitializeParams(
            protocol_version=protocol.PROTOCOL_VERSION, suite="microgpt-conformance"
        ),
        "tokenize": protocol.TokenizeParams(text="wren\r\n\r\n owl \n"),
        # exp(a * b) + a, in which a is used twice
        "evaluate": protocol.EvaluateParams(
            nodes=[
                node(op="leaf", value=0.5),
                node(op="leaf", value=2.0),
                node(op="mul", args=[0, 1]),
                node(op="exp", args=[2]),
                node(op="add", args=[3, 0]),
            ]
        ),
        "linear": protocol.LinearParams(x=[1.0, 2.0], w=[[0.5, -1.0]], output_grad=[1.0]),
        "softmax": protocol.VectorParams(x=[0.0, 1.0], output_grad=[1.0, 0.0]),
        "rmsnorm": protocol.VectorParams(x=[3.0, 4.0], output_grad=[1.0, 0.0]),
        "attention": protocol.AttentionParams(
            q=[1.0, 0.5], k=unit, v=[[1.0, 2.0], [3.0, 4.0]], n_head=1, output_grad=[1.0, 0.0]
        ),
        "mlp": protocol.MlpParams(
            x=[2.0], fc1=fc1, fc2=[[1.0, 1.0, 2.0, 1.0]], output_grad=[1.0]
        ),
        "cross_entropy": protocol.CrossEntropyParams(logits=[0.0, 1.0], target=1),
        "forward": model,
        "backward": model,
        "sgd": protocol.SgdParams(
            profile=stage.name, sizes=sizes, optimizer=optimizer_of(stage.config), step=0,
            weights=_small(0.1), grads=_small(0.01),
        ),
        "adam": protocol.AdamParams(
            profile=profile, sizes=sizes, optimizer=optimizer, step=0,
            weights=_small(0.1), m=_small(0.0), v=_small(0.0), grads=_small(0.01),
        ),
        "train": protocol.TrainParams(
            profile=profile, sizes=sizes, optimizer=optimizer, step=0,
            weights=_matrices(0.1), m=_matrices(0.0), v=_matrices(0.0),
            documents=[DOCUMENT, [2, 1, 2]], steps=2,
        ),
        "random": protocol.RandomParams(
            seed=42,
            draws=[
                protocol.ShuffleDraw(count=5),
                protocol.GaussDraw(mean=0.0, std=0.08, count=2),
                protocol.ChoicesDraw(weights=[0.5, 0.25, 0.25], count=3),
                protocol.RandomDraw(count=1),
            ],
        ),
        "sample": protocol.SampleParams(
            profile=profile, sizes=sizes, weights=_matrices(0.1),
            temperature=0.5, uniforms=[0.1, 0.5, 0.9],
        ),
        "replicate": protocol.ReplicateParams(
            profile=profile, sizes=sizes, optimizer=optimizer, seed=42, init_std=0.08,
            temperature=0.5, num_samples=2, text="ab\nba\na\n",
        ),
        "shutdown": protocol.ShutdownParams(),
    }  # fmt: skip


def _matrices(scale: float) -> protocol.Tensors:
    """Weights of the example's model: small multiples of `scale`, no two matrices equal."""
    shapes = CONFIG.shapes(CHARACTERS + 1).items()
    return {
        name: _matrix(rows, columns, scale, first)
        for first, (name, (rows, columns)) in enumerate(shapes)
    }


def _small(scale: float) -> protocol.Tensors:
    """A single matrix, since an optimizer treats all matrices alike."""
    return {"wte": _matrix(CHARACTERS + 1, CONFIG.n_embd, scale, 0)}


def _matrix(rows: int, columns: int, scale: float, first: int) -> protocol.Matrix:
    return [
        [
            # Adding 0 makes -0 a 0.
            round(scale * ((5 * row + 3 * column + 2 * first) % 7 - 3), 3) + 0.0
            for column in range(columns)
        ]
        for row in range(rows)
    ]
