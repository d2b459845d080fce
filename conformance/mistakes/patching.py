"""Apply a patch to the reference program, for a `with` block or for the rest of the process."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import reference.adam
import reference.corpus
import reference.model
import reference.program
import reference.sampling
import reference.tape.recording
import reference.tokenizer
import reference.training
import reference.value
from conformance.anatomy import small_functions
from conformance.oracle import reference_answer
from reference.config import Config
from reference.corpus import Corpus
from reference.program import Run
from reference.tokenizer import Tokenizer
from reference.value import Value

from .mistake import Patch
from .seams import model, sampling, training

MODULES = {
    "value": reference.value,
    "model": reference.model,
    "training": reference.training,
    "adam": reference.adam,
    "corpus": reference.corpus,
    "tokenizer": reference.tokenizer,
    "sampling": reference.sampling,
    "program": reference.program,
    "small_functions": small_functions,
    "reference_answer": reference_answer,
    "recording": reference.tape.recording,
}
"""The modules of the program whose functions a plain name replaces."""

SEAMS = {"seams.model": model, "seams.training": training, "seams.sampling": sampling}

CLASSES: dict[str, type[Any]] = {
    "Value": Value,
    "Config": Config,
    "Tokenizer": Tokenizer,
    "Corpus": Corpus,
    "Run": Run,
    "Random": random.Random,
}


def apply(patch: Patch) -> list[tuple[Any, str, Any]]:
    """Apply a patch; gives what it replaced: owner, attribute, old value (None if there was none).

    Raises:
        KeyError: the program has no function or class of that name.
    """
    places = [
        (owner, attribute, new) for name, new in patch.items() for owner, attribute in owners(name)
    ]
    before = [(owner, attribute, vars(owner).get(attribute)) for owner, attribute, _ in places]
    for owner, attribute, new in places:
        setattr(owner, attribute, new)
    return before


@contextmanager
def applied(patch: Patch) -> Iterator[None]:
    """Apply a patch within a `with` block, and restore the program afterwards.

    Raises:
        KeyError: the program has no function or class of that name.
    """
    before = apply(patch)
    try:
        yield
    finally:
        for owner, attribute, old in reversed(before):
            if old is None:
                delattr(owner, attribute)
            else:
                setattr(owner, attribute, old)


def owners(name: str) -> list[tuple[Any, str]]:
    """Where a patch puts the replacement of that name: owners, each with the attribute.

    Raises:
        KeyError: the program has no function or class of that name.
    """
    owner, dot, attribute = name.rpartition(".")
    if dot:
        return [({**CLASSES, **MODULES, **SEAMS}[owner], attribute)]
    found = [(module, name) for module in MODULES.values() if hasattr(module, name)]
    if not found:
        raise KeyError(f"the program has no function {name}")
    return found
