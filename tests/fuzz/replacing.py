"""A process that does nothing but replace a file, by one of two contents in turn, until ended.

python -m tests.fuzz.replacing FILE FIRST SECOND
"""

import sys
from itertools import cycle
from pathlib import Path

from golden.store import replace_file


def main() -> None:
    file, *others = map(Path, sys.argv[1:])
    for content in cycle([other.read_bytes() for other in others]):
        replace_file(file, content)


if __name__ == "__main__":
    main()
