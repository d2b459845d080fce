"""The losses of many seeds, among which those of an honest program lie."""

import numpy as np
import pytest

from conformance.programs.envelope.designs import designed, natural
from conformance.programs.envelope.distance import FALSE_ALARMS, Envelope
from conformance.programs.envelope.reference_losses import (
    curves_of,
    packed,
    shipped,
    simulated,
    unpacked,
)
from conformance.programs.printed_output import PrintedLoss
from conformance.programs.watcher import Watcher
from reference.profiles import MICROGPT


@pytest.mark.slow
def test_the_curves_that_come_with_us_are_the_oracles() -> None:
    config = MICROGPT.config
    for design in (natural(), *designed(config.block_size)):
        kept = shipped(design)
        again = simulated(design, config, [0, 255])
        assert np.abs(np.log(kept[[0, 255]]) - np.log(again)).max() < 2e-4, design.name


def test_packing_curves_keeps_them() -> None:
    curves = np.exp(np.random.default_rng(1).normal(size=(5, 7))).astype(np.float32)
    assert np.abs(np.log(unpacked(packed(curves))) - np.log(curves)).max() < 1e-4


def test_honest_runs_lie_within_the_limit() -> None:
    config = MICROGPT.config
    for design in designed(config.block_size):
        known = curves_of(design, config, Watcher())
        steps = range(known.shape[1])
        envelope = Envelope.of(known, steps, 1e-4, config.num_steps, FALSE_ALARMS / 4)
        for run in known[:24]:
            printed = {
                k: PrintedLoss(k, None, round(float(loss), 4), 1e-4, "")
                for k, loss in enumerate(run)
            }
            assert envelope.fit(printed).is_honest
