"""Makes the name of a new port from its folder, without characters that need quoting."""

import re

SPARE = "my-port"
"""The name for a folder whose name has no usable characters."""


def display_name(folder: str) -> str:
    """A name for people: the folder's letters, digits, spaces, and `.`, `_`, `-`.

    None of these needs an escape inside double quotes, in TOML or in any language of the kits.
    """
    kept = "".join(char if char.isalnum() or char in " ._-" else " " for char in folder)
    return " ".join(kept.split()) or SPARE


def package_name(folder: str) -> str:
    """A name for packages: lower-case ASCII letters, digits and hyphens, a letter first."""
    slug = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    if not slug:
        return SPARE
    return slug if slug[0].isalpha() else f"port-{slug}"
