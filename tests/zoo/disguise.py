"""Those that would be taken for something else: what they print is shown, and does nothing."""

from typing import Any

from conformance.judging.outcome import ExitCode

from .animal import INTRODUCTION, NO_REPORT, WORDS, Animal, at_words, odd, odd_at_words, program

FOOTER = "PASS: 163 of 163 cases passed."
COMMANDS = (
    "::error file=a.py,line=1::hello", "::set-output name=passed::true", "::stop-commands::x",
    "::add-mask::PASS", "   ::warning::hello", "##[add-mask]PASS", "so it is ##[error]hello",
)  # fmt: skip
ESCAPES = "\x1b[2J\x1b[1;1H\x1b]0;owned\x07\x1b[32mPASS\x1b[0m \x9b31m \r\x08 \u202eSSAP"


def called(name: str, does: str, title: str, **more: Any) -> Animal:
    """An honest port with a name that is not."""
    manifest = {"name": title, **more.pop("manifest", {})}
    return odd(name, does, f"NAME = {title!r}\n{CALLED}", manifest=manifest, **more)


CALLED = "HANDLERS['initialize'] = lambda r: introduce(r, name=NAME, language=NAME)"


def logging(name: str, does: str, log: str) -> Animal:
    """Logs something, and dies, so that its log is shown."""
    deed = f"sys.stderr.buffer.write({log.encode()!r})\nsys.stderr.flush()\nos._exit(3)"
    return at_words(name, does, deed, "crash", "exited with code 3")


def erring(name: str, does: str, message: str, says: str) -> Animal:
    """Answers with an error that says something."""
    return at_words(name, does, f"refuse(r, -32603, {message!r})", "error", says)


ANIMALS = (
    called("named-escape", "has terminal escapes in its name", f"micro{ESCAPES}gpt"),
    called("named-lines", "has a verdict on a line of its own in its name", f"my port\n{FOOTER}\n"),
    called("named-verdict", "has a verdict for a name", FOOTER),
    called("named-command", "has a workflow command for a name", COMMANDS[0]),
    called("named-old-command", "has an old workflow command in its name", COMMANDS[-1]),
    called("named-script", "has HTML and a script for a name",
           "<img src=x onerror=alert(1)><script>alert('x')</script>"),
    called("named-to-be-folded", "has a name that a terminal of 80 columns would fold at a verdict",
           f"{'m' * 78} {FOOTER[:15]}"),
    called("named-markup", "has markup for a terminal in its name", "[bold red]x[/] [/nothing]"),
    called("named-at-length", "has a name of 100,000 letters", "x" * 100_000),
    called("speaking-in-tongues", "has escapes for a language", "tongues",
           manifest={"language": f"Py{ESCAPES}thon\n{FOOTER}"}),
    logging("logged-escape", "has terminal escapes in its log", f"oh {ESCAPES} no\n"),
    logging("logged-commands", "has workflow commands in its log", "\n".join(COMMANDS) + "\n"),
    logging("logged-footer", "ends its log with a verdict", f"\n\n{FOOTER} Seed 1.\n"),
    logging("logged-lines", "ends the lines of its log in all ways",
            "a\r::error::b\x0b::error::c\u2028::error::d\x85::error::e\x1e::error::f\n"),
    erring("erring-escape", "has terminal escapes in its error", ESCAPES, r"\x1b[2J"),
    erring("erring-commands", "has workflow commands in its error", "\n" + "\n".join(COMMANDS),
           r"\n::error"),
    erring("erring-script", "has a script in its error", "<script>alert(1)</script>", "<script>"),
    erring("erring-at-length", "has an error of 10 MB", "x" * 10_000_000, "xxx…"),
    at_words("erring-surrogate", "has half of a pair in its error",
             "refuse(r, -32603, 'no \\ud800')", "protocol violation", "not JSON"),
    at_words("answering-escape", "has terminal escapes in its answer",
             f"a = tokens_of(WORDS)\na['characters'][0] = {ESCAPES!r}\nreply(r, a)",
             "mismatch", r"\x1b"),
    at_words("answering-command", "prints a workflow command in place of an answer",
             f"put({COMMANDS[0]!r} + '\\n')", "protocol violation", "'::error"),
    odd("offering-escape", "offers methods that are no words",
        f"HANDLERS['initialize'] = lambda r: introduce(r, methods=['tokenize', {ESCAPES!r}, '',"
        f" {COMMANDS[0]!r}, {FOOTER!r}], profiles=['microgpt', '<script>'])",
        asked=(INTRODUCTION, WORDS)),
    program("built-with-commands", "has workflow commands in the output of its build", "",
            NO_REPORT, "the build ended with 1",
            files={"log": "\n".join((*COMMANDS, ESCAPES, FOOTER)),
                   "build.sh": "#!/bin/sh\ncat log\nexit 1\n"},
            run=("true",), manifest={"build": ["./build.sh"]}, asked=(WORDS,),
            exit_code=ExitCode.UNUSABLE_PORT),
    program("built-by-a-command", "has a workflow command for a build", "", NO_REPORT,
            "the build command cannot be run", files={}, run=("true",),
            manifest={"build": [f"{ESCAPES}\n{COMMANDS[0]}"]}, asked=(WORDS,),
            exit_code=ExitCode.UNUSABLE_PORT),
    program("run-by-a-command", "has a workflow command for a run command", "", NO_REPORT,
            "cannot be started", files={}, run=(f"{ESCAPES}\n{COMMANDS[0]}",), asked=(WORDS,),
            exit_code=ExitCode.UNUSABLE_PORT),
    program("keyed-command", "has a workflow command for a key of its manifest", "", NO_REPORT,
            "unknown key", files={}, manifest={f"{ESCAPES}\n{COMMANDS[0]}": 1}, asked=(WORDS,),
            exit_code=ExitCode.USAGE),
    odd_at_words("forger", "has a verdict in its log while all is well",
                 f"print('FAIL: 0 of 163 cases passed.', {COMMANDS[0]!r}, sep='\\n', "
                 "file=sys.stderr)\ntokenize(r)"),
)  # fmt: skip
