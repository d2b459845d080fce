"""`conformance recorder`: print the code that writes a trace, in the language of a program."""

from pathlib import Path

import click

from conformance.judging.outcome import ExitCode

from ..ending import fail

RECORDERS = Path(__file__).parents[3] / "ports_adapter/recorders"

LANGUAGES = {
    "clj": "Clojure", "cpp": "C++", "cs": "C#", "erl": "Erlang", "ex": "Elixir", "exs": "Elixir",
    "f90": "Fortran", "fs": "F#", "hs": "Haskell", "jl": "Julia", "js": "JavaScript",
    "kt": "Kotlin", "m": "Octave", "ml": "OCaml", "php": "PHP", "pl": "Perl", "py": "Python",
    "rb": "Ruby", "rkt": "Racket", "rs": "Rust", "scm": "Scheme", "ts": "TypeScript",
}  # fmt: skip
"""Languages by the suffixes of their files, where the name is not the suffix with a capital."""


def recorders() -> dict[str, Path]:
    """The file of each recorder by its language, in alphabetical order."""
    files = {language_of(path): path for path in RECORDERS.glob("recorder.*")}
    return dict(sorted(files.items()))


def language_of(path: Path) -> str:
    """The language of a file, by its suffix."""
    suffix = path.suffix.removeprefix(".")
    return LANGUAGES.get(suffix, suffix.capitalize())


@click.command("recorder")
@click.argument("language", default="")
def recorder(language: str) -> None:
    """Print the code that writes a trace, to be pasted into a program.

    LANGUAGE is a name (`rust`) or the suffix of a file (`rs`). Without it, this lists them.
    """
    known = recorders()
    if not language:
        width = max(map(len, known), default=0)
        for name, path in known.items():
            click.echo(f"{name:{width}}  {path.name}")
        return
    for name, path in known.items():
        if language.lower() in (name.lower(), path.suffix.removeprefix(".").lower()):
            click.echo(path.read_text(encoding="utf-8"), nl=False)
            return
    fail(
        f"there is no recorder in {language!r}; there are {', '.join(known)}",
        ExitCode.USAGE,
    )
