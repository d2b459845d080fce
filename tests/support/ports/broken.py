"""Sources of small broken ports. Each introduces itself, then does its one wrong thing."""

from pathlib import Path
from textwrap import dedent, indent

HONEST = dedent(
    """
    import json, os, signal, subprocess, sys, time

    def put(text):
        sys.stdout.write(text)
        sys.stdout.flush()

    def reply(request, result):
        put(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}) + "\\n")

    def refuse(request, code, message):
        error = {"code": code, "message": message}
        put(json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}) + "\\n")

    def introduce(request, **changes):
        reply(request, {
            "protocol_version": 1, "name": "test", "language": "Python", "precision": "float64",
            "methods": ["tokenize", "linear"], "profiles": ["microgpt"],
        } | changes)

    def tokens_of(text):
        lines = text.replace("\\r\\n", "\\n").replace("\\r", "\\n").split("\\n")
        docs = [line.strip() for line in lines if line.strip()]
        chars = sorted(set("".join(docs)))
        bos = len(chars)
        tokens = [[bos, *(chars.index(c) for c in doc), bos] for doc in docs]
        return {"characters": chars, "vocab_size": bos + 1, "tokens": tokens}

    def linear(p):
        x, w, g = p["x"], p["w"], p["output_grad"]
        return {
            "output": [sum(a * b for a, b in zip(row, x)) for row in w],
            "grads": {
                "x": [sum(row[i] * go for row, go in zip(w, g)) for i in range(len(x))],
                "w": [[xi * go for xi in x] for go in g],
            },
        }

    def tokenize(request):
        reply(request, tokens_of(request["params"]["text"]))

    def linear_method(request):
        reply(request, linear(request["params"]))

    def shutdown(request):
        reply(request, {})
        sys.exit(0)

    HANDLERS = {
        "initialize": introduce, "tokenize": tokenize, "linear": linear_method,
        "shutdown": shutdown,
    }

    def serve():
        for line in sys.stdin:
            request = json.loads(line)
            handler = HANDLERS.get(request["method"])
            if handler is None:
                refuse(request, -32601, "unknown")
            else:
                handler(request)
    """
)


def port(change: str) -> str:
    """The honest port with some of its handlers replaced."""
    return HONEST + dedent(change) + "\nserve()\n"


def offering(changes: str) -> str:
    """The honest port that introduces itself with these changes."""
    return port(f"HANDLERS['initialize'] = lambda r: introduce(r, {changes})")


ENDLESS = port(
    """
    def endless(r):
        step = {"id": r["id"], "loss": 3.0, "learning_rate": 0.01}
        for number in iter(int, 1):
            params = step | {"step": number}
            put(json.dumps({"jsonrpc": "2.0", "method": "step", "params": params}) + "\\n")
    HANDLERS["train"] = endless
    HANDLERS["initialize"] = lambda r: introduce(r, methods=["train"], other_sizes=True)
    """
)
"""Answers a `train` with steps without end."""

SLOW = """
def slow(r):
    open("pid", "w").write(str(os.getpid()))
    time.sleep(60)
HANDLERS["linear"] = slow
"""
"""Takes its time over a `linear`, and leaves its process id in a file by then."""

MANIFEST = 'name = "p"\nlanguage = "Python"\nrun = ["{python}", "port.py"]\n'


def folder_of(folder: Path, change: str = "", manifest: str = MANIFEST) -> Path:
    """The folder, in which there is now the honest port with a change, and its manifest."""
    folder.mkdir(exist_ok=True)
    (folder / "port.py").write_text(port(change))
    (folder / "port.toml").write_text(manifest)
    return folder


def wrong_linear(change: str = 'a["output"][2] += 1') -> str:
    """A change of the port after which its answers `a` to `linear` are wrong in this way."""
    return f"""
def wrong(r):
    a = linear(r["params"])
{indent(change, "    ")}
    reply(r, a)
HANDLERS["linear"] = wrong
"""
