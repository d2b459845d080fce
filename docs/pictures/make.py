"""Make the two pictures of the README: `python -m docs.pictures.make`, from the project's root.

A port with a planted mistake is judged and explained; `terminal.svg` is what the two commands
print, and `debug-page.png` is the top of the page that the second one writes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from tests.support.browsing import launched
from tests.support.planted import KNOWN

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PORT = "my-port"
COLUMNS, ROWS = 80, 34
SOURCE_FOLLOWS = "The smallest case that fails"
"""What `make debug` prints from here on is mostly the source of a test, which is left out."""

COLORS = {1: "red", 2: "green", 3: "yellow"}

SECONDS_TO_TYPE, SECONDS_A_LINE, SECONDS_TO_READ = 1.5, 0.05, 7.0


@dataclass(frozen=True)
class Line:
    """A line on the screen: its pieces of text with their styles, and when it appears."""

    pieces: list[tuple[str, str]]
    second: float


def main() -> None:
    """Make both pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _plant(folder / PORT)
        page = folder / "page.html"
        judged = _printed(folder, "run", PORT, "--seed", "2026")
        explained = _printed(folder, "debug", PORT, "--seed", "2026", "--html", str(page))
        explained = explained.partition(SOURCE_FOLLOWS)[0].rstrip()
        lines = len(explained.splitlines())
        commands = {
            f"make conform PORT={PORT}": judged,
            f"make debug PORT={PORT} HTML=page.html | head -{lines}": explained,
        }
        (HERE / "terminal.svg").write_text(_drawn(commands), encoding="utf-8")
        _photograph(page, HERE / "debug-page.png")


def _plant(folder: Path) -> None:
    """Copy the JavaScript port, and forget to scale its attention scores."""
    mistake = next(one for one in KNOWN if "attention-scale-missing" in one.names)
    shutil.copytree(ROOT / "ports_adapter" / mistake.port, folder)
    file = folder / mistake.file
    source = file.read_text(encoding="utf-8")
    file.write_text(source.replace(mistake.right, mistake.wrong), encoding="utf-8")


def _printed(folder: Path, *arguments: str) -> str:
    """What a command of the suite prints on a terminal of 80 columns, with its colours."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1",
        "TERM": "xterm-256color",
    }  # fmt: skip
    command = [sys.executable, "-m", "conformance", *arguments]
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return ended.stdout


def _drawn(commands: dict[str, str]) -> str:
    """The commands and what they print, line by line, as an animation in an SVG."""
    lines = list(_lines(commands))
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("terminal.svg.j2").render(
        lines=lines,
        seconds=lines[-1].second + SECONDS_TO_READ,
        columns=COLUMNS,
        rows=ROWS,
        names=" and ".join(commands),
    )


def _lines(commands: dict[str, str]) -> Iterator[Line]:
    """Every line of the screen, after a prompt with its command."""
    console = Console(width=COLUMNS, color_system="standard", force_terminal=True)
    second = 0.0
    for command, output in commands.items():
        second += SECONDS_TO_TYPE
        yield Line([("prompt", "$ "), ("bold", command)], second)
        second += SECONDS_TO_TYPE
        for line in Text.from_ansi(output.rstrip()).wrap(console, COLUMNS, overflow="fold"):
            second += SECONDS_A_LINE
            line.rstrip()
            yield Line([_piece(s) for s in line.render(console) if s.text.strip("\n")], second)
        second += SECONDS_TO_READ
        yield Line([], second)


def _piece(segment: Segment) -> tuple[str, str]:
    style = segment.style or Style.null()
    names = ["bold"] if style.bold else ["dim"] if style.dim else []
    if style.color and style.color.number in COLORS:
        names.append(COLORS[style.color.number])
    return " ".join(names), segment.text


def _photograph(page: Path, picture: Path) -> None:
    """The top of a page, as a browser shows it in the light."""
    with launched() as browser:
        view = browser.new_page(viewport={"width": 1280, "height": 1400}, color_scheme="light")
        view.goto(page.as_uri())
        view.screenshot(path=picture)


if __name__ == "__main__":
    main()
