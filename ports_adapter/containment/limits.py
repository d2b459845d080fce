"""Limits on what a program uses, and the messages for programs that exceed them."""

from msgspec import Struct, structs


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits for one run of a program, including all processes that it starts.

    `memory_mib`, `processes` and `threads` are what they have at the same time, `processor_s` is
    their total processor time in seconds, `written_mib` is what they write to disks, `file_mib`
    is the size of each file, and `open_files` how many files each process has open.
    """

    memory_mib: int = 4096
    processes: int = 256
    threads: int = 4096
    processor_s: int = 3600
    written_mib: int = 2048
    file_mib: int = 1024
    open_files: int = 1024

    def words(self) -> list[str]:
        """The limits as arguments of the guardian, NAME=LIMIT."""
        return [f"{name}={limit}" for name, limit in structs.asdict(self).items()]


class BuildLimits(Limits, frozen=True, forbid_unknown_fields=True):
    """Limits for a build, which may start a compiler for each core."""

    memory_mib: int = 12288
    processes: int = 1024
    threads: int = 16384
    processor_s: int = 100_000
    written_mib: int = 16384
    file_mib: int = 16384
    open_files: int = 8192


class Excess(Struct, frozen=True):
    """A limit that a program exceeded, and what it used."""

    name: str
    used: int
    limit: int

    def sentence(self, table: str) -> str:
        """What exceeded the limit, and the key in the manifest that raises it."""
        used = _USED[self.name].format(f"{self.used:,}")
        return f"{used}, the limit is {self.limit:,} ({table}.{self.name} in port.toml)"


_USED = {
    "memory_mib": "its processes held {} MiB",
    "processes": "it had {} processes",
    "threads": "it had {} threads",
    "processor_s": "its processes took {} s of processor time",
    "written_mib": "it wrote {} MiB",
}
