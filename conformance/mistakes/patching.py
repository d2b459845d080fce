"""The canonical program with a patch in place of its own functions, for a while or for good."""

from __future__ import annotations

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

from . import seams
from .mistake import Patch

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
    "seams": seams,
}
CLASSES: dict[str, type[Any]] = {
    "Value": Value,
    "Config": Config,
    "Tokenizer": Tokenizer,
    "Corpus": Corpus,
    "Run": Run,
    "Random": random.Random,
}


def apply(patch: Patch) -> list[tuple[Any, str, Any]]:
    """Put a patch in place; gives what was there before: owner, name, what it had.

    Raises:
        KeyError: the program has nothing of that name.
    """
    places = [
        (owner, attribute, new) for name, new in patch.items() for owner, attribute in _owners(name)
    ]
    before = [(owner, attribute, vars(owner).get(attribute)) for owner, attribute, _ in places]
    for owner, attribute, new in places:
        setattr(owner, attribute, new)
    return before


@contextmanager
def applied(patch: Patch) -> Iterator[None]:
    """The program with a patch, for a while."""
    before = apply(patch)
    try:
        yield
    finally:
        for owner, attribute, own in reversed(before):
            if own is None:
                delattr(owner, attribute)
            else:
                setattr(owner, attribute, own)


def _owners(name: str) -> list[tuple[Any, str]]:
    owner, dot, attribute = name.rpartition(".")
    if not dot:
        program = [module for module in MODULES.values() if module is not seams]
        found = [(module, name) for module in program if hasattr(module, name)]
        if not found:
            raise KeyError(f"the program has no function {name}")
        return found
    return [(CLASSES.get(owner) or MODULES[owner], attribute)]
