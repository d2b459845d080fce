"""Getting names.txt, the corpus that the published program downloads."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from .corpus import NAMES_SHA256

NAMES_URL = "https://raw.githubusercontent.com/karpathy/makemore/988aa59/names.txt"
NAMES_PATH = Path(".data/names.txt")
NAMES_VARIABLE = "MICROGPT_NAMES"


class DownloadFailed(Exception):
    """names.txt could not be had, or is not the file it should be."""


def names_path() -> Path | None:
    """Where names.txt is on this machine, if it is: `MICROGPT_NAMES`, or where we download to."""
    named = os.environ.get(NAMES_VARIABLE)
    if named:
        return Path(named)
    return NAMES_PATH if NAMES_PATH.exists() else None


def download_names(url: str = NAMES_URL, path: Path = NAMES_PATH) -> Path:
    """Download names.txt to `path`, unless the right file is there already.

    Raises:
        DownloadFailed: no network, no such file, or another checksum than the published
            program's corpus has. Nothing is left behind then.
    """
    import urllib.error
    import urllib.request  # slow to import, and every run asks where the corpus is

    if path.exists() and _sha256(path.read_bytes()) == NAMES_SHA256:
        return path
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            content = response.read()
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise DownloadFailed(
            f"{url} cannot be downloaded: {error}. Get names.txt by other means and set "
            f"{NAMES_VARIABLE} to its path."
        ) from None
    if _sha256(content) != NAMES_SHA256:
        raise DownloadFailed(
            f"{url} gave another file: SHA-256 {_sha256(content)}, expected {NAMES_SHA256}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as temporary:
        temporary.write(content)
    Path(temporary.name).replace(path)
    return path


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
