"""Mistakes in the tokenizer: characters, their order, the special token."""

import string
from collections.abc import Callable, Iterable
from typing import Any

from conformance.anatomy.levels import Level
from reference.tokenizer import Tokenizer

from ..mistake import Patch, mistake_at
from ..patch_of_function import in_place_of

mistake = mistake_at(Level.TOKENIZER)


def _vocabulary(characters_of: Callable[[str], Iterable[str]]) -> Patch:
    """A tokenizer with other characters, or another order of them."""

    def of(cls: Any, documents: Iterable[str], special_tokens: str = "bos") -> Any:
        return cls(tuple(characters_of("".join(documents))), special_tokens)

    return {"Tokenizer.of": classmethod(of)}


@mistake(
    "BOS is token 0",
    what="BOS is 0, and every letter's token is 1 too large.",
    why="Special tokens often come first, as in an early revision of the program.",
    mend="Number the sorted characters from 0, then give BOS the next number.",
)
def bos_is_0() -> Patch:
    def encode(self: Tokenizer, document: str) -> list[int]:
        return [0, *(self.characters.index(char) + 1 for char in document), 0]

    def decode(self: Tokenizer, tokens: Iterable[int]) -> str:
        return "".join(self.characters[token - 1] for token in tokens if token)

    return {
        "Tokenizer.bos": property(lambda _self: 0),
        "Tokenizer.encode": encode,
        "Tokenizer.decode": decode,
    }


@mistake(
    "Documents end with a separate end token",
    what="BOS starts a document and another special token ends it, so the vocabulary is 1 too "
    "large.",
    why="An early revision of the program and many other models have two special tokens.",
    mend="Put BOS at both ends.",
)
def end_token_of_its_own() -> Patch:
    original = Tokenizer.encode
    return {
        "Tokenizer.vocab_size": property(lambda self: len(self.characters) + 2),
        "Tokenizer.encode": lambda self, document: [*original(self, document)[:-1], self.bos + 1],
        "Tokenizer.decode": lambda self, tokens: "".join(
            self.characters[token] for token in tokens if token < self.bos
        ),
    }


@mistake(
    "Documents have no BOS at the end",
    what="The last token is the last letter.",
    why='BOS stands for "beginning of sequence", so it was added only there.',
    mend="Put BOS at both ends.",
)
def no_token_at_the_end() -> Patch:
    original = Tokenizer.encode
    return {"Tokenizer.encode": lambda self, document: original(self, document)[:-1]}


@mistake(
    "Documents have no BOS at the beginning",
    what="The first token is the first letter, which is never predicted.",
    why="The special token was used only as an end.",
    mend="Put BOS at both ends.",
)
def no_token_at_the_beginning() -> Patch:
    original = Tokenizer.encode
    return {"Tokenizer.encode": lambda self, document: original(self, document)[1:]}


@mistake(
    "BOS is not counted in the vocabulary",
    what="vocab_size is 1 too small, and BOS lies outside every table.",
    why="The number of characters was used as the number of tokens.",
    mend="Use vocab_size = number of characters + 1.",
)
def bos_not_counted() -> Patch:
    return {"Tokenizer.vocab_size": property(lambda self: len(self.characters))}


@mistake(
    "Characters are numbered by first occurrence",
    what="The first letter of the corpus is token 0.",
    why="A map was filled while reading and never sorted.",
    mend="Sort the characters by code point before numbering them.",
    languages=("JavaScript", "Python", "PHP", "any"),
)
def characters_not_sorted() -> Patch:
    return _vocabulary(dict.fromkeys)


@mistake(
    "Characters are sorted as in a dictionary",
    what="Capital and small letters are next to each other instead of in the order of code points.",
    why="The language sorts strings by the rules of a locale.",
    mend="Sort by code point.",
    languages=("JavaScript localeCompare", "C#", "R", "SQL", "PowerShell"),
)
def characters_sorted_by_locale() -> Patch:
    return _vocabulary(lambda text: sorted(set(text), key=lambda c: (c.casefold(), c.isupper(), c)))


@mistake(
    "Characters are sorted by UTF-16 code units",
    what="Characters above U+FFFF come before those from U+E000 on.",
    why="The language compares strings unit by unit.",
    mend="Sort by code point.",
    languages=("JavaScript", "TypeScript", "Java", "C#", "Dart"),
)
def characters_sorted_by_units() -> Patch:
    return _vocabulary(lambda text: sorted(set(text), key=lambda c: c.encode("utf-16-be")))


@mistake(
    "The alphabet is always a to z",
    what="The characters are a to z, whatever the corpus contains; others are dropped.",
    why="The code was written for names.txt.",
    mend="Collect the characters of the corpus.",
    languages=("C", "Rust", "assembly", "any"),
)
def alphabet_of_26_letters() -> Patch:
    def encode(self: Tokenizer, document: str) -> list[int]:
        known = [self.characters.index(c) for c in document if c in self.characters]
        return [self.bos, *known, self.bos]

    return {**_vocabulary(lambda _text: string.ascii_lowercase), "Tokenizer.encode": encode}


@mistake(
    "Tokens are character codes",
    what="A letter's token is code(letter) - code(`a`) instead of its index among the sorted "
    "characters.",
    why="For names.txt, which has exactly the letters a to z, both are the same.",
    mend="Number the sorted characters of the corpus, and look each one up.",
    languages=("C", "Rust", "Zig", "assembly"),
    twins={
        "alphabet-of-26-letters": "Tokenize a corpus that lacks some letters (case "
        "tokenizer/words): the vocabulary has 27 tokens if the alphabet is fixed.",
    },
)
@in_place_of("Tokenizer.encode")
def tokens_from_character_codes(self: Tokenizer, document: str) -> list[int]:
    return [self.bos, *(max(0, ord(char) - ord("a")) for char in document), self.bos]
