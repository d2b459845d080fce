"""The command line: train, sample, and print what the published program prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from .config import MICROGPT, PROFILES, InvalidConfig
from .corpus import Corpus, UnreadableCorpus, embedded_corpus, read_corpus
from .data import DownloadFailed, download_names, names_path
from .program import Run
from .training import Step


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
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
    type=click.Choice(sorted(PROFILES)),
    default=MICROGPT.name,
    show_default=True,
    help="Which published program to run.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Default: the profile's own.")
@click.option("--steps", type=int, help="Training steps. Default: the profile's own.")
@click.option(
    "--digits",
    type=click.IntRange(1, 17),
    help="Significant digits of the losses; 17 tells any two apart. Default: four decimals, as "
    "published.",
)
@click.option("--download", is_flag=True, help="Download names.txt, check it, and stop.")
def main(
    corpus_path: Path | None,
    embedded: bool,
    profile: str,
    seed: int | None,
    steps: int | None,
    digits: int | None,
    download: bool,
) -> None:
    """Train microgpt on a corpus and sample from it, in the canonical arithmetic."""
    if embedded and corpus_path:
        raise click.UsageError("--embedded and --corpus exclude each other")
    try:
        if download:
            print(f"{download_names()}: as it should be")
            return
        chosen = PROFILES[profile]
        config = chosen.config if steps is None else replace(chosen.config, num_steps=steps)
        corpus = _corpus(corpus_path, embedded)
        run_program(
            Run.prepare(config, chosen.seed if seed is None else seed, corpus), digits=digits
        )
    except (UnreadableCorpus, InvalidConfig, DownloadFailed) as error:
        print(f"reference: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("reference: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has left; Python must not complain about that at exit.
        sys.stdout = None
        sys.exit(141)


def run_program(run: Run, digits: int | None) -> None:
    """Train and sample, printing each line as it is known."""
    print(f"num docs: {len(run.documents)}")
    print(f"vocab size: {run.tokenizer.vocab_size}")
    print(f"num params: {run.num_params}", flush=True)
    weights = run.state.weights
    for step in _with_progress(run):
        loss = f"{step.evaluation.loss:.4f}" if digits is None else _digits(step, digits)
        total = run.config.num_steps
        print(f"step {step.index + 1:4d} / {total:4d} | loss {loss}", flush=True)
        weights = step.state.weights
    print("\n--- inference (new, hallucinated names) ---")
    for number, document in enumerate(run.samples(weights), start=1):
        print(f"sample {number:2d}: {document}", flush=True)


def _digits(step: Step, digits: int) -> str:
    return f"{step.evaluation.loss:.{digits}g}"


def _corpus(path: Path | None, embedded: bool) -> Corpus:
    path = path or (None if embedded else names_path())
    return embedded_corpus() if path is None else read_corpus(path)


def _with_progress(run: Run) -> Iterator[Step]:
    """The run's steps, with a progress bar on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        yield from run.steps()
        return
    from rich.console import Console
    from rich.progress import Progress

    # Lines printed above the bar must go through it only where both share the terminal.
    share = sys.stdout.isatty()
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=share) as progress:
        yield from progress.track(run.steps(), total=run.config.num_steps, description="training")
