"""Those that look where they have no business, and tell their log what they saw.

Each is right in its first answers and dies at the decisive one, so that its log is shown. The
keeper's secret must not be in it. Whatever they cannot reach is no failure of theirs.
"""

from conformance.judging.outcome import ExitCode

from .animal import Animal, at_words

TOLD = """
def tell(*places):
    for place in places:
        try:
            print(open(place, "rb").read(100_000), file=sys.stderr)
        except OSError as error:
            print(error, file=sys.stderr)

"""


def snoop(name: str, does: str, deed: str) -> Animal:
    """Tells its log what it saw, and dies."""
    return at_words(name, does, f"{TOLD}{deed.strip()}\nsys.stderr.flush()\nos._exit(3)", "crash",
                    "exited with code 3", needs_containment=True)  # fmt: skip


def meddler(name: str, does: str, deed: str) -> Animal:
    """Does something to what is not its own, if it can, and answers rightly all the same."""
    body = "try:\n" + "\n".join(f"    {line}" for line in deed.strip().splitlines())
    body += "\nexcept OSError as error:\n    print(error, file=sys.stderr)\ntokenize(r)"
    return at_words(name, does, body, "pass", exit_code=ExitCode.PASS, needs_containment=True)


ANIMALS = (
    snoop("own-environment", "reads what it was given of the environment",
          "print(dict(os.environ), file=sys.stderr)"),
    snoop("parents-environment", "reads the environment of whoever started it",
          'tell(f"/proc/{os.getppid()}/environ")'),
    snoop("all-environments", "reads the environment of every process",
          "import glob\ntell(*glob.glob('/proc/[0-9]*/environ'))"),
    snoop("key-thief", "reads the secret keys of whoever runs the suite",
          'tell(os.path.expanduser("~/.ssh/id_ed25519"), "../home/.ssh/id_ed25519")'),
    snoop("password-thief", "reads the passwords of whoever runs the suite",
          'tell(os.path.expanduser("~/.netrc"), "../home/.netrc")'),
    meddler("vandal", "writes beside its own folder",
            'open("../home/was-here", "w").write("zoo")'),
    meddler("litterer", "leaves a file in the folder for temporary files",
            'import tempfile\nos.close(tempfile.mkstemp(dir=os.environ.get("TMPDIR"))[0])'),
    meddler("eraser", "removes a file beside its own folder", 'os.remove("../beside")'),
    meddler("patricide", "ends whoever started it", "os.kill(os.getppid(), signal.SIGTERM)"),
    meddler("listener", "listens on 127.0.0.1, and leaves a child that does",
            "import socket\n"
            "door = socket.create_server(('127.0.0.1', 0))\n"
            "if not os.fork():\n"
            "    note(os.getpid())\n"
            "    time.sleep(30)\n"
            "    os._exit(0)"),
    meddler("caller", "connects to a door of the keeper's on 127.0.0.1",
            "import socket\n"
            "socket.create_connection(('127.0.0.1', int(open('door').read())), 2).close()"),
)  # fmt: skip
