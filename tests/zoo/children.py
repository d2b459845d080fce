"""Those with children: all of a family is gone when a run is over."""

from conformance.judging.outcome import ExitCode

from .animal import Animal, at_words, odd, odd_at_words, program, wild

DAEMON = """
def daemon(keeps_output, hides):
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    note(os.getpid())
    for descriptor in (0, 1, 2):
        if not (keeps_output and descriptor == 1):
            os.close(descriptor)
    if hides:
        os.chdir("/")
        os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(30)"], {})
    time.sleep(30)
    os._exit(0)
"""
"""Double fork, a session of its own; it ends by itself after half a minute."""


def bred(name: str, does: str, deed: str) -> Animal:
    """Right in all it says, while a daemon that it started lives on."""
    change = f"{DAEMON}\ndef odd(r):\n    {deed}\n    tokenize(r)\nHANDLERS['tokenize'] = odd"
    return odd(name, does, change, asked=("tokenizer/words", "protocol/shutdown"),
               needs_containment=True)  # fmt: skip


ANIMALS = (
    odd_at_words("zombies", "starts children and never asks how they ended",
                 """
                 for _ in range(20):
                     if not os.fork():
                         os._exit(0)
                 tokenize(r)
                 """),
    odd_at_words("parent", "leaves a child behind when it exits as it should",
                 """
                 sleeping_child(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                 tokenize(r)
                 """),
    odd_at_words("heir", "leaves a child behind that holds its output open",
                 """
                 sleeping_child()
                 tokenize(r)
                 """),
    at_words("orphans", "dies, and leaves a child behind that holds its output open",
             """
             sleeping_child()
             os._exit(3)
             """,
             "crash", "the port exited with code 3", message=1.5),
    at_words("quiet-orphans", "dies, and leaves a child behind that is silent",
             """
             sleeping_child(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
             os._exit(3)
             """,
             "crash", "exited with code 3 instead of answering"),
    at_words("immortal", "ignores every signal that can be ignored, and so does its child",
             """
             for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
                 signal.signal(number, signal.SIG_IGN)
             sleeping_child()
             time.sleep(60)
             """,
             "timeout", "0 bytes came", message=1.5),
    odd_at_words("delegator", "has each answer given by a new child",
                 """
                 if os.fork():
                     os.wait()
                 else:
                     tokenize(r)
                     os._exit(0)
                 """),
    odd_at_words("threads", "answers from the last of fifty threads",
                 """
                 from threading import Thread
                 threads = [Thread(target=time.sleep, args=(0.01,)) for _ in range(50)]
                 threads.append(Thread(target=tokenize, args=(r,)))
                 for thread in threads:
                     thread.start()
                 for thread in threads:
                     thread.join()
                 """),
    program("wrapped", "is started by a shell script that waits for it", "", "pass",
            exit_code=ExitCode.PASS,
            files={"port.sh": "#!/bin/sh\n# Before and after.\npython3 port.py\n",
                   **wild("", "", "", "").files},
            run=("./port.sh",)),
    bred("daemon", "starts a daemon in a session of its own", "daemon(False, False)"),
    bred("listening-daemon", "starts a daemon that holds its output", "daemon(True, False)"),
    bred("hidden-daemon", "starts a daemon with no environment, elsewhere", "daemon(False, True)"),
)  # fmt: skip
