"""A broken or hostile file of tensors gets one clear message."""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.runs.tracing import judged_trace_file
from tests.support.command import run
from tests.support.tensor_traces import (
    folder,
    npz,
    raw_safetensors,
    safetensors,
    usual_entries,
)

FLOATS = np.zeros(3)


def refusal(path: Path) -> str:
    with pytest.raises(Unusable) as refused:
        judged_trace_file(path)
    assert refused.value.exit_code is ExitCode.USAGE
    assert len(str(refused.value)) < 700
    return str(refused.value)


NAMES = {
    "no part": ({"optimizer": FLOATS}, "'optimizer' is no part of the first record. Its parts"),
    "a bare matrix": ({"transformer.wte.weight": FLOATS}, "is a matrix; expected weights/ before"),
    "a part of another name": ({"0/gradients/wte": FLOATS}, "Did you mean grads?"),
    "no step": ({"grads/wte": FLOATS}, "has no step; expected its number first, as in 0/grads/wte"),
    "a matrix of the loss": ({"0/loss/x": FLOATS}, "is of loss, which has no matrices"),
    "a part twice": ({"0.tokens": np.array([0, 1])}, "is there twice, or in two forms"),
    "a step twice": ({"00/tokens": np.array([0, 1])}, "is there twice, or in two forms"),
    "two forms": ({"0/grads": FLOATS}, "is there twice, or in two forms"),
    "nothing before the slash": ({"/grads": FLOATS}, "has no known form; entries are named as in"),
    "a number without end": ({"9" * 5000 + "/loss": FLOATS}, "has no known form"),
    "a step too large": ({"9" * 13 + "/loss": np.float64(1)}, "at /step: Expected `int` <="),
    "control characters": ({"\x1b[2J\n": FLOATS}, r"'\\x1b[2J\\n' has no known form"),
}  # fmt: skip


@pytest.mark.parametrize(("more", "words"), NAMES.values(), ids=NAMES)
def test_a_name_that_breaks_the_rule_is_told_what_was_expected(
    more: dict[str, Any], words: str, tmp_path: Path
) -> None:
    for write in (npz, safetensors):
        path = write(tmp_path / f"trace.{write.__name__}", usual_entries() | more)
        assert words in refusal(path)


VALUES = {
    "objects": (
        {"0/loss": np.array([{}], object)},
        "the entry '0/loss' is of object; arrays are of",
    ),
    "fields": ({"0/loss": np.zeros(1, [("a", "f8")])}, "'0/loss' is of [('a', '<f8')]; arrays are"),
    "complex": ({"0/loss": np.complex128(1)}, "'0/loss' is of complex128; arrays are of float16"),
    "dates": ({"0/loss": np.datetime64("2026-01-01")}, "is of datetime64[D]; arrays are of"),
    "long doubles": ({"0/loss": np.longdouble(1)}, "is of float128; arrays are of float16"),
    "unnamed bfloat16": ({"0/loss": np.zeros(1, "V2")}, "may be bfloat16: NumPy does not write"),
    "text as loss": ({"0/loss": "three"}, "at /loss: 'three' is not a number"),
    "fractions as tokens": ({"0/tokens": np.array([0.5, 1])}, "at /tokens/0: Expected `int`, got"),
    "NaN as tokens": ({"0/tokens": np.array([np.nan, 1])}, "at /tokens/0: Expected `int`, got"),
    "tokens of a batch": ({"0/tokens": np.zeros((2, 3), int)}, "at /tokens/0: Expected `int`, got"),
    "too many tokens": ({"0/tokens": np.zeros(2**20 + 1, bool)}, "tokens of step 0 has the shape"),
    "a token too large": ({"0/tokens": np.array([0, 999])}, "there is a token 999"),
    "no layer": ({"n_layer": np.array(0)}, "the first record, at /n_layer: Expected `int` >= 1"),
    "two heads": ({"n_head": np.array([4, 4])}, "the first record, at /n_head: Expected `int`"),
    "a matrix of another shape": (
        {"1/grads/wte": np.zeros((3, 16))},
        "step 1, at /grads: wte: 48 numbers in place of 432",
    ),
    "losses of another shape": ({"0/losses": FLOATS}, "step 0, at /losses: expected the shape"),
    "no array of losses": ({"0/loss": FLOATS}, "step 0, at /loss: expected one number, got"),
}


