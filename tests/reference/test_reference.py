"""The canonical program."""

import random
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reference.config import Config
from reference.corpus import UnreadableCorpus, corpus_of, documents_of, embedded_corpus, read_corpus
from reference.data import DownloadFailed, download_names, names_path
from reference.model import initial_weights
from reference.profiles import MICROGPT
from reference.program import Run
from reference.sampling import OutOfUniforms, choose_by
from reference.tokenizer import Tokenizer, UnknownCharacter
from reference.training import evaluate
from tests.support.command import run as run_command

NAMES = names_path()
PUBLISHED_SAMPLES = (
    "kamon ann karai jaire vialan karia yeran anna areli kaina "
    "konna keylen liole alerin earan lenne kana lara alela anton"
)
needs_names = pytest.mark.needs("names.txt")


def reference(*arguments: str, timeout: float = 500) -> subprocess.CompletedProcess[str]:
    return run_command("reference", *arguments, timeout=timeout)


@pytest.mark.thorough
@needs_names
def test_a_thousand_steps_on_names_give_the_published_figures_and_the_twenty_names() -> None:
    assert_published(reference("--corpus", str(NAMES), "--digits", "17"))


@pytest.mark.slow
@needs_names
def test_the_published_run_on_the_tape_is_the_published_one() -> None:
    assert_published(reference("--corpus", str(NAMES), "--digits", "17", "--tape"))


def assert_published(run: subprocess.CompletedProcess[str]) -> None:
    lines = run.stdout.splitlines()
    assert lines[:3] == ["num docs: 32033", "vocab size: 27", "num params: 4192"]
    steps = [line for line in lines if line.startswith("step")]
    assert steps[0] == "step    1 / 1000 | loss 3.3659669475848504"
    losses = [float(line.rpartition(" ")[2]) for line in steps]
    assert len(losses) == 1000
    rounded = {step: f"{losses[step - 1]:.4f}" for step in (1, 2, 3, 998, 999, 1000)}
    assert rounded == {
        1: "3.3660", 2: "3.4243", 3: "3.1778", 998: "2.4764", 999: "2.4730", 1000: "2.6497",
    }  # fmt: skip
    samples = [line.rpartition(": ")[2] for line in lines if line.startswith("sample")]
    assert samples == PUBLISHED_SAMPLES.split()


def test_the_embedded_corpus_gives_the_published_sizes() -> None:
    corpus = embedded_corpus()
    assert sorted(set("".join(corpus.documents))) == list("abcdefghijklmnopqrstuvwxyz")
    assert max(map(len, corpus.documents)) == 15
    run = Run.prepare(MICROGPT.config, MICROGPT.seed, corpus)
    assert (run.tokenizer.vocab_size, run.num_params) == (27, 4192)


@pytest.mark.slow
def test_the_program_prints_what_the_published_one_prints() -> None:
    run = reference("--embedded", "--steps", "2")
    lines = run.stdout.splitlines()
    assert lines[3].startswith("step    1 /    2 | loss 3.")
    assert lines[6] == "--- inference (new, hallucinated names) ---"
    assert [line[:10] for line in lines[7:]] == [f"sample {n:2d}:" for n in range(1, 21)]


@pytest.mark.thorough
@pytest.mark.parametrize("steps", ["0", "30"])
def test_on_the_tape_the_program_prints_the_same_to_the_last_digit(steps: str) -> None:
    arguments = ("--embedded", "--steps", steps, "--digits", "17")
    scalar, tape = reference(*arguments), reference(*arguments, "--tape")
    assert scalar.stdout.count("sample ") == 20
    assert (tape.stdout, tape.stderr, tape.returncode) == (scalar.stdout, "", 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no document"), (b" \n\r\n\t", "no document"), (b"ab\xff", "not UTF-8: byte 2 is 0xff")],
)
def test_a_corpus_that_cannot_be_used_says_why(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableCorpus, match=message):
        corpus_of("it", content)


def test_lines_end_at_lf_crlf_and_cr_alone() -> None:
    assert documents_of("a\r\n\rb\n  c\u2028d \n") == ("a", "b", "c\u2028d")


def test_a_file_reads_as_python_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes("jay\r\n\r\n  öwl \rkite".encode())
    with path.open(encoding="utf-8") as file:
        expected = tuple(line.strip() for line in file if line.strip())
    assert read_corpus(path).documents == expected


def test_a_character_outside_the_vocabulary_is_named() -> None:
    with pytest.raises(UnknownCharacter, match="'ß'"):
        Tokenizer.of(["abc"]).encode("aß")


def test_decoding_undoes_encoding() -> None:
    tokenizer = Tokenizer.of(["까치", "owl"])
    assert tokenizer.decode(tokenizer.encode("치owl까")) == "치owl까"


@pytest.mark.slow
def test_gradients_are_the_slopes_of_the_loss() -> None:
    config = Config(n_embd=4, n_head=2, n_layer=2, block_size=4, init_std=0.4)
    weights = initial_weights(config, 4, random.Random(0))
    tokens = [3, 0, 1, 1, 2, 3]
    grads = evaluate(weights, tokens, config).grads
    step = 1e-5
    generator = random.Random(1)
    for name, rows in weights.items():
        i, j = generator.randrange(len(rows)), generator.randrange(len(rows[0]))
        slopes = []
        for sign in (1, -1):
            moved = {key: [list(row) for row in matrix] for key, matrix in weights.items()}
            moved[name][i][j] += sign * step
            slopes.append(evaluate(moved, tokens, config).loss)
        slope = (slopes[0] - slopes[1]) / (2 * step)
        assert grads[name][i][j] == pytest.approx(slope, rel=1e-6, abs=1e-9), name


def test_choices_are_those_of_the_random_module() -> None:
    generator, twin = random.Random(3), random.Random(3)
    weights = [0.3, 0.0, 1.5, 0.2]
    for _ in range(100):
        expected = generator.choices(range(4), weights)[0]
        assert choose_by([twin.random()])(weights) == expected


def test_a_sample_that_runs_out_of_uniforms_says_so() -> None:
    choose = choose_by([0.5])
    choose([1.0])
    with pytest.raises(OutOfUniforms):
        choose([1.0])


def test_a_download_that_is_another_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("not the names")
    target = tmp_path / "data" / "names.txt"
    with pytest.raises(DownloadFailed, match="gave another file"):
        download_names(other.as_uri(), target)
    with pytest.raises(DownloadFailed, match="cannot be downloaded"):
        download_names((tmp_path / "missing").as_uri(), target)
    assert not target.exists()


@needs_names
def test_a_download_of_the_right_file_is_kept(tmp_path: Path) -> None:
    assert NAMES is not None
    target = tmp_path / "data" / "names.txt"
    download_names(NAMES.resolve().as_uri(), target)
    assert target.read_bytes() == NAMES.read_bytes()
    assert list(target.parent.iterdir()) == [target]


def test_other_seeds_give_other_weights() -> None:
    corpus = embedded_corpus()
    config = replace(MICROGPT.config, n_embd=4, n_head=2)
    one, two = (Run.prepare(config, seed, corpus) for seed in (1, 2))
    assert one.state.weights != two.state.weights
    assert one.documents != two.documents
