"""Whether ports are contained here: only then are those let out that could do harm."""

import shutil

from ports_adapter.manifest import Port


def is_contained() -> bool:
    """Whether the suite limits ports, and this machine can hide things from them."""
    return "limits" in Port.__struct_fields__ and shutil.which("bwrap") is not None
