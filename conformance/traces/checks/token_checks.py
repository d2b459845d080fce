"""Judges tokens by the document that they encode."""

from collections.abc import Sequence


def wrong_tokens(document: str, tokens: Sequence[int], vocab: Sequence[str]) -> str:
    """What is wrong with the tokens of a document, in words; empty if they are right.

    Args:
        document: the text.
        tokens: its tokens; those that a block has no room for may be left out.
        vocab: the characters, in the order of their tokens; the special token comes after them.
    """
    place = {character: index for index, character in enumerate(vocab)}
    if list(vocab) != sorted(place):
        return "the characters of vocab are not in the order of their code points"
    if unknown := [character for character in document if character not in place]:
        return f"the character {unknown[0]!r} is not in vocab"
    special = len(vocab)
    right = [special, *(place[character] for character in document), special]
    is_cut = 1 < len(tokens) < len(right) and right[: len(tokens)] == list(tokens)
    if list(tokens) == right or is_cut:
        return ""
    return f"expected the tokens {right}, got {list(tokens)}"