@pytest.mark.parametrize(("more", "words"), VALUES.values(), ids=VALUES)
def test_a_value_that_is_none_is_refused(more: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refusal(npz(tmp_path / "trace.npz", usual_entries() | more))


def member(path: Path, header: dict[str, Any], content: bytes, **how: Any) -> Path:
    """An npz file whose entry `0/loss` has a header that NumPy would not write."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(path, "w", **how) as archive:
        archive.writestr("0/loss.npy", stream.getvalue() + content)
    return path


LIES = {
    "a huge shape": ({"shape": (10**12,)}, bytes(8), "8000000000000 bytes, but 8 bytes are there"),
    "a shape beyond 64 bits": ({"shape": (2**62, 4)}, bytes(8), "but 8 bytes are there"),
    "a negative shape": ({"shape": (-1,)}, bytes(8), "but 8 bytes are there"),
    "too many bytes": ({"shape": (1,)}, bytes(80), "8 bytes, but 80 bytes are there"),
    "no bytes": ({"descr": "<U0", "shape": (10**9,)}, b"", "'0/loss'"),
    "no characters": ({"descr": "<U1", "shape": ()}, b"\xff" * 4, "'0/loss' has characters that"),
    "surrogates": ({"descr": "<U1", "shape": ()}, b"\0\xd8\0\0", "'0/loss' has characters that"),
    "many axes": ({"shape": (1,) * 70}, bytes(8), "'0/loss' cannot be read"),
}


@pytest.mark.parametrize(("header", "content", "words"), LIES.values(), ids=LIES)
def test_a_header_that_lies_is_not_believed(
    header: dict[str, Any], content: bytes, words: str, tmp_path: Path
) -> None:
    whole = {"descr": "<f8", "fortran_order": False} | header
    assert words in refusal(member(tmp_path / "trace.npz", whole, content))


@pytest.mark.slow
def test_what_unpacks_to_far_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "trace.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("0/grads.npy", "w", force_zip64=True) as file,
    ):
        for _ in range(513):
            file.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 22
    assert "step 0 has 513 MiB, more than the 512 MiB that are read" in refusal(path)


def patched(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


def test_a_file_that_is_cut_off_is_no_whole_one(tmp_path: Path) -> None:
    whole = npz(tmp_path / "trace.npz", usual_entries())
    assert "it is not a whole npz file" in refusal(patched(whole, lambda content: content[:-1000]))
    assert "it is not a whole npz file" in refusal(patched(whole, lambda _content: b""))
    whole = safetensors(tmp_path / "trace.safetensors", usual_entries())
    cut = patched(whole, lambda content: content[:-1])
    assert "it is not a whole safetensors file (Error while des" in refusal(cut)
    assert "it is not a whole safetensors file" in refusal(patched(whole, lambda _content: b""))
    inside = folder(tmp_path / "trace", usual_entries(), safetensors)
    patched(inside / "step_0001.safetensors", lambda content: content[:-1])
    assert "trace: step_0001.safetensors: it is not a whole" in refusal(inside)


def test_a_changed_byte_is_noticed_by_the_checksum(tmp_path: Path) -> None:
    path = npz(tmp_path / "trace.npz", {"0/loss": np.full(4, 0.1)})
    patched(path, lambda content: content.replace(np.float64(0.1).tobytes(), bytes(8), 1))
    assert "'0/loss' cannot be read: Bad CRC-32" in refusal(path)


def test_what_torch_save_writes_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    assert "np.savez and safetensors write files that are read, torch.save does not" in refusal(
        path
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_an_archive_has_twice_is_refused(tmp_path: Path) -> None:
    path = npz(tmp_path / "trace.npz", usual_entries())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("0/loss.npy", b"")
    assert "the entry '0/loss' is there twice" in refusal(path)


def test_a_type_of_safetensors_that_no_program_trains_in_is_refused(tmp_path: Path) -> None:
    arrays = {"0/loss": ("F8_E4M3", [2], bytes(2))}
    words = "the entry '0/loss' is of F8_E4M3; arrays are of float16, bfloat16"
    assert words in refusal(raw_safetensors(tmp_path / "trace.safetensors", arrays))


HEADERS = {
    "too long": struct.pack("<Q", 2**60) + b"{}",
    "no JSON": struct.pack("<Q", 2) + b"{]",
    "a shape beyond the file": {
        "0/loss": {"dtype": "F64", "shape": [2**40], "data_offsets": [0, 8]}
    },
    "overlapping": {
        "0/loss": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]},
        "1/loss": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]},
    },
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_of_safetensors_that_lies_is_not_believed(header: Any, tmp_path: Path) -> None:
    path = tmp_path / "trace.safetensors"
    text = json.dumps(header).encode() if isinstance(header, dict) else b""
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(8) if text else header)
    assert "it is not a whole safetensors file (" in refusal(path)


FOLDERS = {
    "no tensors": ({"notes.txt": None}, "the folder has no .npz and no .safetensors file"),
    "a number in an entry": (
        {"step_0000.npz": {"0/loss": FLOATS}},
        "step_0000.npz: the entry '0/loss' has a number; in a folder, a step is a file",
    ),
    "two numbers": (
        {"run_2_0001.npz": {"loss": FLOATS}},
        "run_2_0001.npz: it is open which number of its name is that of the step; name it as",
    ),
    "a step without a number": (
        {"first.npz": {"loss": FLOATS}},
        "first.npz: the entry 'loss' is of a step; expected it in a file with a number",
    ),
    "a part in two files": (
        {"1.npz": {"loss": FLOATS}, "step_0001.npz": {"loss": FLOATS}},
        "step_0001.npz: step 1 has loss already, in 1.npz",
    ),
    "the first record in two files": (
        {"header.npz": {"n_head": np.array(4)}, "init.npz": {"n_head": np.array(4)}},
        "init.npz: n_head is in another file without a number, too",
    ),
}


@pytest.mark.parametrize(("files", "words"), FOLDERS.values(), ids=FOLDERS)
def test_a_folder_that_breaks_the_rule_is_told_what_was_expected(
    files: dict[str, Any], words: str, tmp_path: Path
) -> None:
    for name, inside in files.items():
        if inside is None:
            (tmp_path / name).write_text("")
        else:
            npz(tmp_path / name, inside)
    assert words in refusal(tmp_path)


def test_what_is_not_of_the_trace_is_said_not_to_be_read(tmp_path: Path) -> None:
    inside = folder(tmp_path / "trace", usual_entries(), safetensors)
    (inside / "notes.txt").write_text("")
    found = usual_entries() | {"author": "me", "format": "pt"}
    for path, words in (
        (inside, "In the folder only .npz and .safetensors files are read, not notes.txt."),
        (safetensors(tmp_path / "a.safetensors", found), "the metadata 'author' is not known"),
    ):
        report = judged_trace_file(path)[0]
        assert report.exit_code is ExitCode.PASS
        assert report.trace is not None
        assert words in " ".join(report.trace.notes)


def test_tensors_are_not_taken_for_lines(tmp_path: Path) -> None:
    whole = npz(tmp_path / "trace.npz", {"0/loss": FLOATS}).read_bytes()
    (tmp_path / "zipped").write_bytes(gzip.compress(whole))
    assert "read from a file, not from a pipe, and not gzipped" in refusal(tmp_path / "zipped")
    np.save(tmp_path / "trace.npy", FLOATS)
    assert "np.savez writes arrays by name" in refusal(tmp_path / "trace.npy")


def test_the_command_refuses_a_bad_file_in_one_message(tmp_path: Path) -> None:
    path = npz(tmp_path / "trace.npz", {"0/grad/wte": FLOATS})
    done = run("conformance", "trace", path)
    assert done.returncode == ExitCode.USAGE
    words = "the entry '0/grad/wte' is no part of step 0. Did you mean grads?"
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
