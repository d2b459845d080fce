"""Judges a whole trace: recognizes how it is written, judges every step, and sums up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import UNSET

from conformance.judging.report import NotShown
from golden.budgets import UNIT_ROUNDOFF, Precision
from reference.config import Config
from reference.profiles import MICROGPT

from .checks.free_run import FreeRun
from .checks.initial_weights import wrong_statistics
from .checks.sample_checks import wrong_choice
from .checks.token_checks import wrong_tokens
from .checks.traced_case import TracedCase
from .corpora.corpus_tokens import CorpusTokens
from .model.model_sizes import refuse_large_tokens
from .trace_formats import doubt_half_precision, formats_of
from .trace_judge import TraceJudge
from .trace_lines import trace_lines
from .trace_recognition import LOOKED_AT, first_step_of, loss_of, model_of
from .worth_adding import worth_adding
from .writing.record_lines import Line
from .writing.recorded_steps import RecordedStep, head_of, joined
from .writing.records import INTERMEDIATES, Head, SampleRecord, StepRecord
from .writing.shown_numbers import Formats

Watch = Callable[[int], None]
"""Takes the number of each step before it is judged."""


HALF_BY_SINGLE = 2.0**16
"""The rounding error of bfloat16, in those of float32."""


@dataclass(frozen=True, slots=True)
class JudgedTrace:
    """What a trace shows: its cases, and what it leaves open."""

    head: Head
    config: Config
    precision: Precision
    cases: list[TracedCase]
    steps: int
    judged_steps: int
    samples: int
    notes: list[str]
    not_shown: list[NotShown]


def judge_trace(
    path: Path,
    settings: Mapping[str, Any],
    watch: Watch = lambda _step: None,
    corpus: CorpusTokens | None = None,
) -> JudgedTrace:
    """Judge a trace.

    Args:
        path: the file, or a folder with a file a step; `-` is standard input.
        settings: settings of the configuration, which come before those of the trace.
        watch: takes the number of each step before it is judged.
        corpus: judges the tokens, if the corpus is known that the program was given.

    Raises:
        BadTrace: it is not a trace.
    """
    notes: dict[str, None] = {}
    with trace_lines(path, notes.setdefault) as lines:
        head = head_of(lines)
        items = joined(lines)
        looked_at = list(islice(items, LOOKED_AT))
        steps = [item for item in looked_at if isinstance(item, RecordedStep)]
        first = first_step_of(head, steps, notes.setdefault)
        model = model_of(head, steps, first, settings, notes.setdefault)
        formats = formats_of(head, steps, notes.setdefault)
        judge = TraceJudge(head, model, formats, first, notes.setdefault) if model else None
        cases = _Cases(head, first, judge, corpus)
        cases.take_all(chain(looked_at, items), watch)
        if judge is not None and are_of_single_precision(judge.cases.values(), formats):
            notes.setdefault(
                "All errors are as small as those of single precision. If the program computes "
                'parts or has constants in it, state "precision": "float32" in the first record.'
            )
        if judge is not None and may_be_of_half_precision(judge.cases):
            doubt_half_precision(formats, notes.setdefault)
    return JudgedTrace(
        head,
        model.sizes.config if model else MICROGPT.config,
        formats.precision(*formats.of),
        cases.ended(),
        cases.steps,
        judge.judged_steps if judge else 0,
        cases.samples,
        list(notes),
        list(worth_adding(cases.lacking)),
    )


def are_of_single_precision(cases: Iterable[TracedCase], formats: Formats) -> bool:
    """Whether the wrong numbers of a program in double precision are right in single precision."""
    wrong = [case.worst for case in cases if case.wrong]
    single = UNIT_ROUNDOFF["float32"] / UNIT_ROUNDOFF["float64"]
    return formats.precision(*formats.of) == "float64" and bool(wrong) and max(wrong) <= single


def may_be_of_half_precision(cases: Mapping[str, TracedCase]) -> bool:
    """Whether wrong losses and logits would be right in half precision.

    If they are right, the program computes in a finer one; gradients may be wrong by far, where a
    rounded weight turns a ReLU off.
    """
    forward = [cases[name] for name in ("logits", "loss") if cases[name].steps]
    wrong = [case for case in forward or cases.values() if case.wrong]
    return bool(wrong) and max(case.worst for case in forward or wrong) <= HALF_BY_SINGLE


class _Cases:
    """The cases of a trace, those of single steps in a judge if the trace has weights."""

    def __init__(
        self, head: Head, first: int, judge: TraceJudge | None, corpus: CorpusTokens | None
    ) -> None:
        self.head, self.first, self.judge, self.corpus = head, first, judge, corpus
        self.drawn = TracedCase(
            "random/trace-weights", "draws its first weights as published", "random"
        )
        self.tokenized = TracedCase(
            "tokenizer/trace-tokens", "encodes documents as published", "tokenize"
        )
        self.shuffled = TracedCase(
            "random/trace-documents", "trains on each document once, in shuffled order", "random"
        )
        self.followed = TracedCase(
            "train/trace-losses", "follows the losses of the right program", "train"
        )
        self.sampled = TracedCase(
            "sample/trace-samples", "chooses tokens by its random numbers", "sample"
        )
        self.run = FreeRun()
        self.steps = self.samples = 0
        self.seen: set[str] = set()

    def take_all(self, items: Iterable[RecordedStep | Line], watch: Watch) -> None:
        self._initial_weights()
        for item in items:
            match item:
                case RecordedStep():
                    watch(item.record.step)
                    self._step(item)
                case Line(place, SampleRecord() as record):
                    self._sample(place, record)
        self._run_freely()
        self._documents()

    def ended(self) -> list[TracedCase]:
        """All cases; the losses of a free run only if no step was judged by itself."""
        of_steps = [
            case
            for name, case in (self.judge.cases.items() if self.judge else ())
            if case.steps or name not in INTERMEDIATES
        ]
        free = [self.followed] if self.followed.steps or not self.judged_by_steps else []
        documents = [self.shuffled] if self.corpus else []
        return [self.drawn, self.tokenized, *documents, *of_steps, *free, self.sampled]

    @property
    def judged_by_steps(self) -> bool:
        """Whether steps after the first could be judged, each from the state before it."""
        if self.judge is None:
            return False
        return self.judge.cases["loss"].steps > 1 or self.judge.cases["update"].steps > 0

    @property
    def lacking(self) -> set[str]:
        """The parts that the trace lacks."""
        has = {
            "weights before": self.head.weights is not UNSET,
            "moments": {"m", "v"} <= self.seen,
            "tokenizer": self.tokenized.steps > 0,
            "samples": self.sampled.steps > 0,
        }
        parts = ("tokens", "grads", "weights", "logits", "losses", "learning_rate", "intermediates")
        return {part for part in parts if part not in self.seen} | {
            part for part, is_there in has.items() if not is_there
        }

    def _initial_weights(self) -> None:
        weights = self.judge.before.weights if self.judge else None
        if self.judge is not None and weights is not None:
            order, config = self.judge.evaluations.order, self.judge.model.sizes.config
            wrong = wrong_statistics(weights.numbers, order, config)
            self.drawn.take_words("/weights", next(wrong, ""))

    def _step(self, step: RecordedStep) -> None:
        self.steps += 1
        self.seen |= step.places.keys()
        record = step.record
        tokens = None if record.tokens is UNSET else record.tokens
        if tokens is not None:
            self._tokens(record, tokens)
        self.run.take(record.step - self.first, tokens, loss_of(step))
        if self.judge is not None:
            self.judge.take(step)

    def _tokens(self, record: StepRecord, tokens: list[int]) -> None:
        """Judge the tokens of a step by the corpus, or else by the document in the trace."""
        vocab, at = self.head.vocab, f"/steps/{record.step}/tokens"
        if self.corpus is not None:
            size = self.judge.model.sizes.config.block_size if self.judge else len(tokens)
            self.tokenized.take_words(at, self.corpus.take(record.step - self.first, tokens, size))
        elif record.document is not UNSET and isinstance(vocab, str | list):
            self.tokenized.take_words(at, wrong_tokens(record.document, tokens, list(vocab)))

    def _documents(self) -> None:
        """Judge the vocabulary, and which documents were taken, by the corpus."""
        if self.corpus is None:
            return
        if self.judge is not None:
            size = self.judge.model.sizes.vocab_size
            self.tokenized.take_words("/weights", self.corpus.wrong_vocabulary(size))
        if self.corpus.visits:
            self.shuffled.take_words("/steps", next(self.corpus.wrong_documents(), ""))

    def _sample(self, place: str, sample: SampleRecord) -> None:
        self.samples += 1
        weights = self.judge.before.weights if self.judge else None
        if self.judge is None or weights is None or not weights.is_finite:
            return
        if sample.tokens is UNSET or sample.uniforms is UNSET:
            return
        sizes = self.judge.model.sizes
        refuse_large_tokens(sample.tokens, sizes, f"{place}, at /tokens")
        stated = sample.temperature
        wrong = wrong_choice(
            self.judge.model.machine,
            weights.numbers,
            sample.tokens,
            sample.uniforms,
            sizes.config.temperature if stated is UNSET else stated,
            self.judge.formats.precision("weights"),
        )
        self.sampled.take_words(f"/samples/{sample.sample}", wrong)

    def _run_freely(self) -> None:
        """Judge the losses by a free run, if no later step was judged by itself."""
        judge = self.judge
        if judge is None or self.judged_by_steps or len(self.run.losses) < 2:
            return
        weights = judge.initial_weights(self.head)
        if weights is None or weights.error.any() or not weights.is_finite:
            return
        losses = [judge.formats.bounded("loss", np.array([loss])) for loss in self.run.losses]
        parts = self.run.parts(
            judge.model.machine,
            weights.numbers,
            np.concatenate([loss.error for loss in losses]),
            judge.formats.precision("weights"),
        )
        self.followed.take_losses(parts)
