"""Those that mix up what belongs to which question."""

from typing import Any

from .animal import ASKED, LATER, Animal, at_words

VIOLATION = "protocol violation"


def with_id(name: str, does: str, wrong: str, says: str, **more: Any) -> Animal:
    """Answers rightly under the id that an expression gives."""
    deed = f'reply({{"id": {wrong}}}, tokens_of(r["params"]["text"]))'
    return at_words(name, does, deed, VIOLATION, says, **more)


ANIMALS = (
    with_id("stranger", "answers a question that nobody asked", "99", "has id 99, but"),
    with_id("repeater", "uses the last question's id again", "r['id'] - 1", "the answer has id"),
    with_id("prophet", "uses the next question's id", "r['id'] + 1", "the answer has id"),
    with_id("stringer", "makes a string of the id", "str(r['id'])", "the answer has id '"),
    with_id("nameless", "answers without an id", "None", "the answer has id None"),
    with_id("yes", "has true for an id", "True", "the answer has id True"),
    with_id("astronomical", "has an id of 4001 digits", "10 ** 4000", ""),
    with_id("nested", "has a list for an id", "[r['id']]", "the answer has id ["),
    at_words("echo", "answers the same twice", 'put((answer_to(r) + "\\n") * 2)', VIOLATION,
             "it printed a line before the question", decisive=LATER),
    at_words("late-echo", "answers the same again, some time after",
             """
             tokenize(r)
             time.sleep(0.2)
             tokenize(r)
             """,
             VIOLATION, decisive=LATER),
    at_words("clairvoyant", "answers the next question before it is asked",
             """
             put(answer_to(r) + "\\n" + answer_to(r | {"id": r["id"] + 1}) + "\\n")
             """,
             VIOLATION, "it printed a line before the question", decisive=LATER),
    at_words("mirror", "sends the question back", "put(json.dumps(r) + '\\n')", VIOLATION,
             "sends no notifications"),
    at_words("asker", "asks a question of its own",
             """put('{"jsonrpc": "2.0", "id": 1, "method": "help", "params": {}}\\n')""",
             VIOLATION, "sends no notifications"),
    at_words("town-crier", "tells news before its right answer",
             """
             put('{"jsonrpc": "2.0", "method": "progress", "params": {"done": 0.5}}\\n')
             tokenize(r)
             """,
             VIOLATION, "sends no notifications"),
    at_words("impostor", "gives the answer of another method",
             'reply(r, {"output": [0.5], "grads": {"x": [0.5], "w": [[0.5]]}})', VIOLATION,
             "missing required field"),
    at_words("yesterday", "gives the right answer to another question",
             'reply(r, tokens_of("jay\\nowl\\n"))', "mismatch", "/characters", asked=ASKED),
)  # fmt: skip
