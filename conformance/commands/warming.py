"""`python -m conformance.commands.warming`, part of `make setup`: fill the cache before runs.

Compiles the kernels, records the tapes, and derives the answers that are the same in every run.
All are kept on disk, so the first run does not wait for them.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from conformance.cases import all_cases
from conformance.cases.budget_origin import offer_of
from reference.tape.__main__ import main as warm_tapes

PROCESSES = 2


def main() -> None:
    """Fill the cache."""
    warm_tapes()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(derive_answers, range(PROCESSES)))


def derive_answers(part: int) -> None:
    """Derive and keep one part of the answers."""
    offer = offer_of("float64")
    for case in all_cases(0, "float64")[part::PROCESSES]:
        case.answer(offer)


if __name__ == "__main__":
    main()
