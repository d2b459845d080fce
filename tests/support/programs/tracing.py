"""A small program that trains on input.txt and writes a trace, by the canonical program.

Run as `python tracing.py ROOT [MISTAKE]`, it makes the mistake of the catalogue with that slug.
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from conformance.mistakes import MISTAKES, applied
from reference.config import Config
from reference.corpus import read_corpus
from reference.program import Run
from reference.trace_writing import TraceWriter

SMALL = Config(n_embd=4, n_head=2, block_size=4, num_steps=12, num_samples=0)


def main(mistakes: list[str]) -> None:
    patched = applied(MISTAKES[mistakes[0]].patch()) if mistakes else nullcontext()
    with patched, Path(os.environ["MICROGPT_TRACE"]).open("w") as file:
        run = Run.prepare(SMALL, 42, read_corpus(Path("input.txt")))
        for _ in TraceWriter(run, file.write, range(SMALL.num_steps)).losses():
            file.flush()


main(sys.argv[2:])
