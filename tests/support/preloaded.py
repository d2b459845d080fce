"""What the server of commands imports before it forks: see `tests.support.command`."""

import conformance.commands.cli
import conformance.runs.debugging
import conformance.runs.merging
import conformance.runs.replaying
import conformance.runs.running
import golden.cli
import reference.cli
import reference.tape.machine

__all__ = ["conformance", "golden", "reference"]
