"""The command line: trains, samples, and prints what the published program prints."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from .config import InvalidConfig
from .corpus import Corpus, UnreadableCorpus, embedded_corpus, read_corpus
from .counting import most_frequent
from .profiles import MICROGPT, PROFILES
from .program import Run
from .trace_writing import USUAL_STEPS, TraceWriter
from .training import collector_paused
from .variation import InvalidVariation, profile_named, varied
from .wrapping import wrapped

MOST_FREQUENT = 10


class _ListingProfiles(click.Command):
    """A command whose help lists the profiles."""

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Profiles"):
            formatter.write_dl([(name, profile.about) for name, profile in PROFILES.items()])


@click.command(cls=_ListingProfiles, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--corpus",
    "corpus_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Documents to train on, one a line. Default: the file that MICROGPT_NAMES names, or "
    "names.txt if `make data` has downloaded it, or else the embedded corpus.",
)
@click.option("--embedded", is_flag=True, help="Train on the embedded corpus.")
@click.option(
    "--profile",
    default=MICROGPT.name,
    show_default=True,
    metavar="NAME",
    help="Which published program to run; they are listed below.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE...",
    help="Change settings of the profile: --set n_embd=32 n_layer=2. Repeatable.",
)
@click.argument("more", nargs=-1, metavar="")
@click.option("--seed", type=click.IntRange(min=0), help="Default: the profile's own.")
@click.option("--steps", type=int, help="Training steps. Default: the profile's own.")
@click.option(
    "--digits",
    type=click.IntRange(1, 17),
    help="Significant digits of the losses; 17 tells any two apart. Default: four decimals, as "
    "published.",
)
@click.option(
    "--tape", is_flag=True, help="The same numbers, bit for bit, hundreds of times faster."
)
@click.option(
    "--trace",
    "trace_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a trace to FILE: the first weights, some steps in full, and the samples.",
)
@click.option("--every-step", is_flag=True, help="With --trace: every step in full.")
@click.option("--download", is_flag=True, help="Download names.txt, check it, and stop.")
def main(
    corpus_path: Path | None,
    embedded: bool,
    profile: str,
    settings: tuple[str, ...],
    more: tuple[str, ...],
    seed: int | None,
    steps: int | None,
    digits: int | None,
    tape: bool,
    trace_path: Path | None,
    every_step: bool,
    download: bool,
) -> None:
    """Train microgpt on a corpus and sample from it, in the canonical arithmetic."""
    if embedded and corpus_path:
        raise click.UsageError("--embedded and --corpus exclude each other")
    if every_step and not trace_path:
        raise click.UsageError("--every-step needs --trace")
    if more and not settings:
        raise click.UsageError(f"{more[0]!r} is not expected here; settings follow --set")
    try:
        if download:
            _download()
            return
        chosen = profile_named(profile)
        config = varied(chosen, (*settings, *more))
        config = config if steps is None else replace(config, num_steps=steps)
        corpus = _corpus(corpus_path, embedded)
        with collector_paused():
            kind = _run_on_tape() if tape and config.gradient != "none" else Run
            run = kind.prepare(config, chosen.seed if seed is None else seed, corpus)
            if trace_path is None:
                run_program(run, run, digits)
            else:
                _run_traced(run, trace_path, digits, every_step=every_step)
            gc.freeze()  # at exit, a search for cycles among so many objects would take long
    except (UnreadableCorpus, InvalidConfig, InvalidVariation) as error:
        _refuse(error)
    except (ArithmeticError, ValueError) as error:  # from the arithmetic of the program
        _refuse(
            f"the numbers have left the range of floats ({error}); a smaller learning rate or "
            "smaller initial weights keep them in it"
        )
    except KeyboardInterrupt:
        print("reference: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of the output has gone; without this, Python would complain at exit.
        sys.stdout = None
        sys.exit(141)


def _run_traced(run: Run, path: Path, digits: int | None, *, every_step: bool) -> None:
    """Run the program while its trace is written."""
    if (run.config.model, run.config.optimizer) != ("gpt", "adam"):
        raise InvalidVariation("a trace is of the final program, microgpt, which trains by Adam")
    recorded = range(run.config.num_steps) if every_step else USUAL_STEPS
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise InvalidVariation(f"{path} cannot be written: {error.strerror}") from None
    with file:
        run_program(run, TraceWriter(run, file.write, recorded), digits)


def run_program(run: Run, steps: Run | TraceWriter, digits: int | None) -> None:
    """Train and sample by `steps`, and print each line as soon as it is known."""
    print(f"num docs: {len(run.documents)}")
    print(f"vocab size: {run.tokenizer.vocab_size}")
    print(f"num params: {run.num_params}", flush=True)
    if run.config.gradient == "by-hand":
        check = run.gradient_check()
        print(
            f"gradient check | loss_n {_shown(check.numerical_loss, digits, 6)} "
            f"| loss_a {_shown(check.loss, digits, 6)} "
            f"| max diff {_shown(check.largest_difference, digits, 8)}",
            flush=True,
        )
    total, weights = run.config.num_steps, run.weights
    for number, (loss, trained) in enumerate(_with_progress(steps, total), start=1):
        print(f"step {number:4d} / {total:4d} | loss {_shown(loss, digits, 4)}", flush=True)
        weights = trained
    if run.config.model == "counts":
        pairs = most_frequent(weights, run.tokenizer, MOST_FREQUENT)
        print("bigram counts | " + " ".join(f"{pair} {count}" for pair, count in pairs))
    print("\n--- inference (new, hallucinated names) ---")
    for number, document in enumerate(steps.samples(weights), start=1):
        print(f"sample {number:2d}: {document}", flush=True)


def _shown(number: float, digits: int | None, decimals: int) -> str:
    """The number with `digits` significant digits, or if None with the published decimals."""
    return f"{number:.{decimals}f}" if digits is None else f"{number:.{digits}g}"


# The functions below import modules that are slow to import and seldom needed.


def _run_on_tape() -> type[Run]:
    from .tape.machine import TapeRun

    return TapeRun


def _download() -> None:
    from .data import DownloadFailed, download_names

    try:
        print(f"{download_names()}: as it should be")
    except DownloadFailed as error:
        _refuse(error)


def _refuse(error: Exception | str) -> NoReturn:
    print(*wrapped(f"reference: {error}"), sep="\n", file=sys.stderr)
    sys.exit(2)


def _corpus(path: Path | None, embedded: bool) -> Corpus:
    if path is None and not embedded:
        from .data import names_path

        path = names_path()
    return embedded_corpus() if path is None else read_corpus(path)


def _with_progress(run: Run | TraceWriter, total: int) -> Iterator[tuple[float, Any]]:
    """The losses and weights of the run, with a progress bar if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield from run.losses()
        return
    from rich.console import Console
    from rich.progress import Progress

    # Printed lines must pass through the bar if, and only if, they go to the same terminal.
    share = sys.stdout.isatty()
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=share) as progress:
        yield from progress.track(run.losses(), total=total, description="training")
