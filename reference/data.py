"""Finds or downloads names.txt, the corpus of the published program."""

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
    """names.txt could not be downloaded, or is not the published file."""


def names_path() -> Path | None:
    """The path of names.txt: `MICROGPT_NAMES`, or the downloaded file; None without either."""
    named = os.environ.get(NAMES_VARIABLE)
    if named:
        return Path(named)
    return NAMES_PATH if NAMES_PATH.exists() else None


def download_names(url: str = NAMES_URL, path: Path = NAMES_PATH) -> Path:
    """Download names.txt to `path`, unless the right file is already there.

    Raises:
        DownloadFailed: there is no network or no such file, or its checksum is not that of the
            published corpus. Then nothing is written.
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
