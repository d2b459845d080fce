"""Level `tokenizer`: documents, characters and tokens of a corpus, from the text of its file."""

import random

from conformance.oracle import reference_answer
from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import exactly
from golden.budgets import Precision
from ports_adapter.messages import TokenizeParams, TokenizeResult
from reference.corpus import EMBEDDED
from reference.profiles import MICROGPT

from ..case import Case

TEXTS = {
    "words": ("gives characters, vocabulary size and tokens", "wren\nrook\nteal\n"),
    "sorted-characters": ("sorts the characters by code point", "zeBra\nAbc\nmix09\n"),
    "no-final-newline": ("keeps a last line without a newline", "jay\nowl"),
    "crlf": ("strips the CR of CRLF", "jay\r\nowl\r\nkite\r\n"),
    "blank-lines": ("drops blank lines", "\n\njay\n\n   \nowl\n\t\n\n"),
    "padding": ("strips spaces and tabs around a document", "  jay\nowl  \n\tkite\t \n"),
    "inner-space": ("keeps a space inside a document", "snow owl\nsea eagle\n"),
    "one-letter": ("tokenises documents of one letter", "a\nb\na\n"),
    "one-document": ("takes a corpus of one document", "heron\n"),
    "duplicates": ("keeps documents that occur twice", "jay\njay\nowl\njay\n"),
    "sixteen-letters": ("takes documents of over 15 letters", f"abcdefghijklmnop\n{'q' * 40}\n"),
    "korean": ("counts Korean syllables as characters, not bytes", "까치\n두루미\n참새\n"),
    "combining-marks": ("keeps combining marks apart", "e\u0301tourneau\nétourneau\n"),
    "emoji": (
        "sorts characters outside the basic plane after all others",
        "🦉owl\n\uff5ejay\n🐦\n",
    ),
    "line-separator": ("does not end a line at U+2028 or form feed", "jay\u2028owl\nsea\x0ckite\n"),
    "byte-order-mark": ("keeps U+FEFF, which is no white space", "\ufeffjay\nowl\n"),
    "ideographic-space": ("strips Unicode white space", "\u3000jay\u3000\n\u00a0owl\u2003\n"),
}  # fmt: skip


ALPHABET = "abcdefgxyzABCZ '-.0189\u00e9\u0301\u00df\u4e2d\ub9c8\U0001f989"
LINE_ENDS = ("\n", "\r\n", "\n\n", " \n", "\r\n \t\r\n")


def cases(seed: int, profile: str = MICROGPT.name) -> list[Case]:
    """A case for each text, for the embedded corpus, and for a fresh text."""
    texts = {
        "fresh": ("tokenises a text drawn anew", fresh_text(seed)),
        **TEXTS,
        "embedded-corpus": ("tokenises the whole embedded corpus", EMBEDDED.read_text()),
    }
    return [_case(name, about, text, profile) for name, (about, text) in texts.items()]


def fresh_text(seed: int) -> str:
    """Lines of letters from several alphabets, with padding and several kinds of line ends."""
    generator = random.Random(f"{seed}/tokenizer")
    return "".join(
        "".join(generator.choices(ALPHABET, k=generator.randint(1, 20)))
        + generator.choice(LINE_ENDS)
        for _ in range(30)
    )


def _case(name: str, about: str, text: str, profile: str) -> Case:
    params = TokenizeParams(text=text, profile=profile)

    def answer(_precision: Precision) -> Answer:
        right = reference_answer.answer("tokenize", params)
        return exactly(**{name: getattr(right, name) for name in TokenizeResult.__struct_fields__})

    return Case.fixed(f"tokenizer/{name}", about, "tokenize", params, answer)
