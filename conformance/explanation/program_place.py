"""Describes the place in the program that a JSON Pointer into an answer stands for."""

from msgspec import structs

from ports_adapter.messages import AdamParams, ModelParams, SgdParams, Sizes, TrainParams
from reference.config import Config
from reference.profiles import MICROGPT, PROFILES

from .diagnosis import Pass, Place

COMPUTED_BY = {
    "embedding": "the sum of token and position embedding",
    "input_norm": "the RMSNorm after the embedding",
    "attn_norm": "the RMSNorm before attention",
    "q": "the projection to queries (attn_wq)",
    "k": "the projection to keys (attn_wk)",
    "v": "the projection to values (attn_wv)",
    "attn_scores": "the scaled dot products of query and keys",
    "attn_weights": "the softmax over the positions so far",
    "attn_heads": "the weighted sum of values",
    "attn_out": "the output projection of attention (attn_wo)",
    "attn_residual": "the residual connection around attention",
    "mlp_norm": "the RMSNorm before the MLP",
    "mlp_hidden": "the MLP's first projection (mlp_fc1)",
    "mlp_activation": "the MLP's activation",
    "mlp_out": "the MLP's second projection (mlp_fc2)",
    "mlp_residual": "the residual connection around the MLP",
    "logits": "the output projection (lm_head)",
}
"""The operation that computes an intermediate value, by its name within a layer."""

REACHED_THROUGH = {
    "logits": "the backward pass of softmax, logarithm and mean (the loss)",
    "mlp_residual": "the backward pass of what follows the layer",
    "mlp_out": "the backward pass of the residual connection around the MLP",
    "mlp_activation": "the backward pass of the MLP's second projection (mlp_fc2)",
    "mlp_hidden": "the backward pass of the MLP's activation",
    "mlp_norm": "the backward pass of the MLP's first projection (mlp_fc1)",
    "attn_residual": "the backward pass of the RMSNorm before the MLP, plus that of the residual",
    "attn_out": "the backward pass of the residual connection around attention",
    "attn_heads": "the backward pass of the output projection of attention (attn_wo)",
    "attn_weights": "the backward pass of the weighted sum, towards its weights",
    "attn_scores": "the backward pass of attention's softmax",
    "v": "the backward pass of the weighted sum, towards the values of all positions so far",
    "k": "the backward pass of the dot products, towards the keys of all positions so far",
    "q": "the backward pass of the dot products, towards the query",
    "attn_norm": "the backward pass of the projections to queries, keys and values",
    "input_norm": "the backward pass of the RMSNorm before attention, plus that of the residual",
    "embedding": "the backward pass of the RMSNorm after the embedding",
}
"""The operation that computes the gradient of an intermediate value, by its name in a layer."""

NODE_OF = {
    "wte": "embedding",
    "wpe": "embedding",
    "lm_head": "logits",
    "attn_wq": "q",
    "attn_wk": "k",
    "attn_wv": "v",
    "attn_wo": "attn_out",
    "mlp_fc1": "mlp_hidden",
    "mlp_fc2": "mlp_out",
}
"""The intermediate value that a weight matrix computes."""

NODE_ON_ONE_TOKEN = {"wte": "mlp_hidden", "mlp_fc1": "mlp_hidden", "mlp_fc2": "logits"}
"""The same for the model that is an MLP of the current token."""

UPDATES = {
    "adam": "Adam's update",
    "sgd": "the update by gradient descent",
    "counting": "counting",
}

HEADED = ("attn_wq", "attn_wk", "attn_wv")
"""Matrices whose rows belong to heads; in `attn_wo`, the columns do."""

HEADED_NODES = ("q", "k", "v", "attn_heads")


def sizes_of(params: object) -> Sizes | None:
    """The sizes of the model in a question, or None."""
    if isinstance(params, ModelParams | TrainParams | AdamParams | SgdParams):
        return params.sizes
    return None


def config_of(params: object) -> Config:
    """The configuration of the profile that a question names."""
    profile = PROFILES.get(getattr(params, "profile", MICROGPT.name), MICROGPT)
    return profile.config


