"""How a program numbers its steps: from 0 or from 1, and how many there are."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from .printed_output import PrintedLoss, Transcript

USUAL_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Schedule:
    """The number `base` of a program's first step, and the number of steps.

    `is_stated` says whether the program or the manifest states the number of steps.
    """

    base: int
    num_steps: int
    is_stated: bool

    def losses(self, transcript: Transcript) -> dict[int, PrintedLoss]:
        """The printed losses by 0-based step; a final loss without a step is the last step's."""
        losses = {loss.step - self.base: loss for loss in transcript.losses.values()}
        if not losses and transcript.final:
            losses = {self.num_steps - 1: transcript.final}
        return {step: losses[step] for step in sorted(losses) if 0 <= step < self.num_steps}


def schedule_of(transcript: Transcript, named: int | None) -> Schedule:
    """How a program numbers its steps, from the output of a whole run.

    Args:
        transcript: the output.
        named: the number of steps in the manifest, or None.
    """
    steps = sorted(transcript.losses)
    totals = Counter(loss.total for loss in transcript.losses.values() if loss.total)
    stated = totals.most_common(1)[0][0] if totals else named
    if not steps:
        return Schedule(1, stated or USUAL_STEPS, stated is not None)
    total = stated or _guessed(steps)
    from_zero = steps[0] == 0 or (steps[-1] == total - 1 and total not in transcript.losses)
    # A single step before the last fits both; the published program counts from 1.
    from_zero &= total not in transcript.losses
    return Schedule(0 if from_zero else 1, total, stated is not None)


def _guessed(steps: list[int]) -> int:
    """1000 steps if the printed ones fit, and the number that fits them best if not."""
    gap = max((b - a for a, b in pairwise(steps)), default=USUAL_STEPS)
    if steps[-1] <= USUAL_STEPS <= steps[-1] + gap:
        return USUAL_STEPS
    return steps[-1] + (gap if steps[0] == 0 and len(steps) > 1 else 0)
