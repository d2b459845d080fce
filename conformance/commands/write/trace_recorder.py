"""`conformance recorder`: print the code that writes a trace, in the language of a program."""

from pathlib import Path

import click

from conformance.judging.outcome import ExitCode

from ..ending import fail

RECORDERS = Path(__file__).parents[3] / "ports_adapter/recorders"

LANGUAGES = {
    "cpp": "C++", "cs": "C#", "erl": "Erlang", "ex": "Elixir", "exs": "Elixir", "f90": "Fortran",
    "fs": "F#", "hs": "Haskell", "jl": "Julia", "js": "JavaScript", "kt": "Kotlin",
    "lisp": "Common Lisp", "ml": "OCaml", "numpy": "NumPy", "php": "PHP", "pl": "Perl",
    "py": "Python", "rb": "Ruby", "rs": "Rust", "scm": "Scheme", "torch": "PyTorch",
    "ts": "TypeScript",
}  # fmt: skip
"""What a recorder is for, by its key, where that is not the key with a capital."""

UNTESTED = frozenset({"jl"})
"""Recorders that no test has run in their language, by their keys."""


def recorders() -> dict[str, Path]:
    """The file of each recorder, by what it is for, in alphabetical order."""
    files = {name_of(path): path for path in RECORDERS.glob("recorder*.*")}
    return dict(sorted(files.items()))


def name_of(path: Path) -> str:
    """What a recorder is for: a language, or a library of one."""
    return LANGUAGES.get(key_of(path), key_of(path).capitalize())


def key_of(path: Path) -> str:
    """`rs` of `recorder.rs`, `numpy` of `recorder_numpy.py`."""
    return path.stem.partition("_")[2] or path.suffix.removeprefix(".")


def is_tested(path: Path) -> bool:
    """Whether the suite's tests run a recorder in its language."""
    return key_of(path) not in UNTESTED


@click.command("recorder")
@click.argument("language", default="")
def recorder(language: str) -> None:
    """Print the code that writes a trace, to be pasted into a program.

    LANGUAGE is a name (`rust`) or the suffix of a file (`rs`). Without it, this lists them, and
    says which are not tested.
    """
    known = recorders()
    if not language:
        width = max(map(len, known), default=0)
        for name, path in known.items():
            click.echo(f"{name:{width}}  {path.name}{'' if is_tested(path) else '  (not tested)'}")
        return
    asked = language.lower()
    for name, path in known.items():
        if asked in (name.lower(), key_of(path).lower()):
            click.echo(path.read_text(encoding="utf-8"), nl=False)
            return
    fail(
        f"there is no recorder in {language!r}; there are {', '.join(known)}",
        ExitCode.USAGE,
    )
