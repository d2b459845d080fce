"""Those whose JSON is strange: some of it is wrong, and some of it is only strange."""

from typing import Any

from .animal import Animal, at_words, odd_at_words

NO_MESSAGE = "not a JSON-RPC message"
VIOLATION = "protocol violation"


def replacing(name: str, does: str, old: str, new: str, says: str, **more: Any) -> Animal:
    """Puts something else in place of a part of its answer, as Python literals."""
    deed = f'put(answer_to(r).replace({old}, {new}) + "\\n")'
    return at_words(name, does, deed, more.pop("outcome", VIOLATION), says, **more)


def of_bytes(name: str, does: str, content: str, says: str, **more: Any) -> Animal:
    """Prints bytes made of its `answer`."""
    deed = f"answer = answer_to(r).encode()\nput_bytes({content})"
    return at_words(name, does, deed, VIOLATION, says, **more)


def strange(name: str, does: str, content: str) -> Animal:
    """Prints a text made of its `answer` that means the same."""
    return odd_at_words(name, does, f"answer = answer_to(r)\nput({content})")


WRONG = (
    at_words("abyss", "answers with a hundred thousand lists in each other",
             """
             deep = "[" * 100_000 + "]" * 100_000
             put('{"jsonrpc": "2.0", "id": %d, "result": %s}\\n' % (r["id"], deep))
             """,
             VIOLATION),
    at_words("hidden-abyss",
             "hides a hundred thousand objects in each other in a field that nobody knows",
             """
             deep = '{"a":' * 100_000 + "1" + "}" * 100_000
             put(answer_to(r)[:-1] + ', "remark": ' + deep + "}\\n")
             """,
             VIOLATION),
    replacing("infinite", "says 1e999", "'10,'", "'1e999,'", "/result/vocab_size"),
    replacing("astronomer", "says 10 ** 5000", "'10,'", "'1' + '0' * 5000 + ','", "/result"),
    replacing("fraction", "says 10.5 tokens", "'10,'", "'10.5,'", "/result/vocab_size"),
    replacing("boolean", "says true for 10", "'10,'", "'true,'", "got `bool` at /result"),
    replacing("quoter", "puts a number in quotes", "'10,'", "'\"10\",'", "got `str` at /result"),
    replacing("nothing", "says null for 10", "'10,'", "'null,'", "/result/vocab_size"),
    replacing("scalar", "answers with the number 3", "answer_to(r)[33:]", "' 3}'", ""),
    replacing("second-thoughts",
              "gives a key twice, and last the wrong value: the last one counts", "'10,'",
              "'10, \"vocab_size\": 11,'", "/vocab_size: expected 10, got 11", outcome="mismatch"),
    of_bytes("byte-order-mark", "begins with U+FEFF", r"b'\xef\xbb\xbf' + answer + b'\n'", "ufeff"),
    of_bytes("leading-nul", "begins with a NUL", r"b'\0' + answer + b'\n'", r"'\x00{"),
    of_bytes("trailing-nul", "ends with a NUL, as C does", r"answer + b'\0\n'", "not JSON"),
    of_bytes("latin-1", "is not UTF-8", r"answer.replace(b'\"a\"', b'\"\xe9\"') + b'\n'", ""),
    of_bytes("utf-16", "writes UTF-16", r"(answer.decode() + '\n').encode('utf-16')", NO_MESSAGE),
    of_bytes("lone-surrogate", "writes half of a pair",
             r"answer.replace(b'\"a\"', b'\"\\ud800\"') + b'\n'", ""),
    of_bytes("siamese", "puts two messages on one line", r"answer + answer + b'\n'", "not JSON"),
    of_bytes("batch", "answers in a list of one", r"b'[' + answer + b']\n'", NO_MESSAGE),
    of_bytes("split", "breaks its answer over lines", r"answer.replace(b',', b',\n') + b'\n'",
             "write an answer as one line"),
    at_words("bilingual", "sends a result and an error at once",
             """
             error = ', "error": {"code": -32603, "message": "or is it"}}'
             put(answer_to(r)[:-1] + error + "\\n")
             """,
             "error", "error -32603: or is it"),
    at_words("crooked-error", "answers with an error that is a string",
             """put('{"jsonrpc": "2.0", "id": %d, "error": "no"}\\n' % r["id"])""", VIOLATION,
             "/error"),
)  # fmt: skip

STRANGE = (
    strange("carriage-return", "ends its lines as Windows does", r"answer + '\r\n'"),
    strange("spacious", "has white space around everything",
            r"' \t' + answer.replace(':', ' :\t').replace(',', ' ,  ') + '  \n'"),
    strange("backwards", "gives its keys in another order",
            r"json.dumps(dict(reversed(json.loads(answer).items()))) + '\n'"),
    strange("null-error", "sends an error of null beside its result",
            r"""answer[:-1] + ', "error": null}\n'"""),
    strange("verbose", "adds fields that nobody knows",
            r"""answer[:-1] + ', "remark": {"took": [1, null, "s"]}}\n'"""),
    strange("float-id", "repeats an id as 3.0, which is the same JSON number",
            r"""answer.replace('"id": %d' % r["id"], '"id": %d.0' % r["id"]) + '\n'"""),
    strange("floating", "says 10.0 for 10, which is the same JSON number",
            r"answer.replace('10,', '10.0,') + '\n'"),
    strange("escaper", "escapes every character of its strings",
            r"answer.replace('\"a\"', '\"\\u0061\"') + '\n'"),
    strange("corrected", "gives a key twice, and last the right value: the last one counts",
            r"""answer.replace('"vocab_size"', '"vocab_size": 3, "vocab_size"') + '\n'"""),
)  # fmt: skip

ANIMALS = (*WRONG, *STRANGE)
