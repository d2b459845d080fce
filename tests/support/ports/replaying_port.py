"""A port that computes nothing: it gives the answers that another one gave before.

python -m tests.support.ports.replaying_port FILE [--record]
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from conformance.mistakes import apply
from conformance.mistakes.patched_port import answer, introduction, send
from conformance.mistakes.patched_tape import on_tape


def main() -> None:
    path, recording = Path(sys.argv[1]), "--record" in sys.argv
    answers: dict[str, Any] = {} if recording else json.loads(path.read_text())
    if recording:
        apply(on_tape())
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line)
        send({"id": request["id"]} | known(request, answers, recording=recording))
        if request["method"] == "shutdown":
            break
    if recording:
        path.write_text(json.dumps(answers))


def known(request: dict[str, Any], answers: dict[str, Any], *, recording: bool) -> dict[str, Any]:
    """The recorded answer to this very question."""
    method = request["method"]
    if method in ("initialize", "shutdown"):
        return answer(request) if method == "shutdown" else {"result": introduction()}
    question = msgspec.json.encode([method, request["params"]], order="sorted")
    key = hashlib.sha256(question).hexdigest()
    if recording:
        answers[key] = msgspec.to_builtins(answer(request))
    if key not in answers:
        return {"error": {"code": -32000, "message": "never asked before"}}
    found: dict[str, Any] = answers[key]
    return found


if __name__ == "__main__":
    main()
