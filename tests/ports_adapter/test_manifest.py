"""The manifest of a port: what may stand in it, and what is said when it is wrong."""

from pathlib import Path

import pytest

from ports_adapter.failures import BadManifest
from ports_adapter.manifest import find_port, missing_tool, read_manifest
from ports_adapter.port_toml import FILE

MINIMAL = 'name = "p"\nlanguage = "C"\nrun = ["./p"]\n'


def written(folder: Path, content: str) -> Path:
    path = folder / FILE
    path.write_text(content)
    return path


def test_three_keys_are_enough(tmp_path: Path) -> None:
    port = read_manifest(written(tmp_path, MINIMAL))
    assert (port.name, port.precision, port.build, port.run) == ("p", "float64", (), ("./p",))
    assert port.folder == tmp_path


def test_python_stands_for_the_python_that_runs_us(tmp_path: Path) -> None:
    import sys

    content = MINIMAL.replace('"./p"', '"{python}", "p.py"')
    assert read_manifest(written(tmp_path, content)).run == (sys.executable, "p.py")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name = 3", "Expected `str`, got `int` - at key `name`"),
        ('name = "p"\nrun = ["x"]', "it lacks the required key `language`"),
        (MINIMAL + "biuld = []", "unknown key biuld; did you mean build"),
        (MINIMAL + "[timeouts]\nmesage = 3", r"unknown key timeouts\.mesage; did you mean"),
        (MINIMAL + "[timeouts]\nmessage = 0", r"timeouts\.message must be more than 0"),
        (MINIMAL + 'precision = "float16"', "expected float64 or float32, got 'float16'"),
        (MINIMAL + 'build = "make"', "Expected `array`, got `str` - at key `build`"),
        (MINIMAL.replace('["./p"]', "[]"), "run is empty"),
        (MINIMAL + "[timeouts]\nstart = nan", r"timeouts\.start must be more than 0"),
        (MINIMAL + "[timeouts]\nbuild = 1e12", r"timeouts\.build must be .* and at most 1000000"),
        (MINIMAL + "[program]\ntemperature = inf", "temperature must be more than 0 and finite"),
        (MINIMAL + '"\\u001b[2J" = 1', r"unknown key \\x1b\[2J"),
        ("name = ", "is not TOML"),
        (f"name = {'9' * 5000}", "is not TOML: Exceeds the limit"),
        (f"name = {'[' * 5000}", "is not TOML: maximum recursion depth"),
        ("", "it lacks the required key `name`"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong_and_where(
    tmp_path: Path, content: str, message: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(BadManifest, match=message) as raised:
        read_manifest(path)
    assert str(path) in str(raised.value)


def test_a_missing_folder_and_a_missing_manifest_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"there is no folder 'nowhere'.*js, js:page, python"):
        find_port("nowhere")
    with pytest.raises(BadManifest, match=r"has no port.toml.*name, language and run"):
        find_port(str(tmp_path))


def test_a_name_that_no_folder_can_have_is_no_folder() -> None:
    for name in ("x" * 5000, "a/" * 5000, "nul\x00", f"{'x' * 5000}:variant"):
        with pytest.raises(BadManifest, match="there is no folder"):
            find_port(name)


def test_a_port_is_found_by_name_by_folder_and_by_its_manifest() -> None:
    ours = find_port("js")
    assert find_port(str(ours.folder)).name == ours.name
    assert find_port(str(ours.folder / FILE)).name == ours.name


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert (
        missing_tool(("no-such-tool",), tmp_path) == "no-such-tool is not installed, or not on PATH"
    )
    assert "does not exist" in str(missing_tool(("./p",), tmp_path))
    (tmp_path / "p").write_text("#!/bin/sh\n")
    assert missing_tool(("./p",), tmp_path) == "./p is not executable"
    (tmp_path / "p").chmod(0o755)
    assert missing_tool(("./p",), tmp_path) is None


VARIED = MINIMAL + (
    '[variants.single]\nname = "p, single"\nrun = ["./p", "-s"]\nprecision = "float32"\n'
)


def test_a_variant_differs_in_what_it_says_alone(tmp_path: Path) -> None:
    written(tmp_path, VARIED)
    plain, single = find_port(str(tmp_path)), find_port(f"{tmp_path}:single")
    assert (plain.name, plain.precision, plain.run) == ("p", "float64", ("./p",))
    assert (single.name, single.precision, single.run) == ("p, single", "float32", ("./p", "-s"))
    assert (single.language, single.label) == ("C", f"{tmp_path}:single")


@pytest.mark.parametrize(
    ("variant", "content", "message"),
    [
        ("double", VARIED, "no variant 'double'; known are single"),
        ("double", MINIMAL, "no variant 'double'; known are none"),
        ("v", MINIMAL + "[variants.v]\nnmae = 'x'", "unknown key variants.v.nmae; did you mean"),
        ("v", MINIMAL + "[variants.v]\nname = 3", "in variants.v: Expected `str`, got `int`"),
        ("v", MINIMAL + "[variants]\nv = 3", "Expected `object`, got `int` - at key `variants"),
    ],
)
def test_a_wrong_variant_says_what_is_wrong(
    tmp_path: Path, variant: str, content: str, message: str
) -> None:
    written(tmp_path, content)
    with pytest.raises(BadManifest, match=message):
        find_port(f"{tmp_path}:{variant}")


def test_a_folder_may_have_a_colon_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "a:b"
    folder.mkdir()
    written(folder, MINIMAL)
    assert find_port(str(folder)).name == "p"


@pytest.mark.parametrize(
    ("file", "content", "language", "run"),
    [
        ("Package.swift", "", "Swift", ("swift", "run", "-c", "release", "--skip-build")),
        ("Cargo.toml", '[package]\nname = "p"', "Rust", ("target/release/p",)),
        ("Cargo.toml", '[package]\nname = "p"\n[[bin]]\nname = "q"', "Rust", ("target/release/q",)),
        ("package.json", '{"name": "p", "main": "p.js"}', "JavaScript", ("node", "p.js")),
        (
            "package.json", '{"scripts": {"start": "node p.js"}}', "JavaScript",
            ("npm", "run", "--silent", "start"),
        ),
    ],
)  # fmt: skip
def test_a_folder_without_a_manifest_is_recognised_by_its_languages_own(
    tmp_path: Path, file: str, content: str, language: str, run: tuple[str, ...]
) -> None:
    (tmp_path / file).write_text(content)
    port = find_port(str(tmp_path))
    assert (port.language, port.run) == (language, run)
    assert bool(port.build) == (language != "JavaScript")


@pytest.mark.parametrize(
    ("file", "content"),
    [("Cargo.toml", "[package"), ("Cargo.toml", "[workspace]"), ("package.json", "[1]"),
     ("package.json", '{"name": "p"}'), ("package.json", '{"scripts": 3}'),
     ("package.json", "[" * 100_000)],
    ids=["no TOML", "no package", "a list", "no program", "no scripts", "nested without end"],
)  # fmt: skip
def test_what_is_not_recognised_needs_a_manifest(tmp_path: Path, file: str, content: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(BadManifest, match=r"has no port\.toml"):
        find_port(str(tmp_path))
