"""Judges the steps of a trace, each from the program's own state before it.

The right logits, losses and gradients of a step follow from the weights that the program wrote
after the step before; the right update follows from its own gradients and moments. So each part is
judged from correct inputs, and a mistake is found in the step that makes it. Of the steps before,
only the last state is kept.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from msgspec import UNSET

from .checks.evaluation_checks import EvaluationChecks
from .checks.recorder_slips import recorder_slips
from .checks.traced_case import StepFinding, TracedCase
from .checks.traced_questions import model_question, update_question
from .checks.update_checks import STATE, UpdateChecks, UpdateInput
from .model.model_sizes import refuse_large_tokens
from .model.traced_model import TracedModel
from .writing.raw_numbers import array, raw_tensors
from .writing.record_lines import BadTrace, Note
from .writing.recorded_steps import RecordedStep
from .writing.records import Head
from .writing.shown_numbers import Bounded, Formats

CASES = {
    "intermediates": (
        "forward/trace-nodes",
        "computes the values on the way to the logits",
        "forward",
    ),
    "logits": ("forward/trace-logits", "computes the logits of each position", "forward"),
    "loss": ("forward/trace-loss", "computes the loss", "backward"),
    "intermediate_grads": (
        "backward/trace-node-grads",
        "computes the gradients of these values",
        "backward",
    ),
    "grads": ("backward/trace-grads", "computes the gradients of the loss", "backward"),
    "learning_rate": ("adam/trace-schedule", "lowers the learning rate as published", "adam"),
    "update": ("adam/trace-update", "updates moments and weights by its gradients", "adam"),
}
"""The cases of a trace about training steps: slug, description, method."""


class KnownState(NamedTuple):
    """The state before a step, as far as the trace tells it; `step` is 0-based."""

    step: int
    weights: Bounded | None = None
    m: Bounded | None = None
    v: Bounded | None = None


class TraceJudge:
    """Judges the steps of a trace as they come."""

    def __init__(
        self, head: Head, model: TracedModel, formats: Formats, first: int, note: Note
    ) -> None:
        """Begin before the first step, whose number in the trace is `first`."""
        self.model, self.formats, self.first, self.note = model, formats, first, note
        self.evaluations = EvaluationChecks(model, formats)
        self.updates = UpdateChecks(model.sizes, formats, note, head.num_steps is UNSET)
        self.cases = {name: TracedCase(*case) for name, case in CASES.items()}
        zeros = Bounded.exact(np.zeros(model.sizes.num_weights))
        self.before = KnownState(0, self.initial_weights(head), zeros, zeros)
        self.judged_steps = 0

    def initial_weights(self, head: Head) -> Bounded | None:
        """The weights of the first record, in canonical order."""
        if head.weights is UNSET:
            return None
        where = "the first record, at /weights"
        numbers = self.model.layout.canonical(raw_tensors(head.weights, where), where)
        return self.formats.state(self.formats.bounded("weights", numbers))

    def take(self, step: RecordedStep) -> None:
        """Judge the next step.

        Raises:
            BadTrace: a part has another shape than the model makes it.
        """
        number = step.record.step - self.first
        if number < 0:
            raise BadTrace(f"step {step.record.step} comes before the first step, {self.first}")
        before = self.before if self.before.step == number else KnownState(number)
        judged = self._judged
        grads = self._tensors(step, "grads")
        right_grads = self._evaluation(step, before.weights, grads)
        self._learning_rate(step, number)
        self.before = self._update(step, before, grads or right_grads)
        self.judged_steps += self._judged > judged

    @property
    def _judged(self) -> int:
        """How many parts of steps were judged from the state before them."""
        return sum(case.steps for name, case in self.cases.items() if name != "learning_rate")

    def _evaluation(
        self, step: RecordedStep, weights: Bounded | None, grads: Bounded | None
    ) -> Bounded | None:
        """Judge logits, losses and gradients; give the right gradients, if they are known."""
        tokens = self._tokens(step)
        if weights is None or tokens is None or not weights.is_finite:
            return None
        found = self.evaluations.evaluated(step, weights, tokens, grads)
        if found is None:
            self.note(f"Step {step.record.step} has no finite right answer and was not judged.")
            return None
        precision = self.evaluations.answers.precision
        shown = step.record.intermediates is not UNSET
        for name, parts in found.parts.items():
            if parts:
                self.cases[name].take(
                    StepFinding(
                        step.record.step,
                        parts,
                        lambda: model_question(
                            self.model.sizes, weights.numbers, tokens, intermediates=shown
                        ),
                        precision,
                    )
                )
        return found.grads

    def _learning_rate(self, step: RecordedStep, number: int) -> None:
        if step.record.learning_rate is UNSET:
            return
        got = array(step.record.learning_rate, step.where("learning_rate"), ()).ravel()
        part = self.updates.learning_rate(number, self.formats.bounded("learning_rate", got))
        finding = StepFinding(step.record.step, [part], None, self.formats.precision("weights"))
        self.cases["learning_rate"].take(finding)

    def _update(self, step: RecordedStep, before: KnownState, grads: Bounded | None) -> KnownState:
        """Judge moments and weights after a step; give the state before the next one."""
        after = {kind: self._tensors(step, kind) for kind in STATE}
        weights = self.formats.state(after["weights"])
        known = KnownState(before.step + 1, weights, after["m"], after["v"])
        if not before.step:
            written = self._tensors(step, "grads")
            for words in recorder_slips(step.record.step, before.weights, written, after):
                self.note(words)
        given = _update_input(before, grads)
        if given is None:
            return known
        if any(part is not None for part in after.values()):
            self._compare_update(step, given, after)
        if known.m is None or known.v is None:
            # The program keeps its moments to itself: they follow from its gradients.
            m, v = self.updates.moments(given)
            known = known._replace(m=known.m or m, v=known.v or v)
        return known

    def _compare_update(
        self, step: RecordedStep, given: UpdateInput, after: Mapping[str, Bounded | None]
    ) -> None:
        parts = self.updates.parts(given, after)
        if not parts:
            return
        sizes = replace(self.model.sizes, config=self.updates.reading.config)
        numbers = [part.numbers for part in given[1:]]
        precision = self.formats.precision(*STATE, "grads")
        self.cases["update"].take(
            StepFinding(
                step.record.step,
                parts,
                lambda: update_question(sizes, given.step, *numbers),
                precision,
            )
        )

    def _tokens(self, step: RecordedStep) -> list[int] | None:
        tokens = step.record.tokens
        if tokens is UNSET:
            return None
        refuse_large_tokens(tokens, self.model.sizes, step.where("tokens"))
        return tokens

    def _tensors(self, step: RecordedStep, kind: str) -> Bounded | None:
        """Weights, gradients or moments of a step, in canonical order."""
        value = getattr(step.record, kind)
        if value is UNSET:
            return None
        where = step.where(kind)
        numbers = self.model.layout.canonical(raw_tensors(value, where), where)
        return self.formats.bounded(kind, numbers)


def _update_input(before: KnownState, grads: Bounded | None) -> UpdateInput | None:
    """The inputs of a step's update, if all are known and finite."""
    step, weights, m, v = before
    if weights is None or m is None or v is None or grads is None:
        return None
    given = UpdateInput(step, weights, m, v, grads)
    return given if all(part.is_finite for part in given[1:]) else None
