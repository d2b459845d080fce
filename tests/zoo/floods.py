"""Those that say too much."""

from .animal import ASKED, GOODBYE, LATER, at_words, odd_at_words, wild

ANIMALS = (
    at_words("chatterbox", "prints lines without end in place of an answer",
             """
             while True:
                 put("step 1 of 1000, loss 3.3660\\n" * 1000)
             """,
             "protocol violation", "not a JSON-RPC message: 'step 1 of 1000"),
    at_words("afterthoughts", "answers rightly, and prints lines without end after it",
             """
             put(answer_to(r) + "\\n" + "and another thing\\n" * 10)
             while True:
                 put("and another thing\\n" * 1000)
             """,
             "protocol violation", "it printed a line before the question", decisive=LATER),
    at_words("endless-line", "prints a line that never ends",
             """
             while True:
                 put("x" * (1 << 20))
             """,
             "protocol violation", "a line of more than 64 MiB has no newline"),
    at_words("herald", "sends notifications without end that nobody asked for",
             """
             while True:
                 put('{"jsonrpc": "2.0", "method": "step", "params": {"id": %d}}\\n' % r["id"])
             """,
             "protocol violation", "tokenize sends no notifications"),
    at_words("diarist", "logs without end and does not answer",
             """
             while True:
                 sys.stderr.write("dear diary, " * 1000)
             """,
             "timeout", "0 bytes came", message=1.0),
    wild("long-goodbye", "says goodbye, then prints without end and does not exit",
         """
         def goodbye(r):
             reply(r, {})
             while True:
                 put("and give my love to your mother\\n" * 1000)
         HANDLERS["shutdown"] = goodbye
         """,
         "protocol violation", "after shutdown", decisive=GOODBYE),
    wild("last-word", "says goodbye, then prints a line that never ends",
         """
         def goodbye(r):
             reply(r, {})
             while True:
                 put("o" * (1 << 20))
         HANDLERS["shutdown"] = goodbye
         """,
         "protocol violation", "a line of more than 64 MiB", decisive=GOODBYE),
    at_words("hoarder", "answers with a million tokens where 18 are right",
             """
             result = tokens_of(r["params"]["text"])
             reply(r, result | {"tokens": [list(range(1_000_000))]})
             """,
             "mismatch", "/tokens/0/0: expected 9, got 0"),
    odd_at_words("chronicler",
                 "logs 20 MB, and answers rightly: a flood of logging neither blocks nor fails",
                 """
                 sys.stderr.write("epoch 1, all is well\\n" * 1_000_000)
                 tokenize(r)
                 """),
    odd_at_words("mumbler", "logs a line of 20 MB without a newline, and answers rightly",
                 """
                 sys.stderr.write("mumble " * 3_000_000)
                 tokenize(r)
                 """,
                 asked=ASKED),
)  # fmt: skip
