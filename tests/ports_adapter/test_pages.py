"""A web page as a port: opened in Chromium, asked through `window.microgpt`, judged as any port."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.judging.outcome import ExitCode, Outcome
from ports_adapter.browser.availability import why_no_page
from ports_adapter.client import Client
from ports_adapter.failures import BadManifest, NotStarted, PortError, PortTimedOut
from ports_adapter.manifest import Port, find_port, read_manifest
from tests.support.changed_ports import Change, changed_port
from tests.support.suite import ROOT, case_of, living, run_suite

MANIFEST = 'name = "my page"\nlanguage = "JavaScript"\nkind = "page"\nrun = ["index.html"]\n'
WORKERS = """
  const module = await WebAssembly.instantiateStreaming(fetch("empty.wasm"));
  const worker = new Worker("worker.js");
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const asked = new Promise((done) => (worker.onmessage = ({ data }) => done(data)));
  window.microgpt = {
    async doubled({ x }) {
      worker.postMessage({ x, shared });
      return [await asked, shared[0], String(module.instance)];
    },
  };
"""
ECHO = """
    numbers: ["not a number", "a field of the introduction"],
    echo(params) { console.log("heard", params.text); return params; },
    odd: () => [NaN, -Infinity, -0, 5e-324, 0.1 + 0.2, 10n, new Float32Array([0.1]), undefined],
    count(params, step) { for (let i = 0; i < 3; i++) step({ step: i, loss: -0 }); return {}; },
    fail() { return undefined.gone; },
    refuse() { throw Object.assign(new Error("too large"), { code: -32602 }); },
    async loop() { for (;;); },
"""

Write = Callable[..., Port]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes a page, and gives the port that it is."""

    def write(page: str, manifest: str = MANIFEST) -> Port:
        (tmp_path / "index.html").write_text(page)
        (tmp_path / "port.toml").write_text(manifest)
        return find_port(str(tmp_path))

    return write


def defining(methods: str) -> str:
    return f"<!doctype html>\n<script>\n  window.microgpt = {{{methods}}};\n</script>\n"


def test_a_page_has_longer_to_start_and_is_its_file_alone(written: Write, tmp_path: Path) -> None:
    port = written("")
    assert (port.kind, port.timeouts.start, port.timeouts.message) == ("page", 30.0, 60.0)
    assert port.run[:1] == (sys.executable,)
    slow = written("", MANIFEST + "[timeouts]\nstart = 99\n")
    assert slow.timeouts.start == 99.0
    with pytest.raises(BadManifest, match="run of a page is its HTML file alone"):
        written("", MANIFEST.replace('"]', '", "--fast"]'))
    with pytest.raises(BadManifest, match=r"expected port, program or page, got 'site'"):
        written("", MANIFEST.replace('"page"', '"site"'))


