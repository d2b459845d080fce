"""Answers any question of the protocol with the reference program."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET, UnsetType, structs

from conformance.anatomy.small_functions import function_of
from golden.trace import floats
from ports_adapter import messages as protocol
from ports_adapter.messages import Message, Optimizer, Sizes, StepParams
from reference.adam import adam
from reference.config import Config
from reference.corpus import corpus_of, documents_of
from reference.profiles import PROFILES
from reference.program import Run
from reference.sampling import choose_by, sample
from reference.sgd import sgd
from reference.state import State
from reference.tokenizer import Tokenizer
from reference.training import Step, data, evaluate, grads, train

OnStep = Callable[[StepParams], None]


def config_of(params: Any) -> Config:
    """The configuration that a question is about: its profile's, with the settings it gives."""
    settings: dict[str, Any] = {
        name: getattr(params.sizes, name) for name in Sizes.__struct_fields__
    }
    if optimizer := getattr(params, "optimizer", None):
        settings |= {name: getattr(optimizer, name) for name in Optimizer.__struct_fields__}
        settings["eps_adam"] = settings.pop("eps")
    settings["activation"] = getattr(params, "activation", UNSET)
    given = {name: value for name, value in settings.items() if value is not UNSET}
    return replace(PROFILES[params.profile].config, **given)


def sizes_of(config: Config) -> Sizes:
    """The sizes of a configuration, as messages carry them."""
    return Sizes(**{name: getattr(config, name) for name in Sizes.__struct_fields__})


def optimizer_of(config: Config) -> Optimizer:
    """The hyperparameters of a configuration, as messages carry them."""
    of_adam: dict[str, float] = {}
    if config.optimizer == "adam":
        of_adam = {"beta1": config.beta1, "beta2": config.beta2, "eps": config.eps_adam}
    return Optimizer(learning_rate=config.learning_rate, num_steps=config.num_steps, **of_adam)


def activation_of(profile: str, config: Config) -> str | UnsetType:
    """The activation, as messages carry it: left out if it is the profile's."""
    is_usual = config.activation == PROFILES[profile].config.activation
    return UNSET if is_usual else config.activation


def bos_of(config: Config, vocab_size: int) -> int:
    """The token that begins every document."""
    return 0 if config.special_tokens == "bos-eos" else vocab_size - 1


def vocab_size_of(weights: Mapping[str, Sequence[Any]]) -> int:
    """The size of a model's vocabulary: the number of rows of its first matrix."""
    return len(next(iter(weights.values())))


def answer(method: str, params: Any, on_step: OnStep = lambda _step: None, id_: int = 1) -> Message:
    """The canonical program's answer to a question.

    Args:
        method: any method of the protocol but `initialize` and `shutdown`.
        params: its parameters, with finite numbers only.
        on_step: is called with the notifications of `train` and `replicate`.
        id_: the id of the request, which notifications repeat.

    Raises:
        ValueError: the method is none of these.
    """
    match params:
        case protocol.TokenizeParams():
            return _tokenize(params.text, PROFILES[params.profile].config.special_tokens)
        case protocol.ModelParams():
            return _model(method, params)
        case protocol.SgdParams():
            config = config_of(params)
            lowered = sgd(state_of(params), floats(params.grads), config)
            rate = config.learning_rate_at(params.step)
            return protocol.SgdResult(learning_rate=rate, weights=as_json(lowered.weights))
        case protocol.AdamParams():
            config = config_of(params)
            updated = adam(state_of(params), floats(params.grads), config)
            rate = config.learning_rate_at(params.step)
            return protocol.AdamResult(learning_rate=rate, **_state(updated))
        case protocol.TrainParams():
            return _train(params, on_step, id_)
        case protocol.RandomParams():
            return protocol.RandomResult(results=draw_all(params))
        case protocol.SampleParams():
            return _sample(params)
        case protocol.ReplicateParams():
            return _replicate(params, on_step, id_)
        case _:
            return _graph(method, params)


def _tokenize(text: str, special_tokens: str) -> Message:
    documents = documents_of(text)
    tokenizer = Tokenizer.of(documents, special_tokens)
    return protocol.TokenizeResult(
        characters=list(tokenizer.characters),
        vocab_size=tokenizer.vocab_size,
        tokens=[tokenizer.encode(document) for document in documents],
    )


