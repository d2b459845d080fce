"""What a new port is called: by its folder, in letters that no language must quote."""

from __future__ import annotations

import re

SPARE = "my-port"
"""For a folder in whose name nothing can be used."""


def display_name(folder: str) -> str:
    """A name to read: the folder's letters, digits and spaces, and `.`, `_`, `-`.

    Neither TOML nor any language of the kits needs an escape for these inside double quotes.
    """
    kept = "".join(char if char.isalnum() or char in " ._-" else " " for char in folder)
    return " ".join(kept.split()) or SPARE


def package_name(folder: str) -> str:
    """A name for packages: lower-case ASCII letters, digits and hyphens, a letter first."""
    slug = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    if not slug:
        return SPARE
    return slug if slug[0].isalpha() else f"port-{slug}"