def test_what_a_page_needs_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "index.html"
    assert "index.html does not exist in" in str(why_no_page("index.html", tmp_path))
    page.write_text("")
    (tmp_path / "inner").mkdir()
    assert "is outside of" in str(why_no_page("../index.html", tmp_path / "inner"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert "a page needs Chromium" in str(why_no_page("index.html", tmp_path))
    monkeypatch.setitem(sys.modules, "playwright", None)
    assert "a page needs Playwright: pip install" in str(why_no_page("index.html", tmp_path))


def test_a_page_that_is_not_there_is_an_unusable_port(written: Write, tmp_path: Path) -> None:
    port = written("")
    (tmp_path / "index.html").unlink()
    with pytest.raises(NotStarted, match=r"index\.html does not exist in"):
        run_suite(port, "protocol")


@pytest.mark.slow
@pytest.mark.needs("chromium")
def test_the_page_of_the_how_to_passes(written: Write) -> None:
    how_to = (ROOT / "docs/how-to/judge-a-page.md").read_text()
    page, manifest = (
        how_to.partition(f"```{language}\n")[2].partition("```")[0] for language in ("html", "toml")
    )
    assert manifest == MANIFEST
    port = written(page, manifest)
    report = run_suite(port, "protocol", "layers/softmax*", "layers/linear-square")
    assert report.exit_code is ExitCode.PASS
    assert report.port.methods == ["softmax"]
    assert case_of(report, "layers/linear-square").outcome is Outcome.NOT_OFFERED
    assert case_of(report, "protocol/shutdown").outcome is Outcome.PASS
    assert case_of(report, "layers/softmax-overflow").outcome is Outcome.PASS


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("page", "message"),
    [
        pytest.param(
            "<p>Hello</p>",
            "index.html defines no window.microgpt within 10 s",
            marks=pytest.mark.thorough,
        ),
        ("<script>\nconst x = ;\n</script>", "Unexpected token ';' (index.html:2:11)"),
        ("<script type=module>\nnone();\n</script>", "none is not defined (index.html:2:1)"),
        ("<script type=module src=gone.js></script>", "gone.js is not in the port's folder"),
        ("<script src=https://cdn.invalid/x.js></script>", "x.js is not loaded: a page has no net"),
        ("<script src=../secret.js></script>", "secret.js is not in the port's folder"),
        ("<script>throw 'a string'</script>", "a string (index.html:1:"),
    ],
)
def test_a_page_that_cannot_be_asked_says_why_and_where(
    written: Write, page: str, message: str
) -> None:
    case = case_of(run_suite(written(page), "protocol", "layers/softmax-plain"), FIRST)
    assert case.outcome is Outcome.ERROR
    assert message in case.detail


FIRST = "protocol/initialize"


@pytest.mark.slow
@pytest.mark.needs("chromium")
def test_numbers_cross_unchanged_errors_have_a_line_and_a_loop_ends_with_its_browser(
    written: Write, tmp_path: Path
) -> None:
    port = written(defining(ECHO))

    def ask(method: str, params: dict[str, Any] | None = None) -> Any:
        return client.ask(method, params or {}, object, 20.0)

    with Client(port) as client:
        introduced = ask("initialize")
        assert introduced["methods"] == ["echo", "odd", "count", "fail", "refuse", "loop"]
        assert (introduced["name"], introduced["precision"]) == ("my page", "float64")
        assert introduced["numbers"]
        sent = {"text": '\u2028"\\까치🦉\x00', "x": [5e-324, -0.0, 1 / 3, 1.7976931348623157e308]}
        assert repr(ask("echo", sent)) == repr(sent)
        odd = ask("odd")
        assert repr(odd[2]) == "-0.0"
        assert odd == [
            "NaN", "-Infinity", 0.0, 5e-324, 0.30000000000000004, 10, [0.10000000149011612], None,
        ]  # fmt: skip
        for method, code, message in (
            ("fail", -32603, "reading 'gone') (index.html:8:"),
            ("refuse", -32602, "too large"),
            ("no_such", -32601, "window.microgpt has no function no_such"),
        ):
            with pytest.raises(PortError) as failed:
                ask(method)
            assert failed.value.code == code
            assert message in str(failed.value)
        assert b"heard" in client.log
        assert living(tmp_path)
        with pytest.raises(PortTimedOut):
            client.ask("loop", {}, object, 1.0)
    assert living(tmp_path) == []


@pytest.mark.thorough
@pytest.mark.needs("chromium")
def test_workers_shared_memory_and_webassembly_of_the_folder_work(
    written: Write, tmp_path: Path
) -> None:
    doubling = "onmessage = ({ data }) => { data.shared[0] = 7; postMessage(2 * data.x); };"
    (tmp_path / "worker.js").write_text(doubling)
    (tmp_path / "empty.wasm").write_bytes(b"\0asm\1\0\0\0")
    with Client(written(f"<script type=module>{WORKERS}</script>")) as client:
        client.ask("initialize", {}, object, 30.0)
        got = client.ask("doubled", {"x": 4}, object, 30.0)
    assert got == [8, 7, "[object WebAssembly.Instance]"]


@pytest.mark.slow
@pytest.mark.needs("chromium")
def test_our_page_sends_each_step_and_passes() -> None:
    report = run_suite("js:page", "protocol", "train/cold-start", "backward/fresh-1")
    assert report.exit_code is ExitCode.PASS
    assert report.port.name == "microgpt in JavaScript, in a browser"


@pytest.mark.slow
@pytest.mark.needs("chromium")
def test_a_mistake_in_the_code_of_our_page_is_found(tmp_path: Path) -> None:
    scale = Change("src/layers.js", "div(query.length ** 0.5)", "div(query.length)")
    report = run_suite(f"{changed_port('js', tmp_path, scale)}:page", "layers", "forward/cold*")
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence == "layers/attention-one-head"


def test_our_page_has_no_code_of_its_own() -> None:
    port = read_manifest(ROOT / "ports_adapter/js/port.toml", "page")
    page = (port.folder / "page.html").read_text()
    assert 'from "./src/methods.js"' in page
    assert len(page.splitlines()) < 10
