"""Reading what several methods have in common: profile, model, weights, optimizer, state."""

from collections.abc import Mapping

from .activations import ACTIVATIONS, Activation
from .array import Tensors
from .counts import Counts
from .fields import Fields
from .model import Network, Sizes
from .optimizer import Optimizer, State
from .profiles import PROFILES, Profile
from .training import Descent, Learner

Shapes = Mapping[str, tuple[int, ...]]


def read_profile(params: Fields, default: str | None = None) -> Profile:
    """The program that is asked about."""
    return PROFILES[params.choice("profile", PROFILES, default)]


def read_activation(params: Fields, default: str) -> Activation:
    """What bends the perceptron."""
    return ACTIVATIONS[params.choice("activation", ACTIVATIONS, default)]


def read_model(params: Fields, profile: Profile) -> Network | Counts:
    """The profile's model, in the sizes that are asked for."""
    fields = params.fields("sizes")
    sizes = Sizes(
        n_embd=fields.integer("n_embd", minimum=1),
        n_head=fields.integer("n_head", minimum=1),
        n_layer=fields.integer("n_layer"),
        block_size=fields.integer("block_size", minimum=1),
    )
    if sizes.n_embd % sizes.n_head:
        raise fields.wrong("n_head", f"{sizes.n_head} heads do not divide {sizes.n_embd} evenly")
    activation = read_activation(params, profile.activation)
    try:
        return profile.model(sizes, activation)
    except ValueError as error:
        raise params.wrong("sizes", str(error)) from None


def read_network(params: Fields) -> Network:
    """The profile's model, which must be one with gradients."""
    model = read_model(params, read_profile(params))
    if not isinstance(model, Network):
        raise params.wrong("profile", "it has no gradients")
    return model


def read_weights(params: Fields, model: Network | Counts) -> tuple[Tensors, int]:
    """The weights, which must have the model's shapes, and the size of the vocabulary."""
    first = next(iter(model.weight_shapes(1)))
    vocab_size = len(params.fields("weights").array(first, None, None))
    return read_tensors(params, "weights", model.weight_shapes(vocab_size)), vocab_size


def read_matrices(params: Fields, name: str) -> Tensors:
    """Whatever matrices there are."""
    fields = params.fields(name)
    return {tensor: fields.array(tensor, None, None) for tensor in fields.names()}


def read_tensors(params: Fields, name: str, shapes: Shapes) -> Tensors:
    """Matrices of the given names and shapes."""
    fields = params.fields(name)
    return {tensor: fields.array(tensor, *shape) for tensor, shape in shapes.items()}


def read_state(params: Fields, start: State) -> State:
    """The state of training: the weights of `start`, and running means such as it has."""
    shapes = shapes_of(start.weights)
    return State(
        start.weights, {name: read_tensors(params, name, shapes) for name in start.moments}
    )


def shapes_of(tensors: Tensors) -> Shapes:
    """Names and shapes."""
    return {name: tensor.shape for name, tensor in tensors.items()}


def read_num_steps(params: Fields, minimum: int = 0) -> int:
    """How many steps a whole training has."""
    return params.fields("optimizer").integer("num_steps", minimum)


def read_optimizer(
    params: Fields, profile: Profile, kind: type[Optimizer], min_steps: int = 1
) -> Optimizer:
    """An optimizer of a kind, with its hyperparameters."""
    fields = params.fields("optimizer")
    return kind(
        fields.number("learning_rate"),
        read_num_steps(params, min_steps),
        profile.decay,
        *(fields.number(name) for name in kind.hyperparameters),
    )


def read_learner(
    params: Fields, profile: Profile, model: Network | Counts, min_steps: int = 1
) -> Learner:
    """What trains the model: an optimizer, or counting, which needs none."""
    if isinstance(model, Counts):
        return model
    if profile.optimizer is None:
        raise params.wrong("profile", "it has no optimizer")
    return Descent(model, read_optimizer(params, profile, profile.optimizer, min_steps))


def read_temperature(params: Fields) -> float:
    """What logits are divided by."""
    temperature = params.number("temperature")
    if temperature <= 0:
        raise params.wrong("temperature", "expected a number above 0")
    return temperature
