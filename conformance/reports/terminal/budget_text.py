"""Budgets as a person reads them in a terminal: of all parts of an answer, or of one number."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from conformance.cases.budget_origin import PartBudget
from golden.budgets import ROUNDING_SHARE, SPREAD_FACTOR, TENSOR_SHARE, UNIT_ROUNDOFF, Precision

from .safe_console import columns, put


def show(
    parts: Sequence[PartBudget], slug: str, precision: Precision | None, console: Console
) -> None:
    """Print a row for each part of an answer, or, given its precision, explain the only one."""
    if not parts:
        put(console, f"{slug}: no number of its answer is rounded, so all are compared exactly")
    elif precision is not None:
        put(console, "\n".join(_sentences(parts[0], precision)))
    else:
        table = columns("part", ">budget", ">spread", ">enclosure")
        for part in parts:
            spread = "" if part.sigma is None else f"{part.sigma:.2g}"
            radius = "" if part.radius is None else f"{part.radius:.1g}"
            table.add_row(part.pointer, f"{part.budget:.2g}", spread, radius)
        console.print(table)


def _sentences(part: PartBudget, precision: Precision) -> Iterator[str]:
    """A number's budget, and what it follows from."""
    yield part.pointer
    yield f"  expected  {part.expected!r}"
    if part.budget == 0:
        yield "  budget    0: this number is exact"
        return
    if part.truth is None:
        yield f"  budget    {part.budget:.3g}, by a rule (golden/budgets.py)"
        return
    rounding = ROUNDING_SHARE * UNIT_ROUNDOFF[precision] * abs(part.truth)
    whole = TENSOR_SHARE * (part.tensor_sigma or 0.0)
    shares = {"its spread": part.sigma or 0.0, "its rounding": rounding, "its tensor": whole}
    decisive = max(shares, key=lambda name: shares[name])
    yield f"  truth     {part.truth!r}, known to {part.radius:.2g}"
    yield f"  spread    {part.sigma:.3g} (root mean square error of {part.replicas} replicas)"
    yield f"  rounding  {rounding:.3g} = {ROUNDING_SHARE} u |truth|"
    yield f"  tensor    {whole:.3g} = {TENSOR_SHARE} of the spread of its {part.values} numbers"
    yield f"  budget    {part.budget:.3g} = {SPREAD_FACTOR} times {decisive}"
