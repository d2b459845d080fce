"""`python -m conformance.commands.warming`, part of `make setup`: fill the cache before runs.

Compiles the kernels, and records the tapes of all cases that are the same in every run. Both are
kept on disk, so the first run does not wait for them.
"""

from __future__ import annotations

from conformance.cases import all_cases
from conformance.cases.budget_origin import offer_of
from reference.tape.__main__ import main as warm_tapes


def main() -> None:
    """Fill the cache."""
    warm_tapes()
    offer = offer_of("float64")
    for case in all_cases(0, "float64"):
        case.answer(offer)


if __name__ == "__main__":
    main()
