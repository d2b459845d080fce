"""Level `random`: the random numbers of CPython's `random` module."""

import random

from conformance.oracle import reference_answer
from conformance.oracle.answer import Answer, Exact, Numbers
from conformance.oracle.expected_answer import gauss_budget
from golden.budgets import Precision
from ports_adapter.messages import ChoicesDraw, GaussDraw, RandomDraw, RandomParams, ShuffleDraw

from ..case import Case

Draw = RandomDraw | GaussDraw | ShuffleDraw | ChoicesDraw

WEIGHTS = [0.1, 0.0, 2.5, 0.4, 1.0, 0.0]


def cases(seed: int) -> list[Case]:
    """Each kind of draw by itself, mixed as in the program, and from a fresh seed."""
    drawn = random.Random(f"{seed}/generator")
    fresh_draws: tuple[Draw, ...] = (
        ShuffleDraw(count=drawn.randint(3, 60)),
        _gauss(drawn.randint(1, 9)),
        RandomDraw(count=drawn.randint(1, 9)),
        _choices(drawn.randint(1, 9)),
    )
    about = "draws the same from a seed drawn anew"
    return [
        _case("fresh", about, drawn.randrange(2**31), *drawn.sample(fresh_draws, 4)),
        _case("uniform", "seeds by `init_by_array` and takes 53 bits", 42, RandomDraw(count=20)),
        _case("seed-zero", "takes the seed 0", 0, RandomDraw(count=5)),
        _case("long-stream", "regenerates its state after 624 words", 7, RandomDraw(count=1000)),
        _case("gauss", "draws by Box-Muller, the cosine first", 42, _gauss(10)),
        _case("gauss-cache", "keeps the second value for the next draw", 42, _gauss(3), _gauss(4)),
        _case(
            "gauss-then-uniform", "leaves the cached value alone while drawing uniforms",
            42, _gauss(1), RandomDraw(count=3), _gauss(2),
        ),
        _case("shuffle", "shuffles from the end", 42, ShuffleDraw(count=10)),
        _case("shuffle-one", "draws for lists of 0, 1 and 2", 42, *_shuffles(0, 1, 2)),
        _case("shuffle-many", "rejects what `randbelow` rejects", 1, ShuffleDraw(count=1000)),
        _case("choices", "bisects the running sum of weights", 42, _choices(20)),
        _case(
            "as-the-program", "goes on with one generator: shuffle, gauss, choices",
            42, ShuffleDraw(count=33), _gauss(7), _choices(5), RandomDraw(count=2),
        ),
    ]  # fmt: skip


def _gauss(count: int) -> GaussDraw:
    return GaussDraw(mean=0.0, std=0.08, count=count)


def _choices(count: int) -> ChoicesDraw:
    return ChoicesDraw(weights=WEIGHTS, count=count)


def _shuffles(*counts: int) -> list[ShuffleDraw]:
    return [ShuffleDraw(count=count) for count in counts]


def _case(name: str, about: str, seed: int, *draws: Draw) -> Case:
    params = RandomParams(seed=seed, draws=list(draws))

    def answer(precision: Precision) -> Answer:
        answer: Answer = {}
        for index, (draw, result) in enumerate(
            zip(draws, reference_answer.draw_all(params), strict=True)
        ):
            match draw:
                case GaussDraw(mean=mean, std=std):
                    part = Numbers(result, gauss_budget(mean, std, precision))
                case RandomDraw():
                    part = Numbers(result, 0.0 if precision == "float64" else 2.0**-24)
                case _:
                    answer[f"/results/{index}"] = Exact(result)
                    continue
            answer[f"/results/{index}"] = part
        return answer

    return Case.fixed(f"random/{name}", about, "random", params, answer)
