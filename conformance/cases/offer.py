"""Decides by a port's offer which cases it is not asked, and finds probable slips in the offer."""

import difflib

from conformance.anatomy.levels import Level
from ports_adapter.messages import METHODS, InitializeResult
from ports_adapter.quoting import printable
from reference.profiles import MICROGPT, PROFILES

from .case import Case

PROFILED = {
    Level.FORWARD, Level.BACKWARD, Level.SGD, Level.ADAM, Level.TRAIN, Level.SAMPLE,
    Level.REPLICATE,
}  # fmt: skip
"""The levels whose questions name a profile."""


def doubtful_offer(offer: InitializeResult) -> str:
    """A probable slip in an offer, through which cases would silently not be asked; or empty."""
    for name in offer.methods:
        others = [known for known in METHODS if known not in offer.methods]
        near = difflib.get_close_matches(name.lower(), others, n=1, cutoff=0.8)
        if name not in METHODS and near:
            return f"it offers the method {printable(name, 60)!r}: is {near[0]!r} meant?"
    profiled = sorted(level for level in PROFILED if level in offer.methods)
    if profiled and not PROFILES.keys() & set(offer.profiles):
        profiles = ", ".join(printable(name, 60) for name in offer.profiles) or "no profile"
        return (
            f"it offers {', '.join(profiled)} for {profiles}: "
            f"known profiles are {', '.join(PROFILES)}"
        )
    for name in offer.profiles:
        near = difflib.get_close_matches(
            name.lower(), PROFILES.keys() - set(offer.profiles), n=1, cutoff=0.8
        )
        if name not in PROFILES and near:
            return f"it offers the profile {printable(name, 60)!r}: is {near[0]!r} meant?"
    return ""


def not_offered(case: Case, offer: InitializeResult) -> str:
    """Why a port with this offer is not asked a case, or an empty string if it is."""
    if case.level is Level.PROTOCOL:
        return ""
    if case.method not in offer.methods:
        return f"the port does not offer {case.method}"
    is_profiled = case.level in PROFILED or case.profile != MICROGPT.name
    if is_profiled and case.profile not in offer.profiles:
        return f"the port does not offer the profile {case.profile}"
    if case.activation and case.activation not in offer.activations:
        return f"the port does not offer the activation {case.activation}"
    if case.other_sizes and not offer.other_sizes:
        return "the port does not offer other sizes and hyperparameters"
    if case.full_record and not offer.full_record:
        return "the port does not offer to record every step in full"
    return ""
