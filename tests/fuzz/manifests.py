"""Manifests of ports: any file is one, or it is said in words why it is none."""

import math
from functools import cache
from typing import Any

import numpy as np

from ports_adapter.failures import BadManifest
from ports_adapter.layout import EXAMPLE
from ports_adapter.manifest import OURS, Port, find_port, read_manifest
from ports_adapter.port_toml import FILE

from .folder import folder
from .target import Ending, Target, claim, claim_printable, refused

FILES = (FILE, "Cargo.toml", "package.json")
VARIANTS = ("", "v", "float32")
NAMED = len(FILES) * len(VARIANTS)
"""The choice of `find_port`, whose argument is what is fed."""

WHOLE = b"""\
name = "p"
language = "C"
run = ["./p", "{python}"]
build = ["make", "-s"]
precision = "float32"
kind = "port"
[timeouts]
build = 1.5
start = 1
message = 60.0
[program]
input = "input.txt"
generator = "auto"
seed = 42
n_embd = 16
temperature = 0.5
num_steps = 1000
[[layout]]
ours = ["layer{l}.attn_wq", "layer{l}.attn_wk", "layer{l}.attn_wv"]
port = "block{l}.qkv"
pattern = "p (h d) i -> (h p d) i"
[[layout]]
ours = "lm_head"
pattern = "o i -> i o"
[[layout]]
ours = ["wte", "wpe"]
port = "embeddings"
pattern = "*"
[[layout]]
ours = "layer{l}.attn_wo"
port = "block{l}.head{h}.out"
pattern = "o (h d) -> h o d"
[variants.v]
name = "p, varied"
precision = "float64"
run = ["./p", "-v"]
"""
CARGO = b'[package]\nname = "p"\nversion = "0.1.0"\n[[bin]]\nname = "q"\npath = "q.rs"\n'
PACKAGE = b'{"name": "p", "main": "p.js", "scripts": {"start": "node p.js"}}'


def feed(choice: int, content: bytes) -> Ending:
    try:
        if choice == NAMED:
            find_port(content.decode(errors="surrogateescape"))
            return Ending.ACCEPTED
        file, variant = FILES[choice % len(FILES)], VARIANTS[choice // len(FILES)]
        (folder(file) / file).write_bytes(content)
        port = read_manifest(folder(file) / FILE, variant)
    except BadManifest as error:
        return refused(error)
    check(port)
    return Ending.ACCEPTED


def check(port: Port) -> None:
    times = (port.timeouts.build, port.timeouts.start, port.timeouts.message)
    claim(all(0 < seconds < math.inf for seconds in times), f"time limits of {times}")
    claim(port.run and all(isinstance(word, str) for word in port.run), f"it runs {port.run!r}")
    claim(0 < port.program.temperature < math.inf, f"a temperature of {port.program.temperature}")
    layout = port.layout.arrangement(EXAMPLE, n_head=2)
    for tensor in layout.tensors:
        claim_printable(tensor.port, "a tensor's name")
    again = layout.to_ours(layout.to_port(_numbered()), "")
    claim(again == _numbered(), "a layout does not give back what it was given")


@cache
def _numbered() -> dict[str, Any]:
    """A small model, no two numbers of which are the same."""
    named: dict[str, Any] = {}
    start = 0
    for name, shape in EXAMPLE.items():
        size = int(np.prod(shape))
        named[name] = np.arange(start, start + size, dtype=float).reshape(shape).tolist()
        start += size
    return named


def seeds() -> list[bytes]:
    """One with every key, those of our own ports, what languages' tools keep, and names."""
    manifests = [WHOLE, *(path.read_bytes() for path in sorted(OURS.glob(f"*/{FILE}")))]
    found = [bytes([len(FILES) * n]) + content for content in manifests for n in (0, 1)]
    found += [b"\x01" + CARGO, b"\x02" + PACKAGE]
    return [*found, bytes([NAMED]) + b"python:float32", bytes([NAMED]) + b"../no/such\x00folder:v"]


MANIFEST = Target(
    name="manifest",
    about="`port.toml` and what stands in for it to `read_manifest`, names to `find_port`",
    feed=feed,
    seeds=seeds,
    choices=NAMED + 1,
    share=10,
)
