"""What a trace does not show, and the line that would show it."""

from collections.abc import Collection, Iterator

from conformance.judging.report import NotShown

LINES = {
    "weights before": (
        "loss, gradients and updates of single steps",
        '"weights": […] in the first record, before the first step',
    ),
    "tokens": (
        "loss and gradients",
        '"tokens": […] in each step, the special tokens included',
    ),
    "grads": (
        "gradients; the update is judged by the right ones, less sharply",
        '"grads": […] in each step, before they are cleared',
    ),
    "weights": (
        "the update, and every step after the first from the program's own weights",
        '"weights": […] in each step, after the update',
    ),
    "moments": (
        "Adam's moments by themselves",
        '"m": […], "v": […] in each step, after the update',
    ),
    "logits": (
        "the logits of each position",
        '"logits": [[…], …] in each step',
    ),
    "losses": (
        "the loss of each position",
        '"losses": […] in each step',
    ),
    "learning_rate": (
        "the learning rate by itself",
        '"learning_rate": 0.01 in each step',
    ),
    "tokenizer": (
        "the tokenizer",
        '"document": "emma" in each step, and "vocab": "abc…z" in the first record',
    ),
    "samples": (
        "sampling",
        '{"sample": 0, "temperature": 0.5, "uniforms": […], "tokens": […]} after the last step',
    ),
    "intermediates": (
        "the operations of the forward pass, one by one",
        '"intermediates": {"layer0.q": [[…], …], …} in each step',
    ),
}
"""What is lost without a part of a trace, and the line to add; the most worthwhile first."""


def worth_adding(lacking: Collection[str]) -> Iterator[NotShown]:
    """What a trace does not show, the most worthwhile first."""
    for name, (what, line) in LINES.items():
        if name in lacking:
            yield NotShown(name, what, line)
