"""Mistakes in reading a corpus into documents."""

import unicodedata
from collections.abc import Callable, Iterable

import reference.corpus
from conformance.anatomy.levels import Level

from ..mistake import Patch, mistake_at
from ..patch_of_function import given_to

mistake = mistake_at(Level.TOKENIZER)


def _documents(of: Callable[[str], Iterable[str]]) -> Patch:
    return {"documents_of": lambda text: tuple(of(text))}


def _lines(text: str) -> list[str]:
    """Lines that end with LF, CRLF or CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _each(change: Callable[[str], str]) -> Patch:
    """The right documents, each one changed."""
    original = reference.corpus.documents_of
    return _documents(lambda text: [change(document) for document in original(text)])


@mistake(
    "Documents are not stripped",
    what="Spaces and tabs around a document count as its characters.",
    why="names.txt has none.",
    mend="Strip white space from both ends of every line.",
    twins={
        "ascii-white-space-only": "Put plain spaces around a document (case tokenizer/padding): "
        "they disappear if ASCII white space is stripped.",
    },
)
def padding_kept() -> Patch:
    return _documents(lambda text: [line for line in _lines(text) if line.strip()])


@mistake(
    "Carriage returns are kept",
    what="In files with CRLF line ends, every document ends with an extra character.",
    why="Lines are split at LF only and not stripped afterwards.",
    mend="Strip white space, including the carriage return, from both ends of every line.",
    languages=("C", "C++", "Go", "Rust", "JavaScript"),
)
def carriage_return_kept() -> Patch:
    return _documents(lambda text: [line.strip(" \t") for line in text.split("\n") if line.strip()])


@mistake(
    "Blank lines count as documents",
    what="Every blank line, and the empty rest after the last newline, is a document without "
    "letters.",
    why="Splitting produces empty strings, which were not dropped.",
    mend="Drop lines that are empty after stripping.",
)
def blank_lines_kept() -> Patch:
    return _documents(lambda text: [line.strip() for line in _lines(text)])


@mistake(
    "A last line without a newline is lost",
    what="The last document is missing if the file does not end with a newline, as names.txt does "
    "not.",
    why="A line is stored when its newline is read.",
    mend="At the end of the file, store the remaining text as a line too.",
    languages=("C", "Zig", "shell", "COBOL"),
)
def last_line_lost() -> Patch:
    return _documents(lambda text: [line.strip() for line in _lines(text)[:-1] if line.strip()])


@mistake(
    "Only ASCII white space is stripped",
    what="No-break and ideographic spaces around a document are kept.",
    why="The language's trim removes only ASCII white space such as space, tab, CR and LF.",
    mend="Strip all Unicode white space.",
    languages=("C", "C++", "Lua", "PHP", "Zig", "Java trim"),
)
def ascii_white_space_only() -> Patch:
    blank = " \t\r\n\v\f"
    return _documents(lambda text: [d.strip(blank) for d in _lines(text) if d.strip(blank)])


@mistake(
    "Lines also end at Unicode line separators",
    what="U+2028, form feeds and other separators end a document.",
    why="The function that splits lines accepts more line ends than text files have.",
    mend="Split at LF, CRLF and CR only.",
    languages=("Python splitlines", "Swift", "Ruby", "Raku"),
)
def lines_split_at_separators() -> Patch:
    return _documents(lambda text: [d.strip() for d in text.splitlines() if d.strip()])


@mistake(
    "A byte order mark is dropped",
    what="U+FEFF is stripped from the ends of a document, although it is not white space.",
    why="The language's trim function strips it, or the file reader treats it as a signature.",
    mend="Keep U+FEFF like any other character.",
    languages=("JavaScript", "TypeScript", "C#"),
)
def byte_order_mark_dropped() -> Patch:
    return _documents(
        lambda text: [d for line in _lines(text) if (d := line.strip().strip("\ufeff").strip())]
    )


@mistake(
    "Documents are split at spaces",
    what="Every word is a document of its own.",
    why="The reader returns words, not lines.",
    mend="Read whole lines.",
    languages=("C scanf", "C++ streams", "Java Scanner", "Go Fscan", "awk"),
)
def documents_split_at_spaces() -> Patch:
    return _documents(str.split)


@mistake(
    "Repeated documents are kept only once",
    what="A document that occurs on several lines is kept once.",
    why="Documents are collected in a set or as the keys of a map.",
    mend="Keep documents in a list, in file order.",
)
def duplicates_dropped() -> Patch:
    original = reference.corpus.documents_of
    return _documents(lambda text: dict.fromkeys(original(text)))


@mistake(
    "Long documents are cut by a buffer",
    what="Characters after the fifteenth are lost.",
    why="The buffer has 16 characters: enough for the longest name in names.txt and a terminator.",
    mend="Read lines of any length; the model itself cuts documents at block_size.",
    languages=("C", "Zig", "Fortran", "Pascal", "assembly"),
)
def documents_cut_by_a_buffer() -> Patch:
    return _each(lambda document: document[:15])


@mistake(
    "Documents are converted to lower case",
    what="Capital letters become small letters.",
    why="names.txt has only small letters.",
    mend="Do not change characters.",
)
def documents_in_lower_case() -> Patch:
    return _each(str.lower)


@mistake(
    "Characters are composed",
    what="A letter and its combining mark become one character.",
    why="The language's characters are grapheme clusters, or its strings are normalized.",
    mend="Use code points as characters: `unicodeScalars`, `codePoints`.",
    languages=("Swift", "Raku", "Elixir"),
)
def characters_composed() -> Patch:
    return _each(lambda document: unicodedata.normalize("NFC", document))


@mistake(
    "Bytes are used as characters",
    what="A non-ASCII character counts as two to four characters.",
    why="The language's strings are bytes.",
    mend="Decode UTF-8 and use code points as characters.",
    languages=("C", "C++", "Go", "Rust", "Lua", "PHP", "Zig", "Ruby"),
)
def bytes_for_characters() -> Patch:
    return _each(lambda document: document.encode().decode("latin-1"))


@mistake(
    "UTF-16 code units are used as characters",
    what="A character above U+FFFF, such as an emoji, counts as two.",
    why="The language's strings consist of 16-bit units.",
    mend="Use code points as characters: `[...text]`, `codePoints()`, `Rune`.",
    languages=("JavaScript", "TypeScript", "Java", "Kotlin", "C#", "Dart"),
)
@given_to(_each)
def utf16_units_for_characters(document: str) -> str:
    """Surrogates become characters of private use, since JSON cannot contain them alone."""
    pairs = document.encode("utf-16-be")
    found = [int.from_bytes(pairs[i : i + 2], "big") for i in range(0, len(pairs), 2)]
    return "".join(chr(u + 0xE000 - 0xD800 if 0xD800 <= u < 0xE000 else u) for u in found)


@mistake(
    "Documents are in reverse order",
    what="The last line is the first document.",
    why="Each line was added to the front of the list.",
    mend="Reverse the list when it is complete.",
    languages=("Haskell", "OCaml", "Lisp", "Scheme", "Prolog", "Erlang"),
)
def documents_in_reverse_order() -> Patch:
    original = reference.corpus.documents_of
    return _documents(lambda text: original(text)[::-1])
