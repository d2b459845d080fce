"""Those that die: by every signal that ends a process, and by themselves."""

from pathlib import Path

from conformance.judging.outcome import ExitCode

from .animal import (
    FIRST,
    GOODBYE,
    INTRODUCTION,
    LATER,
    NO_REPORT,
    WORDS,
    Animal,
    at_words,
    program,
    wild,
)  # fmt: skip

SIGNALS = (
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "XCPU", "VTALRM", "SYS",
)  # fmt: skip


def struck(signal: str) -> Animal:
    """Ended by a signal that it sends to itself."""
    fatal = "" if signal == "KILL" else f"signal.signal(signal.SIG{signal}, signal.SIG_DFL)\n"
    return at_words(
        f"sig{signal.lower()}",
        f"is ended by SIG{signal}",
        f"{fatal}os.kill(os.getpid(), signal.SIG{signal})\ntime.sleep(60)",
        "crash",
        f"the port was ended by SIG{signal}",
    )


def source(name: str) -> str:
    """A program in another language, which stands beside this module."""
    return Path(__file__).with_name(name).read_text()


ANIMALS = (
    *map(struck, SIGNALS),
    at_words("early-exit", "exits with 0 in place of an answer", "sys.exit(0)",
             "crash", "exited with code 0 instead of answering"),
    at_words("failed-exit", "exits with 7 in place of an answer", "sys.exit(7)",
             "crash", "exited with code 7 instead of answering"),
    at_words("last-exit", "exits with 255 in place of an answer", "os._exit(255)",
             "crash", "exited with code 255 instead of answering"),
    at_words("half-line", "dies in the middle of its answer", "put(answer_to(r)[:20]); os.abort()",
             "crash", "ended by SIGABRT after 20 bytes of an unfinished line"),
    at_words("unended-line", "exits after an answer that lacks its newline",
             "put(answer_to(r)); os._exit(0)",
             "crash", "bytes of an unfinished line"),
    at_words("changeling", "becomes another program", "os.execvp('true', ['true'])",
             "crash", "exited with code 0 instead of answering"),
    at_words("closed-mouth", "closes its output and runs on", "os.close(1); time.sleep(60)",
             "crash", "closed its output but still runs"),
    at_words("closed-ear", "closes its input, answers, and waits for ever",
             "os.close(0); tokenize(r); time.sleep(60)",
             "timeout", "0 bytes came", decisive=LATER, message=1.0),
    wild("stillborn", "exits at once", "sys.exit(0)", "crash", "exited with code 0",
         decisive=INTRODUCTION, asked=(INTRODUCTION, WORDS, GOODBYE),
         others={WORDS: "not run", GOODBYE: "not run"}),
    wild("mortal", "dies at every question of a kind, and is asked it five times",
         "HANDLERS['tokenize'] = lambda r: sys.exit(3)", "not run",
         "tokenize ended the port 5 times",
         decisive="tokenizer/padding",
         asked=("layers/linear-square", "tokenizer/blank-lines", "tokenizer/padding",
                FIRST, WORDS, LATER, "tokenizer/no-final-newline", GOODBYE),
         others=dict.fromkeys(("tokenizer/blank-lines", FIRST, WORDS, LATER,
                               "tokenizer/no-final-newline"), "crash")),
    wild("mute-goodbye", "exits at its goodbye without a word",
         "HANDLERS['shutdown'] = lambda r: sys.exit(0)",
         "crash", "exited with code 0 instead of answering", decisive=GOODBYE),
    wild("rude-goodbye", "exits with 4 after its goodbye",
         "def leave(r):\n    reply(r, {})\n    sys.exit(4)\nHANDLERS['shutdown'] = leave",
         "crash", "exited with 4 after shutdown", decisive=GOODBYE),
    wild("lingerer", "says goodbye and stays",
         "def stay(r):\n    reply(r, {})\n    time.sleep(60)\nHANDLERS['shutdown'] = stay",
         "timeout", "still runs 5 s after shutdown", decisive=GOODBYE),
    wild("refuser", "refuses to say goodbye",
         "HANDLERS['shutdown'] = lambda r: refuse(r, -32603, 'not now')",
         "error", "error -32603: not now", decisive=GOODBYE),
    wild("ghost", "answers once more after its goodbye",
         "def haunt(r):\n    reply(r, {})\n    reply(r, {})\n    sys.exit(0)\n"
         "HANDLERS['shutdown'] = haunt",
         "protocol violation", "after shutdown", decisive=GOODBYE),
    program("null-pointer", "is a C program that writes to NULL", "", "crash", "ended by SIGSEGV",
            files={"port.c": source("null_pointer.c")}, run=("./port",),
            manifest={"build": ["cc", "-O0", "-o", "port", "port.c"], "language": "C"},
            decisive=INTRODUCTION, asked=(INTRODUCTION, WORDS), others={WORDS: "not run"}),
    program("broken-promise", "is a Node program with a rejection that nobody handles", "",
            "crash", "exited with code 1", files={"port.js": source("broken_promise.js")},
            run=("node", "port.js"), manifest={"language": "JavaScript"},
            asked=(INTRODUCTION, WORDS)),
    program("missing", "is not there", "", NO_REPORT, "./gone does not exist", files={},
            run=("./gone",), asked=(WORDS,), exit_code=ExitCode.UNUSABLE_PORT),
    program("not-a-program", "is a text file that may be run", "", NO_REPORT, "cannot be started",
            files={"port": "\\x00 not a program"}, run=("./port",), asked=(WORDS,),
            exit_code=ExitCode.UNUSABLE_PORT),
    program("unbuildable", "does not build", "", NO_REPORT, "the build ended with 9",
            files={"build.sh": "#!/bin/sh\necho no such compiler\nexit 9\n"}, run=("true",),
            manifest={"build": ["./build.sh"]}, asked=(WORDS,),
            exit_code=ExitCode.UNUSABLE_PORT),
    program("endless-build", "is never done building", "", NO_REPORT, "the build took longer than",
            files={"build.sh": "#!/bin/sh\nsleep 60\n"}, run=("true",),
            manifest={"build": ["./build.sh"], "timeouts": {"build": 1.0}}, asked=(WORDS,),
            exit_code=ExitCode.UNUSABLE_PORT),
)  # fmt: skip
