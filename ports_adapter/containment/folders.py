"""Measures and removes a program's temporary folder, whatever the program has put there.

Like the guardian, it imports little of the standard library and nothing else, to start fast.
"""

import os

MOST_ENTRIES = 100_000
"""The most entries that are counted for the size of a folder."""


def size_of(folder: str) -> int:
    """The approximate size of a folder on disk, in bytes."""
    total, seen, left = 0, 0, [folder]
    while left and seen < MOST_ENTRIES:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total


def remove(folder: str) -> None:
    """Remove a folder with its content, as far as possible.

    Nested folders are moved to the top level first, since deep paths may be too long.
    """
    moved, left = 0, [folder]
    while left:
        inner = left.pop()
        for name in _opened(inner):
            path = f"{inner}/{name}"
            try:
                if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
                    if inner != folder:
                        moved += 1
                        path = _moved(path, f"{folder}/.moved-{moved}")
                    left.append(path)
                else:
                    os.unlink(path)  # noqa: PTH108
            except OSError:
                continue
        if inner != folder:
            _remove_empty(inner)
    _remove_empty(folder)


def _opened(folder: str) -> list[str]:
    """The names in a folder, after making it accessible."""
    try:
        os.chmod(folder, 0o700)  # noqa: PTH101
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _moved(folder: str, place: str) -> str:
    os.chmod(folder, 0o700)  # noqa: PTH101
    os.rename(folder, place)  # noqa: PTH104
    return place


def _remove_empty(folder: str) -> None:
    try:
        os.rmdir(folder)  # noqa: PTH106
    except OSError:
        return