def place_of(pointer: str, params: object = None, method: str = "") -> Place:
    """Describe the place of a number in an answer.

    Args:
        pointer: a JSON Pointer into the answer.
        params: the question, for the sizes of the model.
        method: the question's method.
    """
    _, *parts = pointer.split("/")
    step = None
    if len(parts) > 1 and parts[0] == "steps":
        step, parts = int(parts[1]), parts[2:]
    head_dim = _head_dim(sizes_of(params))
    in_model = isinstance(params, ModelParams | TrainParams)
    match parts:
        case ["intermediates", name, *index]:
            place = _node(pointer, name, index, "forward", head_dim)
        case ["logits", *index]:
            place = _node(pointer, "logits", index, "forward", head_dim)
        case ["intermediate_grads", name, *index]:
            place = _node(pointer, name, index, "backward", head_dim)
        case ["losses" | "loss", *index] if in_model:
            place = _loss(pointer, index)
        case ["grads", name, *index] if in_model:
            place = _weight(pointer, "the gradient of", name, index, "backward", params)
        case [("m" | "v" | "weights") as part, name, *index]:
            what = {"m": "Adam's m of", "v": "Adam's v of", "weights": "the updated"}[part]
            place = _weight(pointer, what, name, index, "update", params)
        case ["learning_rate", *_]:
            words = "the learning rate"
            place = Place(pointer, "update", "", "the learning rate's schedule", words=words)
        case ["grads", *_]:
            place = _function(pointer, method, "backward")
        case ["output" | "value" | "loss", *_]:
            place = _function(pointer, method, "forward")
        case _:
            place = Place(pointer, "other", "", method, words=pointer)
    if step is None:
        return place
    return structs.replace(place, words=f"{place.words}, at step {step + 1} of the training")


def _head_dim(sizes: Sizes | None) -> int | None:
    return sizes.n_embd // sizes.n_head if sizes else None


def _layer(name: str) -> tuple[int | None, str]:
    layer, dot, plain = name.rpartition(".")
    number = layer.removeprefix("layer")
    return (int(number) if dot and number.isdecimal() else None), plain


def _numbers(index: list[str]) -> list[int]:
    return [int(part) for part in index if part.isdecimal()]


def _node(pointer: str, name: str, index: list[str], to: Pass, head_dim: int | None) -> Place:
    layer, plain = _layer(name)
    numbers = _numbers(index)
    position = numbers[0] if numbers else None
    head, column = None, numbers[-1] if len(numbers) > 1 else None
    if plain in ("attn_scores", "attn_weights"):
        head = numbers[1] if len(numbers) > 1 else None
        column = numbers[2] if len(numbers) > 2 else None
    elif plain in HEADED_NODES and head_dim and column is not None:
        head = column // head_dim
    operation = (COMPUTED_BY if to == "forward" else REACHED_THROUGH).get(plain, plain)
    what = name if to == "forward" else f"the gradient at {name}"
    last = "key" if plain in ("attn_scores", "attn_weights") else "element"
    if plain == "logits":
        last = "token"
    words = _listed(what, position=position, head=head, **{last: column})
    return Place(pointer, to, name, operation, layer, head, position, None, column, words)


def _loss(pointer: str, index: list[str]) -> Place:
    numbers = _numbers(index)
    position = numbers[0] if numbers else None
    words = _listed("the loss", position=position)
    operation = "softmax and logarithm (the loss)" if numbers else "the mean of the losses"
    return Place(pointer, "forward", "loss", operation, position=position, words=words)


def _weight(
    pointer: str, what: str, name: str, index: list[str], to: Pass, params: object
) -> Place:
    head_dim, config = _head_dim(sizes_of(params)), config_of(params)
    layer, plain = _layer(name)
    numbers = _numbers(index)
    row = numbers[0] if numbers else None
    column = numbers[1] if len(numbers) > 1 else None
    head = None
    if head_dim and plain in HEADED and row is not None:
        head = row // head_dim
    elif head_dim and plain == "attn_wo" and column is not None:
        head = column // head_dim
    node = (NODE_ON_ONE_TOKEN if config.model == "mlp" else NODE_OF).get(plain, "")
    node = f"layer{layer}.{node}" if layer is not None else node
    sums = f"the accumulation of the gradient of {name}"
    operation = UPDATES[config.optimizer] if to == "update" else sums
    first = {"wte": "token", "lm_head": "token", "wpe": "position"}.get(plain, "row")
    words = _listed(f"{what} {name}", head=head, **{first: row}, column=column)
    position = row if plain == "wpe" else None
    return Place(pointer, to, node, operation, layer, head, position, row, column, words)


def _function(pointer: str, method: str, to: Pass) -> Place:
    what = method if to == "forward" else f"the backward pass of {method}"
    words = f"the output of {method}" if to == "forward" else f"the gradient from {method}"
    return Place(pointer, to, "", what, words=f"{words} at {pointer}")


def _listed(what: str, **coordinates: int | None) -> str:
    """Words for a value with its known coordinates."""
    known = [f"{name} {number}" for name, number in coordinates.items() if number is not None]
    return ", ".join([what, *known])
