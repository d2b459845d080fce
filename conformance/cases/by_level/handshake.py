"""Level `protocol`: a port introduces itself, keeps to JSON-RPC, and says goodbye."""

from conformance.oracle.answer import Answer, Refusal
from conformance.oracle.expected_answer import exactly
from golden.budgets import Precision
from ports_adapter.jsonrpc import METHOD_NOT_FOUND
from ports_adapter.messages import PROTOCOL_VERSION, InitializeParams

from ..case import Case, Params

SUITE = "microgpt-conformance"


def introduction() -> InitializeParams:
    """The first message to every port."""
    return InitializeParams(protocol_version=PROTOCOL_VERSION, suite=SUITE)


def cases(precision: Precision) -> list[Case]:
    """The cases of this level but `shutdown_case`, for a port that declares `precision`."""

    def initialize(name: str, about: str, params: Params) -> Case:
        def answer(_precision: Precision) -> Answer:
            return exactly(protocol_version=PROTOCOL_VERSION, precision=precision)

        return Case.fixed(f"protocol/{name}", about, "initialize", params, answer)

    known = {"protocol_version": PROTOCOL_VERSION, "suite": SUITE}
    unknown = known | {"a_field_of_tomorrow": [1, None]}
    return [
        initialize(
            "initialize", "introduces itself, in this version of the protocol", introduction()
        ),
        initialize("unknown-field", "ignores fields it does not know", unknown),
        Case.fixed(
            "protocol/unknown-method",
            "answers an unknown method with error -32601",
            "no_such_method",
            {},
            lambda _precision: Refusal(METHOD_NOT_FOUND),
        ),
        initialize(
            "alive-after-error",
            "lives on after an error, and introduces itself again",
            introduction(),
        ),
    ]


def shutdown_case() -> Case:
    """The last case of a run: the port answers `shutdown` and exits with 0."""
    about = "answers `shutdown`, then exits with code 0"
    return Case.fixed("protocol/shutdown", about, "shutdown", {}, lambda _precision: {})
