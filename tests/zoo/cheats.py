"""Those that would pass without being right, and some that look like it and are right."""

from functools import cache

from conformance.cases.by_level import tokenizer
from conformance.judging.outcome import ExitCode
from conformance.oracle import reference_answer
from ports_adapter.messages import TokenizeParams

from .animal import (
    ASKED,
    FIRST,
    GOODBYE,
    INTRODUCTION,
    LATER,
    WORDS,
    Animal,
    at_words,
    odd,
    wild,
)  # fmt: skip

RECORDED_SEED = 1
LINEAR = "layers/linear-square"
UNENDED = "tokenizer/no-final-newline"


@cache
def recorded() -> str:
    """Right answers to all questions about text of one seed, by text, as a Python literal."""
    texts = [tokenizer.fresh_text(RECORDED_SEED), *(text for _, text in tokenizer.TEXTS.values())]
    answers = {}
    for text in texts:
        right = reference_answer.answer("tokenize", TokenizeParams(text=text, profile="microgpt"))
        names = ("characters", "vocab_size", "tokens")
        answers[text] = {name: getattr(right, name) for name in names}
    return repr(answers)


def parrot(name: str, does: str, lookup: str, seed: int, outcome: str, code: ExitCode) -> Animal:
    """Replays what was recorded of one seed."""
    change = f"""
ANSWERS = {recorded()}
ASKED = iter({[FIRST, WORDS, LATER]!r})
HANDLERS["tokenize"] = lambda r: reply(r, {lookup})
"""
    return wild(name, does, change, outcome, "", decisive=FIRST, seed=seed, exit_code=code)


BY_TEXT = "ANSWERS.get(r['params']['text'], ANSWERS[WORDS])"

EVERYTHING = (
    "methods=['tokenize', 'evaluate', 'linear', 'softmax', 'rmsnorm', 'attention', 'mlp', "
    "'cross_entropy', 'forward', 'backward', 'adam', 'train', 'random', 'sample', 'replicate'], "
    "other_sizes=True, intermediates=True, full_record=True"
)
RANDOM = "random/uniform"

ANIMALS = (
    parrot("parrot", "replays right answers to the questions of another seed", BY_TEXT,
           RECORDED_SEED + 1, "mismatch", ExitCode.FAIL),
    parrot("lucky-parrot", "replays right answers to the questions of the seed that is asked: "
           "no run can tell, which is why each draws its own", BY_TEXT,
           RECORDED_SEED, "pass", ExitCode.PASS),
    wild("counter", "is right twice, and counts the questions",
         """
         seen = []
         def tired(r):
             seen.append(r)
             reply(r, tokens_of(r["params"]["text"] if len(seen) < 3 else WORDS))
         HANDLERS["tokenize"] = tired
         """,
         "mismatch", "/characters", decisive=LATER),
    wild("reciter", "gives its answers in an order that it has learnt, whatever is asked",
         f"""
ANSWERS = iter(list({recorded()}.values()))
HANDLERS["tokenize"] = lambda r: reply(r, next(ANSWERS))
        """.strip(), "mismatch", "/characters", decisive=LATER),
    at_words("dice", "answers differently each time",
             """
             import random
             reply(r, tokens_of(WORDS) | {"vocab_size": 11 + random.randrange(1000)})
             """,
             "mismatch", "/vocab_size: expected 10, got"),
    odd("jitter", "computes with another rounding each time, within what rounding may do",
        """
        import math, random
        def shaken(r):
            a = linear(r["params"])
            a["output"] = [math.nextafter(y, random.choice([-9, 9])) for y in a["output"]]
            reply(r, a)
        HANDLERS["linear"] = shaken
        """,
        asked=(LINEAR,), decisive=LINEAR),
    odd("reader", "remembers what it has been asked, and is right",
        """
        known = {}
        def reading(r):
            text = r["params"]["text"]
            known.setdefault(text, tokens_of(text))
            with open("cache.json", "w") as file:
                json.dump(known, file)
            reply(r, known[text])
        HANDLERS["tokenize"] = reading
        """),
    wild("boaster", "offers a method that it has not",
         "HANDLERS['initialize'] = lambda r: introduce(r, methods=['tokenize', 'random'])",
         "error", "error -32601", decisive=RANDOM, asked=(FIRST, WORDS, RANDOM, GOODBYE)),
    wild("idler", "offers nothing",
         "HANDLERS['initialize'] = lambda r: introduce(r, methods=[])",
         "not offered", asked=(INTRODUCTION, WORDS, GOODBYE),
         exit_code=ExitCode.NOTHING_VERIFIED),
    wild("bureaucrat", "offers everything, and fails at each",
         f"""
OFFER = dict({EVERYTHING})
HANDLERS = {{
    method: lambda r: refuse(r, -32603, "come back tomorrow") for method in OFFER["methods"]
}} | {{"initialize": lambda r: introduce(r, **OFFER), "shutdown": shutdown}}
         """.strip(),
         "error", "error -32603: come back tomorrow",
         asked=(INTRODUCTION, FIRST, WORDS, "autograd/add", LINEAR, RANDOM, GOODBYE),
         others=dict.fromkeys((FIRST, "autograd/add", LINEAR, RANDOM), "error")),
    wild("turncoat", "offers less after a restart: what it offered first is asked",
         """
import os.path
def introduced(r):
    again = os.path.exists("died")
    introduce(r, methods=[] if again else ["tokenize"])
def deed(r):
    open("died", "w").close()
    os._exit(3)
def moody(r):
    if r["params"]["text"] == WORDS:
        deed(r)
    refuse(r, -32601, "I never said so") if os.path.exists("died") else tokenize(r)
HANDLERS |= {"initialize": introduced, "tokenize": moody}
         """.strip(),
         "error", "error -32601: I never said so", decisive=LATER,
         asked=(FIRST, WORDS, UNENDED, LATER, GOODBYE),
         others={WORDS: "crash", UNENDED: "error"}),
    wild("converter", "has another precision after a restart: what it said first is judged",
         """
import os.path
def introduced(r):
    introduce(r, precision="float32" if os.path.exists("died") else "float64")
def deadly(r):
    open("died", "w").close()
    os._exit(3)
def rounded(r):
    a = linear(r["params"])
    reply(r, a | {"output": [y * (1 + 1e-9) for y in a["output"]]})
HANDLERS |= {"initialize": introduced, "tokenize": deadly, "linear": rounded}
         """.strip(),
         "mismatch", "/output/", decisive=LINEAR, asked=(WORDS, LINEAR), others={WORDS: "crash"}),
    wild("half-hearted", "offers less when it is asked again, and is asked what it offered first",
         """
times = []
def introduced(r):
    times.append(r)
    introduce(r, methods=["tokenize"] if len(times) == 1 else [])
HANDLERS["initialize"] = introduced
         """.strip(),
         "pass", asked=(INTRODUCTION, WORDS), exit_code=ExitCode.PASS),
    odd("alias", "has another name and language than in its manifest",
        "HANDLERS['initialize'] = lambda r: introduce(r, name='another', language='Klingon')",
        asked=(INTRODUCTION, *ASKED)),
    at_words("report-writer", "writes a report of its own over the suite's",
             """
             try:
                 words = open(f"/proc/{os.getppid()}/cmdline").read().split("\\0")
                 place = words[words.index("--json") + 1]
                 open(place, "w").write('{"verdict": "PASS: 163 of 163 cases passed."}')
             except (OSError, ValueError):
                 pass
             reply(r, tokens_of("jay\\n"))
             """,
             "mismatch", "/characters"),
)  # fmt: skip
