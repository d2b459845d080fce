"""Those that eat what the machine has. Each stops by itself as well, sooner or later."""

from .animal import Animal, at_words, odd_at_words

SURVIVED = "reply(r, tokens_of('nobody stopped me\\n'))"
"""A wrong answer, so that whoever is stopped by nothing but itself is seen."""


def eater(name: str, does: str, deed: str, says: str, **limits: int) -> Animal:
    """Takes more than its manifest allows; it must be ended, and the next question be answered."""
    return at_words(
        name, does, deed, "crash", says, manifest={"limits": limits}, message=30.0, within=90.0,
        needs_containment=True,
    )  # fmt: skip


ANIMALS = (
    odd_at_words("collector", "opens as many files as it may, and is right",
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
                 """),
    eater("fork-bomb", "forks without end, as its children do (2000 at most, for 10 s)",
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
          "processes", processes=60),
    eater("memory-eater", "takes memory and uses it (6 GiB at most)",
          f"""
          eaten = []
          for _ in range(6 * 16):
              eaten.append(bytearray(os.urandom(1 << 20)) * 64)
          {SURVIVED}
          """,
          "MiB", memory_mib=400),
    eater("disk-filler", "writes a file without end (3 GiB at most)",
          f"""
          block = os.urandom(1 << 20) * 16
          with open("big", "wb") as file:
              for _ in range(3 * 64):
                  file.write(block)
          {SURVIVED}
          """,
          "", written_mib=200, file_mib=100),
    eater("scatterer", "writes files without end, each small (3 GiB at most)",
          f"""
          block = os.urandom(1 << 20) * 16
          for number in range(3 * 64):
              with open(f"small-{{number}}", "wb") as file:
                  file.write(block)
              time.sleep(0.02)
          {SURVIVED}
          """,
          "it wrote", written_mib=200),
    eater("burner", "burns the time of all processors, in eight children (for 10 s)",
          """
          end = time.monotonic() + 10
          for _ in range(8):
              if not os.fork():
                  break
          while time.monotonic() < end:
              pass
          os._exit(0)
          """,
          "processor time", processor_s=3),
    eater("thread-bomb", "starts threads without end (2000 at most)",
          """
          from threading import Thread
          for _ in range(2000):
              Thread(target=time.sleep, args=(10,), daemon=True).start()
          time.sleep(10)
          """,
          "threads", threads=100),
)  # fmt: skip
