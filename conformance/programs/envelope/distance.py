"""How far printed losses are from the oracle's, with a limit and a false-alarm rate.

Steps are grouped into windows whose width grows geometrically, since a single document must not
decide. The features of a run are the mean logarithms of the lower and the higher half of each
window's losses. The distance of a run is its Mahalanobis distance from the oracle's runs over
many seeds. The limit is set by runs that are held out of that measurement: only one correct run
in `1 / FALSE_ALARMS` exceeds it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..printed_output import PrintedLoss
from .reference_losses import SMALLEST, Curves

Array = NDArray[np.float64]

FALSE_ALARMS = 1e-3
"""The share of correct programs that may be rejected, over all corpora together."""

FOLDS = 8
RIDGE = 0.02
"""Share of each feature's variance that is added to it, since features are nearly dependent."""

TAIL = 0.15
"""The share of the largest held-out distances that the limit is extrapolated from."""

SPLIT_FROM = 4
"""Windows with at least so many losses are split into a lower and a higher half."""


@dataclass(frozen=True, slots=True)
class Window:
    """The printed losses of the 0-based steps `first` to `end - 1`, or one half of them."""

    first: int
    end: int
    columns: slice
    half: str = ""

    def of(self, losses: Array) -> Array:
        """The mean of each run: `[runs]`, from losses `[runs][steps]`."""
        chosen = np.sort(losses[:, self.columns], axis=1)
        middle = chosen.shape[1] // 2
        if self.half == "lower":
            chosen = chosen[:, :middle]
        elif self.half == "higher":
            chosen = chosen[:, middle:]
        mean: Array = chosen.mean(axis=1)
        return mean

    def __str__(self) -> str:
        if self.end - self.first == 1:
            return f"the loss of step {self.first + 1}"
        part = f"the {self.half} half of " if self.half else ""
        return f"{part}the losses of steps {self.first + 1} to {self.end}"


@dataclass(frozen=True, slots=True)
class Fit:
    """How far a program's losses are from the oracle's.

    `distance` is in limits; above 1, the program is rejected. `window` describes the window that
    differs most: the program has `got` nats there, the oracle's runs have `expected` with the
    standard deviation `spread`.
    """

    distance: float
    losses: int
    window: str
    expected: float
    spread: float
    got: float

    @property
    def is_honest(self) -> bool:
        """Whether the distance is within the limit."""
        return self.distance <= 1


@dataclass(frozen=True)
class Envelope:
    """The oracle's runs at the steps that a program prints, rounded to its digits.

    `center` and `spread` are the means and standard deviations of the features, `precision` is
    the inverse of their covariance, and `limit` is the largest squared distance that passes.
    """

    windows: Sequence[Window]
    unit: float
    center: Array
    spread: Array
    precision: Array
    limit: float

    @classmethod
    def of(
        cls, curves: Curves, steps: Sequence[int], unit: float, num_steps: int, alarm: float
    ) -> Self:
        """Compute the envelope of the oracle's losses.

        Args:
            curves: the oracle's losses `[seeds][steps]`.
            steps: the printed 0-based steps in order, at least one.
            unit: the value of one unit in the last printed digit.
            num_steps: the steps of the whole training.
            alarm: the share of correct runs that may exceed the limit.
        """
        windows = windows_of(steps, num_steps)
        shown = curves[:, list(steps)]
        honest = features(shown.astype(np.float64), unit, windows)
        rounding = _rounding(shown, unit, windows)
        return cls(
            windows=windows,
            unit=unit,
            center=honest.mean(axis=0),
            spread=np.sqrt(honest.var(axis=0) + rounding),
            precision=_precision(honest, rounding),
            limit=_limit(_held_out(honest, rounding), alarm),
        )

    def fit(self, printed: Mapping[int, PrintedLoss]) -> Fit:
        """Compare the losses printed at the envelope's steps, all of them finite."""
        losses = np.array([[printed[step].value for step in sorted(printed)]])
        got = features(losses, self.unit, self.windows)
        off = got[0] - self.center
        squared = _squares(got - self.center, self.precision)[0]
        worst = int(np.argmax(np.abs(off) / self.spread))
        expected = math.exp(self.center[worst])
        return Fit(
            distance=math.sqrt(squared / self.limit),
            losses=len(printed),
            window=str(self.windows[worst]),
            expected=expected,
            spread=expected * float(self.spread[worst]),
            got=math.exp(got[0][worst]),
        )


