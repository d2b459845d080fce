"""Those that eat what the machine has. Each stops by itself as well, sooner or later."""

from __future__ import annotations

from typing import Any

from .animal import Animal, at_words, odd_at_words

SURVIVED = "reply(r, tokens_of('nobody stopped me\\n'))"
"""A wrong answer, so that whoever is stopped by nothing but itself is seen."""


def eater(name: str, does: str, deed: str, **more: Any) -> Animal:
    """Takes more than any port needs; it must be ended, and the next question be answered."""
    return at_words(name, does, deed, more.pop("outcome", "crash"), needs_containment=True,
                    within=90.0, **more)  # fmt: skip


ANIMALS = (
    odd_at_words(
        "collector",
        "opens as many files as it may, and is right",
        """
        files = []
        try:
            while len(files) < 100_000:
                files.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        for file in files:
            os.close(file)
        tokenize(r)
        """,
    ),
    eater(
        "fork-bomb",
        "forks without end, as its children do (2000 at most, for 10 s)",
        """
        end = time.monotonic() + 10
        start = time.monotonic()
        born = open("born", "ab", buffering=0)
        while time.monotonic() < end and os.fstat(born.fileno()).st_size < 2000:
            try:
                born.write(b".")
                os.fork()
            except OSError:
                pass
        time.sleep(max(0, end - time.monotonic()))
        os._exit(0)
        """,
        outcome="timeout",
        message=3.0,
    ),
    eater(
        "memory-eater",
        "takes memory and uses it (6 GiB at most)",
        f"""
        eaten = []
        for _ in range(6 * 16):
            eaten.append(bytearray(os.urandom(1 << 20)) * 64)
        {SURVIVED}
        """,
        message=30.0,
    ),
    eater(
        "disk-filler",
        "writes a file without end (3 GiB at most)",
        f"""
        block = os.urandom(1 << 20) * 16
        with open("big", "wb") as file:
            for _ in range(3 * 64):
                file.write(block)
        {SURVIVED}
        """,
        message=30.0,
    ),
    eater(
        "burner",
        "burns the time of all processors, in eight children (for 10 s)",
        """
        end = time.monotonic() + 10
        for _ in range(8):
            if not os.fork():
                break
        while time.monotonic() < end:
            pass
        os._exit(0)
        """,
        outcome="timeout",
        message=2.0,
    ),
    eater(
        "thread-bomb",
        "starts threads without end (2000 at most)",
        """
        from threading import Thread
        for _ in range(2000):
            Thread(target=time.sleep, args=(10,), daemon=True).start()
        time.sleep(10)
        """,
        outcome="timeout",
        message=4.0,
    ),
)
