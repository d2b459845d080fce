"""The first and the last message of a run: `initialize` and `shutdown`."""

from typing import Annotated

from msgspec import Meta, field

from .common import (
    Message,
    Precision,
)


class InitializeParams(Message, omit_defaults=False):
    protocol_version: Annotated[int, Meta(description="1.")]
    suite: Annotated[str, Meta(description="Who asks.")]


class InitializeResult(Message):
    """What the port is and what it offers. The suite asks for nothing that is not listed here."""

    protocol_version: Annotated[int, Meta(description="1.")]
    name: str
    language: str
    precision: Annotated[
        Precision, Meta(description="In which the port computes; as in its manifest.")
    ]
    methods: Annotated[list[str], Meta(description="The methods that the port offers.")]
    profiles: Annotated[list[str], Meta(description="The programs that it is a port of.")]
    other_sizes: Annotated[
        bool,
        Meta(
            description="Whether the port accepts `sizes` and hyperparameters that differ from "
            "the profile's own. `num_steps` and `num_samples` may always differ."
        ),
    ] = False
    activations: Annotated[
        list[str],
        Meta(description="Activations that the port accepts in place of the profile's own."),
    ] = field(default_factory=list)
    intermediates: Annotated[
        bool, Meta(description="Whether `forward` and `backward` can return intermediates.")
    ] = False
    full_record: Annotated[
        bool, Meta(description="Whether `train` can record every step in full.")
    ] = False


class ShutdownParams(Message):
    """It has no fields."""


class ShutdownResult(Message):
    """It has no fields."""
