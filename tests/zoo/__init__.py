"""A zoo of hostile, broken and merely odd ports, each with what is right to say of it."""

from . import (
    cheats,
    children,
    deaths,
    disguise,
    floods,
    ids,
    json_tricks,
    resources,
    silence,
    snooping,
    trace_lies,
    trace_lines,
)  # fmt: skip
from .animal import Animal

HOUSES = (
    silence, floods, json_tricks, ids, deaths, children, disguise, cheats, resources, snooping,
    trace_lines, trace_lies,
)  # fmt: skip

ANIMALS: dict[str, Animal] = {animal.name: animal for house in HOUSES for animal in house.ANIMALS}
