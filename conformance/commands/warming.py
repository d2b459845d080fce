"""Record what every run needs: `python -m conformance.commands.warming`, once, when all is set up.

Kernels are compiled, and the tapes of all cases that are the same in every run recorded; both
are kept on disk. The first run would take that time otherwise.
"""

from __future__ import annotations

from conformance.cases import all_cases
from conformance.cases.budget_origin import offer_of
from reference.tape.__main__ import main as warm_tapes


def main() -> None:
    """Do it."""
    warm_tapes()
    offer = offer_of("float64")
    for case in all_cases(0, "float64"):
        case.answer(offer)


if __name__ == "__main__":
    main()
