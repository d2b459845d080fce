"""Which of a program's steps are which: counted from 0 or 1, and of how many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from .printed_output import PrintedLoss, Transcript

USUAL_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a program counts: its first step is `base`, of `num_steps`.

    `is_told` says whether it printed how many there are, or the manifest did.
    """

    base: int
    num_steps: int
    is_told: bool

    def losses(self, transcript: Transcript) -> dict[int, PrintedLoss]:
        """The losses printed, by their 0-based step; a last loss without a step is the last."""
        losses = {loss.step - self.base: loss for loss in transcript.losses.values()}
        if not losses and transcript.final:
            losses = {self.num_steps - 1: transcript.final}
        return {step: losses[step] for step in sorted(losses) if 0 <= step < self.num_steps}


def schedule_of(transcript: Transcript, named: int | None) -> Schedule:
    """How a program counts, from all that it printed in a whole run.

    Args:
        transcript: of the run.
        named: how many steps the manifest says there are, if it does.
    """
    steps = sorted(transcript.losses)
    totals = Counter(loss.total for loss in transcript.losses.values() if loss.total)
    told = totals.most_common(1)[0][0] if totals else named
    if not steps:
        return Schedule(1, told or USUAL_STEPS, told is not None)
    total = told or _guessed(steps)
    from_zero = steps[0] == 0 or (steps[-1] == total - 1 and total not in transcript.losses)
    # A single step short of the total may be either; the published program counts from 1.
    from_zero &= total not in transcript.losses
    return Schedule(0 if from_zero else 1, total, told is not None)


def _guessed(steps: list[int]) -> int:
    """The usual number of steps, unless what was printed cannot be a part of so many."""
    gap = max((b - a for a, b in pairwise(steps)), default=USUAL_STEPS)
    if steps[-1] <= USUAL_STEPS <= steps[-1] + gap:
        return USUAL_STEPS
    return steps[-1] + (gap if steps[0] == 0 and len(steps) > 1 else 0)
