"""What the server of commands has before it forks: see `tests.support.command`.

The modules that commands import, the kernels that they call, and the cases of seed 1.
"""

import gc

import deepdiff
import hypothesis
import pytest
from pytest_benchmark import plugin

import conformance.cases
import conformance.commands.cli
import conformance.pytest_plugin.port_session
import conformance.runs.debugging
import conformance.runs.merging
import conformance.runs.replaying
import conformance.runs.running
import golden.cli
import reference.cli
from conformance.anatomy.judged_program import PUBLISHED
from conformance.cases.selection import known_slugs
from conformance.surveys.benchmark import measurement

__all__ = ["conformance", "deepdiff", "golden", "hypothesis", "plugin", "pytest", "reference"]

conformance.cases.all_cases(1, "float64")
known_slugs(PUBLISHED, "float64")
# The tests look at what is measured, not at how well.
measurement.SECONDS = 0.1
measurement.REFERENCES = {
    "the reference": ("--steps", "4"),
    "the reference, on its tape": ("--steps", "100", "--tape"),
}
gc.freeze()  # the collector of a command need not go through all this