def unit_of(printed: Mapping[int, PrintedLoss]) -> float:
    """The value of one unit in the last printed digit; trailing zeros may be missing."""
    return min(loss.unit for loss in printed.values())


def windows_of(steps: Sequence[int], num_steps: int) -> list[Window]:
    """Windows over the printed steps: of 1, 1, 2, 4, 8, ... steps, and the end of the training."""
    late = (int(num_steps * share) for share in (0.5, 0.75, 0.9, 1.0))
    edges = sorted({0, *(2**power for power in range(9) if 2**power < num_steps), *late})
    windows = []
    for first, end in pairwise(edges):
        low, high = np.searchsorted(steps, (first, end))
        if high - low >= SPLIT_FROM:
            windows += [Window(first, end, slice(low, high), h) for h in ("lower", "higher")]
        elif high > low:
            windows.append(Window(first, end, slice(low, high)))
    return windows


def features(losses: Array, unit: float, windows: Sequence[Window]) -> Array:
    """The features `[runs][windows]` of losses `[runs][steps]`, rounded to multiples of `unit`."""
    shown = np.round(losses / unit) * unit if unit else losses
    logs = np.log(np.maximum(shown, max(unit / 2, SMALLEST)))
    return np.stack([window.of(logs) for window in windows], axis=1)


def _rounding(curves: Curves, unit: float, windows: Sequence[Window]) -> Array:
    """The largest variance of each feature due to rounding of the last digit."""
    share = (np.maximum(unit, SMALLEST) / 4 / np.maximum(curves, unit / 2 + SMALLEST)) ** 2
    return np.array([float(share[:, window.columns].mean()) for window in windows])


def _precision(honest: Array, rounding: Array) -> Array:
    """The inverse of the features' covariance, widened by the ridge and by rounding."""
    deviations = honest - honest.mean(axis=0)
    covariance = deviations.T @ deviations / max(1, len(honest) - 1)
    inverse: Array = np.linalg.inv(covariance + np.diag(RIDGE * np.diag(covariance) + rounding))
    return inverse


def _squares(off: Array, precision: Array) -> Array:
    """The squared distance of each row of deviations, divided by the number of features."""
    squares: Array = np.einsum("ij,jk,ik->i", off, precision, off) / off.shape[1]
    return squares


def _held_out(honest: Array, rounding: Array) -> Array:
    """The squared distance of each run from the runs of the other folds."""
    fold = np.arange(len(honest)) % FOLDS
    distances = np.empty(len(honest))
    for part in range(FOLDS):
        others = honest[fold != part]
        off = honest[fold == part] - others.mean(axis=0)
        distances[fold == part] = _squares(off, _precision(others, rounding))
    return distances


def _limit(distances: Array, alarm: float) -> float:
    """The squared distance that a share `alarm` of correct runs exceeds.

    The tail of the distances decays exponentially or faster. The decay is measured on the largest
    held-out distances, and made slower by its standard error.
    """
    bulk = float(np.quantile(distances, 1 - TAIL))
    beyond = distances[distances > bulk] - bulk
    if not beyond.size:
        return max(float(distances.max()), SMALLEST)
    decay = float(beyond.mean()) * (1 + 1 / math.sqrt(beyond.size))
    return max(bulk + decay * math.log(TAIL / alarm), float(distances.max()), SMALLEST)
