"""`python -m conformance.surveys.benchmark [PORT]`: the speed of a port or the reference, as JSON.

The scoreboard measures each port in such a process, which a port cannot leave.
"""

import signal
import sys

import msgspec

from ports_adapter.failures import BadManifest, NotBuilt, NotStarted, PortFailure
from ports_adapter.manifest import find_port

from .measurement import Speed, measure_port, measure_references


def measured(name: str | None) -> Speed:
    """The speed of a port, or of the reference if there is no name."""
    if name is None:
        return next(measure_references())
    try:
        return measure_port(find_port(name))
    except (BadManifest, NotBuilt, NotStarted, PortFailure) as error:
        return Speed(name, why=str(error))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.stdout.buffer.write(msgspec.json.encode(measured(sys.argv[1] if sys.argv[1:] else None)))
