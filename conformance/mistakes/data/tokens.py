"""Mistakes in the tokenizer: characters, their order, the special token."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from typing import Any

from conformance.anatomy.levels import Level
from reference.tokenizer import Tokenizer

from ..mistake import Patch, mistake


def _vocabulary(characters_of: Callable[[str], Iterable[str]]) -> Patch:
    """Other characters, or in another order, of the whole corpus."""

    def of(cls: Any, documents: Iterable[str], special_tokens: str = "bos") -> Any:
        return cls(tuple(characters_of("".join(documents))), special_tokens)

    return {"Tokenizer.of": classmethod(of)}


@mistake(
    "The special token is 0",
    what="BOS comes before the letters, each of which is one further on.",
    why="Special tokens often come first, as in an early revision of the program.",
    mend="Number the sorted characters from 0; BOS comes after the last.",
    level=Level.TOKENIZER,
    languages=("any",),
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
    "Documents end with a token of its own",
    what="BOS begins a document, and another special token ends it: the vocabulary is larger by "
    "one.",
    why="An early revision of the program has two special tokens, and so do many others.",
    mend="Put BOS at both ends.",
    level=Level.TOKENIZER,
    languages=("any",),
)
def end_token_of_its_own() -> Patch:
    right = Tokenizer.encode
    return {
        "Tokenizer.vocab_size": property(lambda self: len(self.characters) + 2),
        "Tokenizer.encode": lambda self, document: [*right(self, document)[:-1], self.bos + 1],
        "Tokenizer.decode": lambda self, tokens: "".join(
            self.characters[token] for token in tokens if token < self.bos
        ),
    }


@mistake(
    "Documents have no token at their end",
    what="The last token is the last letter.",
    why="BOS is taken for what its name says: the beginning.",
    mend="Put BOS at both ends.",
    level=Level.TOKENIZER,
    languages=("any",),
)
def no_token_at_the_end() -> Patch:
    right = Tokenizer.encode
    return {"Tokenizer.encode": lambda self, document: right(self, document)[:-1]}


@mistake(
    "Documents have no token at their beginning",
    what="The first token is the first letter, which is never predicted.",
    why="The token is taken for an end.",
    mend="Put BOS at both ends.",
    level=Level.TOKENIZER,
    languages=("any",),
)
def no_token_at_the_beginning() -> Patch:
    right = Tokenizer.encode
    return {"Tokenizer.encode": lambda self, document: right(self, document)[1:]}


@mistake(
    "The special token is not counted",
    what="The vocabulary is too small by one, and BOS lies behind every table.",
    why="The number of characters was taken for the number of tokens.",
    mend="The vocabulary has one token more than there are characters.",
    level=Level.TOKENIZER,
    languages=("any",),
)
def bos_not_counted() -> Patch:
    return {"Tokenizer.vocab_size": property(lambda self: len(self.characters))}


@mistake(
    "Characters are numbered in the order in which they come",
    what="The first letter of the corpus is token 0.",
    why="A map was filled while reading, and never sorted.",
    mend="Sort the characters by code point before numbering them.",
    level=Level.TOKENIZER,
    languages=("JavaScript", "Python", "PHP", "any"),
)
def characters_not_sorted() -> Patch:
    return _vocabulary(dict.fromkeys)


@mistake(
    "Characters are sorted as in a dictionary",
    what="Capital and small letters stand next to each other, and letters before other signs.",
    why="The language sorts strings by the rules of a locale.",
    mend="Sort by code point.",
    level=Level.TOKENIZER,
    languages=("JavaScript localeCompare", "C#", "R", "SQL", "PowerShell"),
)
def characters_sorted_by_locale() -> Patch:
    return _vocabulary(lambda text: sorted(set(text), key=lambda c: (c.casefold(), c.isupper(), c)))


@mistake(
    "Characters are sorted by UTF-16 units",
    what="Characters beyond the basic plane come before those from U+E000 on.",
    why="The language compares strings unit by unit.",
    mend="Sort by code point.",
    level=Level.TOKENIZER,
    languages=("JavaScript", "TypeScript", "Java", "C#", "Dart"),
)
def characters_sorted_by_units() -> Patch:
    return _vocabulary(lambda text: sorted(set(text), key=lambda c: c.encode("utf-16-be")))


@mistake(
    "The alphabet has 26 letters, whatever the corpus holds",
    what="Characters are a to z; others are left out.",
    why="The corpus is names.txt.",
    mend="Collect the characters of the corpus.",
    level=Level.TOKENIZER,
    languages=("C", "Rust", "assembly", "any"),
)
def alphabet_of_26_letters() -> Patch:
    def encode(self: Tokenizer, document: str) -> list[int]:
        known = [self.characters.index(c) for c in document if c in self.characters]
        return [self.bos, *known, self.bos]

    return {**_vocabulary(lambda _text: string.ascii_lowercase), "Tokenizer.encode": encode}


@mistake(
    "Tokens are character codes",
    what="A letter's token is its code less that of `a`, not its place among the characters.",
    why="For names.txt, which has all letters from a to z and no other, it is the same.",
    mend="Number the sorted characters of the corpus, and look each up.",
    level=Level.TOKENIZER,
    languages=("C", "Rust", "Zig", "assembly"),
    twins={
        "alphabet-of-26-letters": "Tokenise a corpus that lacks letters (case tokenizer/words): "
        "the vocabulary has 27 tokens if the alphabet is fixed.",
    },
)
def tokens_from_character_codes() -> Patch:
    def encode(self: Tokenizer, document: str) -> list[int]:
        return [self.bos, *(max(0, ord(char) - ord("a")) for char in document), self.bos]

    return {"Tokenizer.encode": encode}
