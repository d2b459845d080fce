"""How much a program may take, and what it is told that took more."""

from __future__ import annotations

from msgspec import Struct, structs


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What a program and all that it starts may take, from one start to its end.

    `memory_mib` is what they hold at once, `processes` and `threads` how many run at once,
    `processor_s` their processor time in seconds, `written_mib` what they write to disks,
    `file_mib` the largest file, and `open_files` how many each of them may have open.
    """

    memory_mib: int = 4096
    processes: int = 256
    threads: int = 4096
    processor_s: int = 3600
    written_mib: int = 2048
    file_mib: int = 1024
    open_files: int = 1024

    def words(self) -> list[str]:
        """The limits as the guardian takes them on its command line."""
        return [f"{name}={limit}" for name, limit in structs.asdict(self).items()]


class BuildLimits(Limits, frozen=True, forbid_unknown_fields=True):
    """The same of a build, which may start a compiler for each core."""

    memory_mib: int = 12288
    processes: int = 1024
    threads: int = 16384
    processor_s: int = 100_000
    written_mib: int = 16384
    file_mib: int = 16384
    open_files: int = 8192


class Excess(Struct, frozen=True):
    """A limit that a program went beyond: which, what it used, and what was allowed."""

    name: str
    used: int
    limit: int

    def sentence(self, table: str) -> str:
        """What was too much and how to allow it, by the manifest's table of limits."""
        took = _TOOK[self.name].format(f"{self.used:,}")
        return f"{took}, the limit is {self.limit:,} ({table}.{self.name} in port.toml)"


_TOOK = {
    "memory_mib": "its processes held {} MiB",
    "processes": "it had {} processes",
    "threads": "it had {} threads",
    "processor_s": "its processes took {} s of processor time",
    "written_mib": "it wrote {} MiB",
}
