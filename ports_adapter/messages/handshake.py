"""Hello and goodbye: `initialize`, `shutdown`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from .common import (
    Message,
    Precision,
)


class InitializeParams(Message, omit_defaults=False):
    protocol_version: int
    suite: str


class InitializeResult(Message):
    """What the port is and offers. What it does not list is not asked of it."""

    protocol_version: int
    name: str
    language: str
    precision: Precision
    methods: list[str]
    profiles: Annotated[list[str], Meta(description="The programs that it is a port of.")]
    other_sizes: Annotated[
        bool,
        Meta(
            description="Whether other sizes and hyperparameters than the profile's own are "
            "accepted. `num_steps` and `num_samples` are always those of the question."
        ),
    ] = False
    activations: Annotated[
        list[str],
        Meta(description="Activations that are accepted in place of the profile's own."),
    ] = field(default_factory=list)
    intermediates: Annotated[
        bool, Meta(description="Whether `forward` and `backward` can give intermediates.")
    ] = False
    full_record: Annotated[
        bool, Meta(description="Whether `train` can record every step in full.")
    ] = False


class ShutdownParams(Message):
    """Nothing."""


class ShutdownResult(Message):
    """Nothing."""