def _graph(method: str, params: Message) -> Message:
    graph = function_of(method, params).graph()
    graph.root.backward()
    output = data(graph.output)
    gradients = {name: grads(nodes) for name, nodes in graph.leaves.items()}
    result = protocol.METHODS[method].result
    match method:
        case "evaluate":
            return result(value=output, grads=gradients[""])
        case "cross_entropy":
            return result(loss=output, grads=protocol.CrossEntropyGrads(**gradients))
        case _:
            named = result.__annotations__["grads"]
            shape = getattr(protocol, named) if isinstance(named, str) else named
            return result(output=output, grads=shape(**gradients))


def _model(method: str, params: protocol.ModelParams) -> Message:
    evaluation = evaluate(floats(params.weights), params.tokens, config_of(params))
    seen: dict[str, Any] = {}
    if method == "forward":
        if params.intermediates:
            seen["intermediates"] = evaluation.intermediates
        return protocol.ForwardResult(logits=as_json(evaluation.logits), **seen)
    if params.intermediates:
        seen["intermediate_grads"] = evaluation.intermediate_grads
    return protocol.BackwardResult(
        loss=evaluation.loss,
        losses=as_json(evaluation.losses),
        grads=as_json(evaluation.grads),
        **seen,
    )


def as_json(floats_: Any) -> Any:
    """The same floats, typed as JSON numbers: finite ones need no string."""
    return floats_


def state_of(params: protocol.AdamParams | protocol.SgdParams | protocol.TrainParams) -> State:
    """The training state in a question's parameters."""
    if isinstance(params, protocol.SgdParams):
        return State(params.step, floats(params.weights), {}, {})
    return State(params.step, floats(params.weights), floats(params.m), floats(params.v))


def _train(params: protocol.TrainParams, on_step: OnStep, id_: int) -> Message:
    config = config_of(params)
    state = state_of(params)
    steps = train(state, params.documents, config)
    for _ in range(params.steps):
        step = next(steps)
        on_step(_recorded(step, id_) if params.record == "full" else _announced(step, id_))
        state = step.state
    return protocol.TrainResult(**_state(state))


def draw_all(params: protocol.RandomParams) -> list[list[Any]]:
    """The results of all draws, in order, from one generator."""
    generator = random.Random(params.seed)
    results: list[list[Any]] = []
    for draw in params.draws:
        match draw:
            case protocol.RandomDraw():
                results.append([generator.random() for _ in range(draw.count)])
            case protocol.GaussDraw():
                results.append([generator.gauss(draw.mean, draw.std) for _ in range(draw.count)])
            case protocol.ShuffleDraw():
                numbers = list(range(draw.count))
                generator.shuffle(numbers)
                results.append(numbers)
            case protocol.ChoicesDraw():
                indices = range(len(draw.weights))
                results.append(
                    [generator.choices(indices, draw.weights)[0] for _ in range(draw.count)]
                )
    return results


def _sample(params: protocol.SampleParams) -> Message:
    config = config_of(params)
    weights = floats(params.weights)
    bos = bos_of(config, vocab_size_of(weights))
    tokens = sample(weights, bos, params.temperature, config, choose_by(params.uniforms))
    stopped_by_bos = len(tokens) < config.block_size
    return protocol.SampleResult(tokens=tokens, uniforms_used=len(tokens) + stopped_by_bos)


def run_of(params: protocol.ReplicateParams) -> Run:
    """The run of the program that a `replicate` question asks for."""
    config = config_of(params)
    config = replace(
        config,
        init_std=params.init_std,
        temperature=params.temperature,
        num_samples=params.num_samples,
    )
    return Run.prepare(config, params.seed, corpus_of("text", params.text.encode()))


def _replicate(params: protocol.ReplicateParams, on_step: OnStep, id_: int) -> Message:
    run = run_of(params)
    weights = run.state.weights
    for step in run.steps():
        on_step(_announced(step, id_))
        weights = step.state.weights
    return protocol.ReplicateResult(
        num_docs=len(run.documents),
        vocab_size=run.tokenizer.vocab_size,
        num_params=run.num_params,
        samples=list(run.samples(weights)),
    )


def _announced(step: Step, id_: int) -> StepParams:
    loss, rate = step.evaluation.loss, step.learning_rate
    return StepParams(id=id_, step=step.index, loss=loss, learning_rate=rate)


def _recorded(step: Step, id_: int) -> StepParams:
    computed = step.evaluation
    return structs.replace(
        _announced(step, id_),
        logits=as_json(computed.logits),
        losses=as_json(computed.losses),
        grads=as_json(computed.grads),
        **_state(step.state),
    )


def _state(state: State) -> Any:
    return {"m": state.m, "v": state.v, "weights": state.weights}
