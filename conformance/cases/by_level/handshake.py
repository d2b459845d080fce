"""Level `protocol`: does the port introduce itself, and does it keep to JSON-RPC."""

from __future__ import annotations

from typing import Any

from conformance.oracle.answer import Answer, Refusal
from conformance.oracle.expected_answer import exactly
from golden.budgets import Precision
from ports_adapter.jsonrpc import METHOD_NOT_FOUND
from ports_adapter.messages import PROTOCOL_VERSION, InitializeParams

from ..case import Case

SUITE = "microgpt-conformance"


def introduction() -> InitializeParams:
    """The first message to any port."""
    return InitializeParams(protocol_version=PROTOCOL_VERSION, suite=SUITE)


def cases(precision: Precision) -> list[Case]:
    """The cases of this level but the last, for a port whose manifest declares `precision`."""

    def introduced(_precision: Precision) -> Answer:
        return exactly(protocol_version=PROTOCOL_VERSION, precision=precision)

    return [
        Case.fixed(
            "protocol/initialize",
            "introduces itself, in this version of the protocol",
            "initialize",
            introduction(),
            introduced,
        ),
        Case.fixed(
            "protocol/unknown-field",
            "ignores fields it does not know",
            "initialize",
            _with_unknown_field(),
            introduced,
        ),
        Case.fixed(
            "protocol/unknown-method",
            "answers an unknown method with error -32601",
            "no_such_method",
            {},
            lambda _precision: Refusal(METHOD_NOT_FOUND),
        ),
        Case.fixed(
            "protocol/alive-after-error",
            "lives on after an error, and introduces itself again",
            "initialize",
            introduction(),
            introduced,
        ),
    ]


def shutdown_case() -> Case:
    """The last case of a run: the port says goodbye and exits with 0."""
    about = "answers `shutdown`, then exits with code 0"
    return Case.fixed("protocol/shutdown", about, "shutdown", {}, lambda _precision: {})


def _with_unknown_field() -> dict[str, Any]:
    return {"protocol_version": PROTOCOL_VERSION, "suite": SUITE, "a_field_of_tomorrow": [1, None]}
